"""Penstock's tables from version to version, on both databases."""

import importlib
import pkgutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

import monitoring
import penstock
import serving
from serving.lifecycle import schema
from serving.lifecycle.database import METADATA, Database
from serving.lifecycle.errors import LifecycleError
from serving.lifecycle.migrations.__main__ import main
from serving.lifecycle.migrations.versions import v0001_baseline
from tests.conftest import REPO
from tests.service.postgres_server import postgres_server, postgres_url  # noqa: F401 - fixtures


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request, tmp_path):
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/penstock.db"
    return request.getfixturevalue("postgres_url")


def revision(url):
    return schema.version_of(Database(url).engine())


def as_before_versions(url):
    """Tables of the first weeks: without versions, without the two columns that came later; with a row."""
    engine = Database(url).engine()
    with engine.connect() as connection, connection.begin():
        v0001_baseline.TABLES.create_all(connection)
        connection.exec_driver_sql("ALTER TABLE penstock_journal DROP COLUMN registry")
        connection.exec_driver_sql("INSERT INTO penstock_window_marks (name, time_s) VALUES ('churn', 1.5)")
        connection.exec_driver_sql(
            "INSERT INTO penstock_journal VALUES (1, 'p', 's', 't', 'm', '1', 'a', 'b', 'c', 'd', 'e', FALSE)"
        )
    return engine


def all_rows(engine, query):
    with engine.connect() as connection:
        return [tuple(row) for row in connection.execute(sa.text(query))]


def set_version(url, version):
    engine = Database(url).engine()
    with engine.connect() as connection, connection.begin():
        connection.execute(sa.text("UPDATE penstock_schema SET version_num = :v"), {"v": version})


def load_all_tables():
    for room in (serving, monitoring, penstock):
        for module in pkgutil.walk_packages(room.__path__, f"{room.__name__}."):
            path = Path(module.module_finder.find_spec(module.name).origin)
            if "METADATA" in path.read_text(encoding="utf-8"):
                importlib.import_module(module.name)


def test_the_tables_are_what_the_steps_make(url):
    load_all_tables()
    with Database(url).begin() as connection:
        context = MigrationContext.configure(connection, opts={"version_table": schema.VERSIONS})
        assert compare_metadata(context, METADATA) == []
    assert len(METADATA.tables) >= 22


def test_the_versions_in_the_code_are_the_steps():
    steps = ScriptDirectory(str(schema.STEPS)).walk_revisions()
    assert tuple(step.revision for step in steps)[::-1] == schema.REVISIONS


def test_an_empty_database_gets_its_tables_at_first_use(url):
    with Database(url).begin(is_read_only=True) as connection:
        assert connection.scalar(sa.text("SELECT count(*) FROM penstock_journal")) == 0
    assert revision(url) == schema.NEWEST


def test_tables_from_before_versions_are_taken_over_with_their_rows(url, capsys):
    engine = as_before_versions(url)
    assert main(["--url", url, "upgrade"]) == 0
    assert f"upgraded from before 0001: {schema.NEWEST}" in capsys.readouterr().out
    assert all_rows(engine, "SELECT name, time_s FROM penstock_window_marks") == [("churn", 1.5)]
    assert all_rows(engine, "SELECT sequence, model, registry FROM penstock_journal") == [(1, "m", "")]


def test_sqlite_is_brought_up_to_date_at_first_use(tmp_path):
    url = f"sqlite:///{tmp_path}/penstock.db"
    as_before_versions(url)
    with Database(url).begin() as connection:
        assert connection.scalar(sa.text("SELECT count(*) FROM penstock_journal")) == 1
    assert revision(url) == schema.NEWEST


def test_a_servers_older_tables_are_left_alone_until_somebody_upgrades(postgres_url):  # noqa: F811
    as_before_versions(postgres_url)
    with (
        pytest.raises(LifecycleError, match=r"older Penstock \(version before 0001, this one") as refused,
        Database(postgres_url).begin(),
    ):
        pass
    assert schema.UPGRADE in str(refused.value)
    assert revision(postgres_url) == schema.BEFORE


def test_an_upgrade_run_twice_does_nothing(url, capsys):
    assert [main(["--url", url, "upgrade"]) for _ in range(2)] == [0, 0]
    assert capsys.readouterr().out == f"made: {schema.NEWEST}\nthe tables are of version {schema.NEWEST}\n"


def test_processes_that_upgrade_at_once_do_it_once(url):
    as_before_versions(url)
    command = [sys.executable, "-m", "serving.lifecycle.migrations", "--url", url, "upgrade"]
    at_once = [
        subprocess.Popen(command, cwd=REPO, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        for _ in range(3)
    ]
    said = sorted(process.communicate(timeout=60)[0] for process in at_once)
    assert [process.returncode for process in at_once] == [0, 0, 0]
    assert [line.startswith("upgraded") for line in said] == [False, False, True]


def test_threads_that_find_an_empty_database_all_find_its_tables(url):
    def first_use(_):
        with Database(url).begin() as connection:
            return connection.scalar(sa.text("SELECT count(*) FROM penstock_journal"))

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(first_use, range(8))) == [0] * 8


def test_a_newer_penstocks_tables_are_refused(url, capsys):
    main(["--url", url, "upgrade"])
    set_version(url, "0999")
    refused = pytest.raises(LifecycleError, match=r"newer Penstock \(version 0999, this one knows up to 0")
    with refused, Database(url).begin():
        pass
    assert main(["--url", url, "upgrade"]) == 1
    assert "newer Penstock" in capsys.readouterr().err


def test_a_failed_upgrade_leaves_everything_as_it_was(url, capsys):
    engine = as_before_versions(url)
    with engine.connect() as connection, connection.begin():
        # A row without what every row must have: no step can make that up.
        connection.exec_driver_sql("DROP TABLE penstock_tickets")
        connection.exec_driver_sql("CREATE TABLE penstock_tickets (name TEXT)")
        connection.exec_driver_sql("INSERT INTO penstock_tickets VALUES ('strange')")
        connection.exec_driver_sql("DROP TABLE penstock_audit")
    assert main(["--url", url, "upgrade"]) == 1
    assert capsys.readouterr().err.startswith("migrations: ")
    tables = sa.inspect(engine).get_table_names()
    assert "penstock_audit" not in tables
    assert schema.VERSIONS not in tables
    assert revision(url) == schema.BEFORE


def test_the_statements_can_be_read_before_they_run(capsys):
    url = "postgresql://nobody@127.0.0.1:1/penstock"
    assert main(["--url", url, "sql", "--since", "0001"]) == 0
    said = capsys.readouterr().out
    assert "ALTER TABLE penstock_tickets ALTER COLUMN rows TYPE BIGINT;" in said
    assert "CREATE TABLE penstock_journal" not in said


def test_printed_statements_make_the_tables(postgres_server, postgres_url, capsys):  # noqa: F811
    assert main(["--url", postgres_url, "sql"]) == 0
    with Database(postgres_url).engine().connect() as connection:
        connection.exec_driver_sql(capsys.readouterr().out.replace("BEGIN;", "").replace("COMMIT;", ""))
        connection.commit()
    assert revision(postgres_url) == schema.NEWEST
    load_all_tables()
    with Database(postgres_url).begin() as connection:
        context = MigrationContext.configure(connection, opts={"version_table": schema.VERSIONS})
        assert compare_metadata(context, METADATA) == []


def test_mlflows_tables_in_the_same_database_are_left_alone(url):
    engine = Database(url).engine()
    with engine.connect() as connection, connection.begin():
        connection.exec_driver_sql("CREATE TABLE alembic_version (version_num VARCHAR(32))")
        connection.exec_driver_sql("INSERT INTO alembic_version VALUES ('cafe')")
    assert main(["--url", url, "upgrade"]) == 0
    assert all_rows(engine, "SELECT * FROM alembic_version") == [("cafe",)]


def test_looking_at_tables_that_are_up_to_date_takes_one_query_and_no_alembic(tmp_path):
    url = f"sqlite:///{tmp_path}/penstock.db"
    main(["--url", url, "upgrade"])
    code = (
        "import sys\nfrom serving.lifecycle.database import Database\n"
        f"with Database({url!r}).begin() as c: c.exec_driver_sql('SELECT 1')\n"
        "print(any(name.startswith('alembic') for name in sys.modules))"
    )
    said = subprocess.run([sys.executable, "-c", code], cwd=REPO, capture_output=True, text=True, check=True)
    assert said.stdout == "False\n"


def test_the_state_is_told_with_an_exit_code(url, capsys):
    assert main(["--url", url, "current"]) == 1
    main(["--url", url, "upgrade"])
    assert main(["--url", url, "current"]) == 0
    assert f"{schema.NEWEST} (this Penstock's is {schema.NEWEST})" in capsys.readouterr().out
