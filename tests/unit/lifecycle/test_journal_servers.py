"""One journal of several MLflow servers, and one from before servers were written down."""

from datetime import UTC, datetime

import pytest
import sqlalchemy as sa
from mlflow import MlflowClient

from serving.lifecycle.database import Database
from serving.lifecycle.journal import Journal, Move, first_break
from serving.lifecycle.moves import Lifecycle
from serving.lifecycle.registry import Registry

NOON = datetime(2026, 7, 31, 12, tzinfo=UTC)
OLD_TABLE = """
CREATE TABLE penstock_journal (
    sequence INTEGER NOT NULL PRIMARY KEY, time VARCHAR(40) NOT NULL, model TEXT NOT NULL,
    version VARCHAR(40) NOT NULL, from_stage VARCHAR(20) NOT NULL, to_stage VARCHAR(20) NOT NULL,
    action VARCHAR(20) NOT NULL, actor TEXT NOT NULL, reason TEXT NOT NULL, external BOOLEAN NOT NULL,
    previous_sha256 VARCHAR(64) NOT NULL UNIQUE, sha256 VARCHAR(64) NOT NULL)
"""
OLD_ROW = """
INSERT INTO penstock_journal VALUES (1, '2026-07-31T12:00:00.000000+00:00', 'churn', '1', 'None',
    'Production', 'promote', 'ann', '', 0,
    '0000000000000000000000000000000000000000000000000000000000000000',
    'OLD_SHA256')
"""


def move(version, registry=""):
    return Move(NOON, "churn", version, "None", "Production", "promote", "ann", "", registry=registry)


@pytest.fixture
def url(tmp_path):
    return f"sqlite:///{tmp_path}/penstock.db"


def journal(url, name):
    return Journal(Database(url), lambda: name)


def test_each_server_sees_its_own_moves(url):
    one, other = journal(url, "one"), journal(url, "other")
    one.append([move("1")])
    other.append([move("2")])
    assert [list(each.last_moves("churn")) for each in (one, other)] == [["1"], ["2"]]
    assert [entry.version for entry in one.entries("churn")] == ["1"]
    assert first_break(one.entries()) is None


def test_while_the_server_is_unknown_all_moves_are_seen(url):
    for name in ("one", "other"):
        journal(url, name).append([move(name)])
    assert sorted(journal(url, "").last_moves("churn")) == ["one", "other"]


def test_an_older_journal_is_taken_over_and_holds(url):
    import hashlib
    import json

    fields = {
        "time": "2026-07-31T12:00:00.000000+00:00", "model": "churn", "version": "1", "from_stage": "None",
        "to_stage": "Production", "action": "promote", "actor": "ann", "reason": "", "external": False,
        "sequence": 1, "previous_sha256": "0" * 64,
    }  # fmt: skip
    canonical = json.dumps(fields, sort_keys=True, separators=(",", ":"))
    with sa.create_engine(url).begin() as connection:
        connection.exec_driver_sql(OLD_TABLE)
        digest = hashlib.sha256(canonical.encode()).hexdigest()
        connection.exec_driver_sql(OLD_ROW.replace("OLD_SHA256", digest))
    journal(url, "one").append([move("2")])
    entries = journal(url, "one").entries()
    assert [entry.registry for entry in entries] == ["", "one"]
    assert first_break(entries) is None
    assert [entry.version for entry in journal(url, "other").entries("churn")] == ["1"]


def test_a_changed_server_breaks_the_chain(url):
    journal(url, "one").append([move("1")])
    with sa.create_engine(url).begin() as connection:
        connection.exec_driver_sql("UPDATE penstock_journal SET registry = 'other'")
    assert first_break(journal(url, "").entries()) == (
        "entry 1 of the journal (version 1 of 'churn') was changed"
    )


@pytest.fixture
def servers(tmp_path):
    clients = [MlflowClient(f"sqlite:///{tmp_path}/mlflow{number}.db") for number in range(2)]
    for client in clients:
        client.create_registered_model("churn")
        client.create_model_version("churn", str(tmp_path))
    return clients


def test_a_move_on_one_server_is_no_external_move_on_the_other(servers, url):
    one, other = (Lifecycle(client, url, actor="ann") for client in servers)
    one.promote("churn", 1)
    assert other.observe("churn") == []
    assert one.observe("churn") == []
    assert [len(lifecycle.history("churn")) for lifecycle in (one, other)] == [1, 0]


def test_a_server_is_the_same_under_another_address(servers, tmp_path):
    again = MlflowClient(f"sqlite:///{tmp_path}/../{tmp_path.name}/mlflow0.db")
    names = [Registry(client).identity() for client in (*servers, again)]
    assert names[0] == names[2] != names[1]
