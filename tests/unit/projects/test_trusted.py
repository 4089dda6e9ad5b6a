"""A version's pickle is loaded where its plan is whole, or where the operator trusts its model."""

import pytest

from projects import version
from projects.errors import BadInput


@pytest.fixture
def signing_in(monkeypatch):
    """An installation where people sign in, and no model is trusted."""

    def refuse(name, what):
        raise BadInput(f"{what} runs code of its own, and '{name}' is not among trusted_models")

    monkeypatch.setattr(version, "check_own_code", refuse)


@pytest.mark.usefixtures("signing_in")
@pytest.mark.parametrize("digest", ["", "0" * 64])
def test_a_version_whose_tag_names_no_whole_plan_is_not_loaded(tmp_path, digest):
    (tmp_path / "plan").mkdir()
    with pytest.raises(BadInput, match="version 3 of 'town' runs code of its own, and 'town' is not among"):
        version.check_trusted(tmp_path / "plan", digest, "town", "version 3 of 'town'")


def test_a_version_without_a_whole_plan_is_loaded_where_nobody_signs_in(tmp_path):
    version.check_trusted(tmp_path / "plan", "0" * 64, "town", "version 3 of 'town'")


@pytest.mark.usefixtures("signing_in")
def test_a_version_with_a_whole_plan_is_loaded(tmp_path, monkeypatch):
    loaded = []
    monkeypatch.setattr(version, "load_plan", lambda plan, *, sha256: loaded.append((plan, sha256)))
    version.check_trusted(tmp_path, "0" * 64, "town", "version 3 of 'town'")
    assert loaded == [(tmp_path, "0" * 64)]
