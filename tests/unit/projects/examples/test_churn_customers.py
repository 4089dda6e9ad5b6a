"""Synthetic customers are seeded, look like real ones, and what their notes tell is known."""

import pandas as pd
import pytest

from projects.errors import BadInput
from projects.examples.churn.__main__ import main
from projects.examples.churn.columns import COLUMNS
from projects.examples.churn.customers import generate_customers


def test_they_have_the_columns_of_the_table():
    assert tuple(generate_customers(50).frame.columns) == COLUMNS


def test_the_same_seed_makes_the_same_customers():
    pd.testing.assert_frame_equal(generate_customers(50, 4).frame, generate_customers(50, 4).frame)


def test_another_seed_makes_others():
    assert not generate_customers(50, 4).frame.equals(generate_customers(50, 5).frame)


def test_the_notes_hold_a_known_signal():
    without, with_notes = generate_customers(4000).best_auc()
    assert with_notes > without + 0.1
    assert with_notes < 0.85


def test_some_cells_are_missing_as_asked():
    assert generate_customers(2000, gaps=0.05).frame.ticket_notes.isna().mean() == pytest.approx(
        0.05, abs=0.02
    )


def test_no_rows_are_refused():
    with pytest.raises(BadInput, match="rows must be at least 1"):
        generate_customers(0)


def test_the_command_writes_a_file_and_calls_it_synthetic(tmp_path, capsys):
    assert main(["generate", str(tmp_path / "raw.csv"), "--rows", "40"]) == 0
    assert len(pd.read_csv(tmp_path / "raw.csv")) == 40
    assert "40 synthetic customers" in capsys.readouterr().out


def test_a_file_that_cannot_be_written_is_told(tmp_path, capsys):
    (tmp_path / "file").write_text("in the way")
    assert main(["generate", str(tmp_path / "file" / "c.csv"), "--rows", "20"]) == 2
    assert "cannot be written" in capsys.readouterr().err
