"""A saved model that is not the one that was registered is refused before it is opened."""

import pytest

from projects.errors import BadInput
from projects.saved_model import MODEL_TAG, check_saved_model, digest_of

MLMODEL = "flavors:\n  sklearn:\n    pickled_model: {name}\n"


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "MLmodel").write_text(MLMODEL.format(name="model.pkl"))
    (tmp_path / "model.pkl").write_bytes(b"weights")
    return tmp_path


def test_what_lies_beside_the_model_may_change(folder):
    before = digest_of(folder)
    (folder / "model_card.md").write_text("said")
    assert check_saved_model(folder, {MODEL_TAG: before}, "version 1 of 'town'")


def swap_pickle(folder):
    (folder / "model.pkl").write_bytes(b"others'")


def name_another(folder):
    (folder / "other.pkl").write_bytes(b"weights")
    (folder / "MLmodel").write_text(MLMODEL.format(name="other.pkl"))


def name_none(folder):
    (folder / "MLmodel").write_text("flavors: {}\n")


def remove_pickle(folder):
    (folder / "model.pkl").unlink()


@pytest.mark.parametrize("change", [swap_pickle, name_another, name_none, remove_pickle])
def test_another_saved_model_is_refused(folder, change):
    tags = {MODEL_TAG: digest_of(folder)}
    change(folder)
    with pytest.raises(BadInput, match="of version 1 of 'town' is not the one that was registered"):
        check_saved_model(folder, tags, "version 1 of 'town'")


def test_of_a_version_without_a_digest_it_is_not_known(folder):
    assert not check_saved_model(folder, {}, "version 1 of 'town'")
