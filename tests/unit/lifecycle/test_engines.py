"""How databases are reached, as far as no server is needed."""

from datetime import UTC, datetime

import pytest
import sqlalchemy as sa

from serving.lifecycle.database import Database
from serving.lifecycle.engines import engine_of, parsed, plain
from serving.lifecycle.errors import LifecycleError
from serving.lifecycle.journal import Journal, Move, first_break


@pytest.mark.parametrize("scheme", ["postgresql", "postgres", "postgresql+psycopg", "postgresql+psycopg2"])
def test_postgresql_is_reached_by_the_driver_that_penstock_brings(scheme) -> None:
    assert parsed(f"{scheme}://ann:secret@host/db").drivername == "postgresql+psycopg"


def test_another_driver_that_is_named_stays() -> None:
    assert parsed("postgresql+pg8000://host/db").drivername == "postgresql+pg8000"


def test_a_server_s_connections_are_shared_by_the_process() -> None:
    url = "postgresql://ann:secret@127.0.0.1:1/db"
    assert engine_of(url) is engine_of(url)


@pytest.mark.parametrize(
    ("text", "held"),
    [("a\0b", "a\N{REPLACEMENT CHARACTER}b"), ("\ud800", "?"), ("é", "é"), (1, 1), (None, None)],
)
def test_texts_are_held_as_every_database_takes_them(text, held) -> None:
    assert plain(text) == held


def test_a_journal_holds_texts_that_databases_do_not_take(tmp_path) -> None:
    journal = Journal(Database(f"sqlite:///{tmp_path}/penstock.db"))
    journal.append([Move(datetime.now(UTC), "m", "1", "None", "Staging", "promote", "ann", "a\0b\ud800")])
    assert first_break(journal.entries()) is None


def test_a_server_that_is_away_is_a_sentence_without_its_password() -> None:
    with (
        pytest.raises(LifecycleError, match=r"the database 'postgresql://ann:\*\*\*@127") as refused,
        Database("postgresql://ann:secret@127.0.0.1:1/db").begin(),
    ):
        pass
    assert "secret" not in str(refused.value)


def test_a_writing_transaction_holds_the_lock_from_its_start(tmp_path) -> None:
    database = Database(f"sqlite:///{tmp_path}/penstock.db")
    with database.begin():
        other = sa.create_engine(f"sqlite:///{tmp_path}/penstock.db", connect_args={"timeout": 0})
        with other.connect() as connection, pytest.raises(sa.exc.OperationalError, match="locked"):
            connection.exec_driver_sql("INSERT INTO penstock_stamps VALUES ('a', 'b')")
        other.dispose()
