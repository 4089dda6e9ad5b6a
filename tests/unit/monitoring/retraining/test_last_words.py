"""What a run's log says last."""

from pathlib import Path

import pytest

from monitoring.retraining.verdicts import last_words


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ("", ""),
        ("one\ntwo\n\n", "two"),
        ("penstock: the rows are gone\nmlflow: exit code 2\n", "the rows are gone"),
        ("2026-11-21 x penstock: first\npenstock: second\nend", "second"),
        ("é" * 2_000, "é" * 500),
    ],
)
def test_a_refusals_sentence_comes_before_the_last_line(said: str, expected: str, tmp_path: Path) -> None:
    (tmp_path / "run.log").write_text(said, encoding="utf-8")
    assert last_words(tmp_path / "run.log") == expected


def test_only_the_end_of_a_long_log_is_read(tmp_path: Path) -> None:
    (tmp_path / "run.log").write_bytes(b"penstock: at the beginning\n" + b"x\n" * 100_000 + b"\xff end\n")
    assert last_words(tmp_path / "run.log") == "\ufffd end"


def test_without_a_log_there_are_no_words(tmp_path: Path) -> None:
    assert last_words(tmp_path / "run.log") == ""
