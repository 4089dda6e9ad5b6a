"""Files of runs pass through this process's memory, so their size has a bound."""

from pathlib import Path
from types import SimpleNamespace

import pytest

from penstock.problems import TooLarge
from penstock.services import run_files


class Client:
    """One run with one file of a size."""

    def __init__(self, size: int) -> None:
        self.size = size

    def list_artifacts(self, run_id, folder):
        assert folder == "plots"
        return [SimpleNamespace(path="plots/roc.png", file_size=self.size, is_dir=False)]

    def download_artifacts(self, run_id, path, scratch):
        there = Path(scratch) / "roc.png"
        there.write_bytes(b"x" * self.size)
        return str(there)


def test_a_file_that_fits_is_read(monkeypatch):
    monkeypatch.setattr(run_files, "MOST_BYTES", 100)
    assert run_files.content(SimpleNamespace(client=Client(100)), "r", "plots/roc.png") == b"x" * 100


def test_a_file_that_is_too_large_is_not_fetched(monkeypatch):
    monkeypatch.setattr(run_files, "MOST_BYTES", 100)
    client = Client(101)
    client.download_artifacts = None
    with pytest.raises(TooLarge, match="takes 101 bytes, and at most 100 are shown; get it from MLflow"):
        run_files.content(SimpleNamespace(client=client), "r", "plots/roc.png")
