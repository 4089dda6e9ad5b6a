"""What a manifest or a link may not name: a place outside of its folder."""

import pytest

from penstock.backup import manifest as manifests
from penstock.backup.manifest import Item, Manifest
from penstock.backup.rooms import FolderRoom
from penstock.problems import BadRequest

DIGEST = "a" * 64


def read(path, sha256=DIGEST):
    told = Manifest("id", "now", {}, parts={"artifacts": (Item(path, sha256, 1),)})
    return manifests.read(manifests.written(told), "m.json")


@pytest.mark.parametrize("path", ["../../x", "/etc/x", "a//b", "a/", "", ".", "a/../b", "a\0b", 7])
def test_a_manifest_that_names_a_place_outside_is_refused(path):
    with pytest.raises(BadRequest, match=r"which is no name below a folder; it was not written by Penstock"):
        read(path)


@pytest.mark.parametrize("sha256", ["../../x", "A" * 64, "a" * 63, "a" * 64 + "\n", None])
def test_a_manifest_whose_digest_is_none_is_refused(sha256):
    with pytest.raises(BadRequest, match="which is not 64 hexadecimal digits"):
        read("a/b", sha256)


@pytest.mark.parametrize("path", ["a", "a/b..c/.hidden", "1/models/m-1/artifacts/ü x"])
def test_a_manifest_keeps_plain_names(path):
    assert read(path).parts["artifacts"][0].path == path


def test_a_link_does_not_lead_out_of_the_folder(tmp_path):
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside/file").write_text("theirs")
    (tmp_path / "room").mkdir()
    (tmp_path / "room/link").symlink_to(tmp_path / "outside")
    (tmp_path / "new").write_text("mine")
    room = FolderRoom(tmp_path / "room")
    for act in (
        lambda: room.put("link/file", tmp_path / "new", DIGEST),
        lambda: room.fetch("link/file", tmp_path / "copy"),
        lambda: room.remove(["link/file"]),
    ):
        with pytest.raises(BadRequest, match="'link/file' leads out of"):
            act()
    assert (tmp_path / "outside/file").read_text() == "theirs"


def test_a_folder_that_is_a_link_itself_is_a_room(tmp_path):
    (tmp_path / "disk").mkdir()
    (tmp_path / "room").symlink_to(tmp_path / "disk")
    (tmp_path / "new").write_text("mine")
    FolderRoom(tmp_path / "room").put("a/b", tmp_path / "new", DIGEST)
    assert (tmp_path / "disk/a/b").read_text() == "mine"
