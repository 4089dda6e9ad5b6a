"""A fitted object as one file: what is read back, and what is refused with a sentence."""

import json

import pytest

from projects.errors import BadInput
from projects.text.saved import load_object, save_object

KIND = "extractor"


@pytest.fixture
def path(tmp_path):
    save_object({"a": [1, 2]}, tmp_path / "kept", kind=KIND)
    return tmp_path / "kept"


def with_head(path, **changes):
    head, _, content = path.read_bytes().partition(b"\n")
    path.write_bytes(json.dumps({**json.loads(head), **changes}).encode() + b"\n" + content)


def refusal(path, kind=KIND):
    with pytest.raises(BadInput) as caught:
        load_object(path, kind=kind)
    return str(caught.value)


def test_what_was_saved_is_read(path):
    assert load_object(path, kind=KIND) == {"a": [1, 2]}


def test_saving_again_takes_the_old_ones_place(path):
    save_object("new", path, kind=KIND)
    assert load_object(path, kind=KIND) == "new"
    assert [each.name for each in path.parent.iterdir()] == ["kept"]


def test_another_kind_is_refused(path):
    assert "is of another kind: extractor, not text classifier" in refusal(path, "text classifier")


def test_a_file_of_another_format_is_refused(path):
    with_head(path, format=99)
    assert "was saved in format 99, and format 1 is read here" in refusal(path)


def test_one_of_another_scikit_learn_is_refused(path):
    with_head(path, made_with={"Python": "2.7", "scikit-learn": "0.1"})
    assert "was saved with Python 2.7, and this is 3." in refusal(path)


@pytest.mark.parametrize("content", [b"", b"\x80\x04nothing", b"[1]\n", b'{"a": 1}\nx'])
def test_any_other_file_is_refused(tmp_path, content):
    (tmp_path / "other").write_bytes(content)
    assert "is no saved extractor; name a file that save() wrote" in refusal(tmp_path / "other")


def test_a_damaged_file_is_refused(path):
    path.write_bytes(path.read_bytes()[:-5])
    assert "is damaged" in refusal(path)


def test_a_file_that_is_not_there_is_named(tmp_path):
    assert "there is no extractor to read at" in refusal(tmp_path / "nowhere")


def test_a_folder_that_cannot_be_written_is_named(path):
    with pytest.raises(BadInput, match=r"cannot be written to .* name another file"):
        save_object(1, path / "below a file", kind=KIND)


def test_one_changed_bit_is_damage(path):
    path.write_bytes(path.read_bytes().replace(b"K\x01", b"K\x03"))
    assert "is damaged" in refusal(path)
