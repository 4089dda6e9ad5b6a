"""The upgrade notes name commands that exist."""

import re
from pathlib import Path

from penstock.command.backup import backup
from penstock.command.names import PLACES
from serving.lifecycle.migrations.__main__ import _parser

FOLDER = Path(__file__).parents[2] / "infra"
NOTES = (FOLDER / "UPGRADING.md").read_text(encoding="utf-8")


def test_every_word_of_the_migrations_is_told() -> None:
    words = _parser()._subparsers._group_actions[0].choices
    assert [word for word in words if f"| `{word}` |" not in NOTES] == []


def test_every_command_of_back_ups_is_told() -> None:
    assert [name for name in backup.commands if f"penstock backup {name}" not in NOTES] == []
    assert {"backup", "tidy"} <= set(PLACES)


def test_no_password_is_an_argument_of_a_command() -> None:
    # Every user of a machine may read those.
    for notes in (NOTES, (FOLDER / "PRODUCTION.md").read_text(encoding="utf-8")):
        assert "$(sed" not in notes
        told = set(re.findall(r"python -m infra\.production (\w+)", notes))
        assert told <= {"secrets", "setup", "run", "upgrade"}
    assert "infra.production upgrade" in NOTES
