import sqlite3
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from serving.lifecycle.chain import FIRST_PREVIOUS
from serving.lifecycle.database import Database
from serving.lifecycle.errors import LifecycleError
from serving.lifecycle.journal import Journal, Move, digest, first_break

NOON = datetime(2026, 7, 31, 12, tzinfo=UTC)


def make_move(version="1", model="churn", to_stage="Production", reason="better"):
    return Move(NOON, model, version, "None", to_stage, "promote", "ann", reason)


def open_journal(folder):
    return Journal(Database(f"sqlite:///{folder}/deep/penstock.db"))


@pytest.fixture
def journal(tmp_path):
    return open_journal(tmp_path)


def change(folder, statement):
    connection = sqlite3.connect(f"{folder}/deep/penstock.db")
    connection.execute(statement)
    connection.commit()
    connection.close()


def test_an_entry_is_read_as_it_was_appended(journal):
    (appended,) = journal.append([make_move(reason='"quoted" — ü')])
    assert journal.entries("churn") == [appended]


def test_entries_follow_from_each_other(journal):
    first, second = journal.append([make_move("1"), make_move("2")])
    assert (first.sequence, second.sequence) == (1, 2)
    assert (first.previous_sha256, second.previous_sha256) == (FIRST_PREVIOUS, first.sha256)


def test_a_models_entries_are_its_own(journal):
    journal.append([make_move(model="a"), make_move(model="b")])
    assert [move.model for move in journal.entries("b")] == ["b"]


def test_the_last_move_of_each_version_is_known(journal):
    journal.append(
        [make_move("1"), make_move("2"), make_move("1", to_stage="Archived"), make_move("1", "other")]
    )
    assert {version: move.to_stage for version, move in journal.last_moves("churn").items()} == {
        "1": "Archived",
        "2": "Production",
    }


def test_an_untouched_journal_holds(journal):
    journal.append([make_move(str(number)) for number in range(5)])
    assert first_break(journal.entries()) is None


@pytest.mark.parametrize(
    "column", ["time", "model", "version", "from_stage", "to_stage", "action", "actor", "reason"]
)
def test_a_changed_entry_is_named(journal, tmp_path, column):
    journal.append([make_move(str(number)) for number in range(1, 5)])
    value = "2020-01-01T00:00:00+00:00" if column == "time" else "x"
    change(tmp_path, f"UPDATE penstock_journal SET {column} = '{value}' WHERE sequence = 3")
    assert first_break(journal.entries()).startswith("entry 3 of the journal (version")


def test_an_external_mark_that_was_set_is_noticed(journal, tmp_path):
    journal.append([make_move()])
    change(tmp_path, "UPDATE penstock_journal SET external = 1")
    assert first_break(journal.entries()) == "entry 1 of the journal (version 1 of 'churn') was changed"


def test_a_removed_entry_is_named(journal, tmp_path):
    journal.append([make_move(str(number)) for number in range(1, 5)])
    change(tmp_path, "DELETE FROM penstock_journal WHERE sequence = 2")
    assert first_break(journal.entries()) == "entry 2 of the journal is missing; entry 3 follows in its place"


def test_an_entry_that_was_rewritten_with_its_hash_breaks_the_next(journal):
    entries = journal.append([make_move(str(number)) for number in range(1, 5)])
    forged = replace(entries[1], actor="eve")
    entries[1] = replace(forged, sha256=digest(forged))
    assert first_break(entries).startswith("entry 3 of the journal does not follow from the one before")


def test_threads_do_not_fork_the_chain(journal):
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda number: journal.append([make_move(str(number))]), range(40)))
    assert len(journal.entries()) == 40
    assert first_break(journal.entries()) is None


@pytest.mark.parametrize(
    ("url", "sentence"),
    [
        (
            "sqlite:////proc/none/penstock.db",
            "the database 'sqlite:////proc/none/penstock.db' could not be used",
        ),
        ("nonsense", "the database could not be used: Could not parse"),
        (
            "postgresql://ann:secret@127.0.0.1:1/x",
            r"the database 'postgresql://ann:\*\*\*@127.0.0.1:1/x'",
        ),
    ],
)
def test_a_database_that_cannot_be_used_is_one_sentence(url, sentence):
    with pytest.raises(LifecycleError, match=sentence) as refused:
        Journal(Database(url)).append([make_move()])
    assert "secret" not in str(refused.value)
    assert "\n" not in str(refused.value)
