"""The upgrade notes name commands that exist."""

from pathlib import Path

from penstock.command.backup import backup
from penstock.command.names import PLACES
from serving.lifecycle.migrations.__main__ import _parser

NOTES = (Path(__file__).parents[2] / "infra" / "UPGRADING.md").read_text(encoding="utf-8")


def test_every_word_of_the_migrations_is_told() -> None:
    words = _parser()._subparsers._group_actions[0].choices
    assert [word for word in words if f"| `{word}` |" not in NOTES] == []


def test_every_command_of_back_ups_is_told() -> None:
    assert [name for name in backup.commands if f"penstock backup {name}" not in NOTES] == []
    assert {"backup", "tidy"} <= set(PLACES)
