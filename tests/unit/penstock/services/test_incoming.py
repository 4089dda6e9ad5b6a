"""A file on its way in leaves room on the disk, whether or not it said how large it is."""

import os
from types import SimpleNamespace

import pytest

from penstock.problems import NoRoom
from penstock.services import incoming
from penstock.services.incoming import Incoming

PIECE = b"x" * 1000


@pytest.fixture
def disk(monkeypatch):
    """A disk whose free bytes a test sets."""
    free = SimpleNamespace(f_bavail=10**12, f_frsize=1)
    monkeypatch.setattr(incoming, "LOOK_EVERY_BYTES", 5000)
    monkeypatch.setattr(os, "statvfs", lambda _: free)
    return free


def test_a_file_comes_in_while_there_is_room(tmp_path, disk):
    file = Incoming(tmp_path, 10**9)
    for _ in range(20):
        file.write(PIECE)
    file.keep(tmp_path / "kept")
    assert (tmp_path / "kept").stat().st_size == 20_000


def test_a_disk_that_fills_up_meanwhile_stops_it(tmp_path, disk):
    file = Incoming(tmp_path, 10**9)
    file.write(PIECE)
    disk.f_bavail = incoming.SPARE_BYTES
    file.write(PIECE * 4)
    with pytest.raises(NoRoom, match="the server's disk is full; nothing was kept"):
        file.write(PIECE)
    file.drop()
    assert list((tmp_path / incoming.FOLDER).iterdir()) == []


def test_a_full_disk_takes_not_even_a_first_piece(tmp_path, disk):
    disk.f_bavail = incoming.SPARE_BYTES
    file = Incoming(tmp_path, 10**9)
    with pytest.raises(NoRoom):
        file.write(PIECE)
    file.drop()
