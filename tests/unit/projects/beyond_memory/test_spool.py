"""The matrix on disk: what a power cut or a damaged disk took from it is not taken for rows."""

import os

import numpy as np
import pytest

from projects.beyond_memory.spool import CELLS, TRUTH, Spool
from projects.errors import BadInput

ROWS, WIDTH = 60, 3


@pytest.fixture
def spool(tmp_path):
    made = Spool(tmp_path / "matrix", WIDTH, "float64")
    written(made)
    return made


def written(spool):
    begun = spool.begin()
    cells = np.arange(1.0, ROWS * WIDTH + 1).reshape(ROWS, WIDTH)
    for first in range(begun, ROWS, 20):
        spool.append(cells[first : first + 20], cells[first : first + 20, 0], first + 20)
    spool.end()
    return begun


@pytest.mark.parametrize("name", [CELLS, TRUTH])
def test_a_matrix_that_is_shorter_than_noted_is_written_anew(spool, name):
    assert spool.is_whole
    path = spool.folder / name
    os.truncate(path, path.stat().st_size // 2)
    assert not spool.is_whole
    assert written(spool) == 0
    (_, cells), *_ = spool.blocks()
    assert cells[-1].tolist() == [178.0, 179.0, 180.0]
    assert spool.truth()[-1] == 178.0


def test_a_matrix_without_its_files_is_written_anew(spool):
    (spool.folder / CELLS).unlink()
    assert not spool.is_whole
    assert written(spool) == 0


def test_rows_that_are_gone_are_not_read_as_whatever_the_memory_held(spool):
    path = spool.folder / CELLS
    os.truncate(path, path.stat().st_size // 2)
    sentence = r"^the matrix in '.*cells.bin' must have 60 rows, and ends before row 60; see whether"
    with pytest.raises(BadInput, match=sentence):
        list(spool.blocks())


def test_what_was_not_noted_is_cut_off(spool):
    os.truncate(spool.folder / TRUTH, 8 * ROWS)
    with (spool.folder / CELLS).open("ab") as file:
        file.write(b"torn")
    assert spool.begin() == ROWS
    assert (spool.folder / CELLS).stat().st_size == ROWS * spool.row_bytes
