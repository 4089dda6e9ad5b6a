"""A forked process takes a step's words where only words stand, and does what a command would."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from mlflow.projects.utils import get_entry_point_command, load_project

from penstock.jobs.ahead import Ahead, words_of
from projects.__main__ import STEPS
from tests.conftest import REPO

NASTY = ["--set", "a=\"1\"; b='2'", "--data", "two  spaces $HOME `id` *", "--name", ""]


def test_the_words_of_a_step_are_those_a_shell_would_give() -> None:
    import shlex

    line = f"python -m projects ingest {shlex.join(NASTY)}"
    assert words_of(line) == ["ingest", *NASTY]


@pytest.mark.parametrize("entry", STEPS)
def test_every_entry_point_of_the_mlproject_is_taken_without_a_shell(entry: str, tmp_path: Path) -> None:
    project = load_project(str(REPO))
    line = get_entry_point_command(project, entry, {"data": NASTY[3], "set": NASTY[1]}, str(tmp_path))[0]
    by_shell = subprocess.check_output(["bash", "-c", line.replace("python", "printf '%s\\0'", 1)], text=True)
    assert words_of(line) == by_shell.split("\0")[2:-1]


@pytest.mark.parametrize(
    "line",
    [
        "python -m projects ingest --data $HOME",
        "python -m projects ingest --data a; id",
        "python -m projects ingest > file",
        "python -m projects ingest --data *.csv",
        "python -m projects ingest 'not closed",
        "python -m other ingest",
        "sh train.sh",
    ],
)
def test_what_a_shell_would_read_differently_is_left_to_it(line: str) -> None:
    assert words_of(line) is None


def ended(words: list[str] | None, tmp_path: Path, environ: dict[str, str] | None = None) -> tuple[int, str]:
    """The exit code of a forked step, and what it said."""
    said = tmp_path / "said"
    ahead = Ahead(close=())
    if ahead.is_child:
        with said.open("wb") as file:
            os.dup2(file.fileno(), 1)
            os.dup2(file.fileno(), 2)
        sys.stdout = open(1, "w", closefd=False)  # noqa: SIM115 - pytest holds the other
        sys.stderr = open(2, "w", closefd=False)  # noqa: SIM115
        code = ahead.work()
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)
    if words is None:
        os.close(ahead._writing)
    else:
        ahead.begin(words, os.environ | (environ or {}), str(tmp_path))
    return ahead.wait(), said.read_text()


def test_a_step_gives_its_own_exit_code_and_words(tmp_path: Path) -> None:
    code, said = ended(["ingets"], tmp_path)
    assert (code, said) == (2, "penstock: there is no step 'ingets'; did you mean 'ingest' or 'news'?\n")


def test_a_process_that_gets_no_words_ends(tmp_path: Path) -> None:
    assert ended(None, tmp_path) == (0, "")


def test_a_killed_step_s_code_is_its_signal() -> None:
    ahead = Ahead(close=())
    if ahead.is_child:
        os._exit(ahead.work())
    assert ahead.poll() is None
    os.kill(ahead.pid, signal.SIGKILL)
    assert ahead.wait() == -9
