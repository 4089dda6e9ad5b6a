"""The stack's set-up against a real PostgreSQL and an S3 server: from nothing, again, and refused."""

import os

import boto3
import psycopg
import pytest
import sqlalchemy as sa
from moto.server import ThreadedMotoServer

from infra.production import databases
from infra.production.__main__ import main
from infra.production.contents import Places
from infra.production.secret_files import make
from tests.conftest import pick_free_port
from tests.service.postgres_server import run_postgres


@pytest.fixture(scope="module")
def postgres(tmp_path_factory):
    with run_postgres(tmp_path_factory.mktemp("setup") / "postgres", pick_free_port()) as server:
        yield server


@pytest.fixture(scope="module")
def store():
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=pick_free_port(), verbose=False)
    server.start()
    yield f"http://127.0.0.1:{server._server.port}"
    server.stop()


@pytest.fixture(scope="module")
def folder(postgres, tmp_path_factory):
    folder = tmp_path_factory.mktemp("setup") / "secrets"
    places = Places(database=f"127.0.0.1:{postgres.port}")
    make(folder, os.urandom, places, owner=(os.getuid(), os.getgid()))
    (folder / "database_admin_url").write_text(postgres.url())
    return folder


@pytest.fixture
def run(folder, store, monkeypatch, capsys):
    for name, value in {
        "AWS_ENDPOINT_URL_S3": store,
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_SHARED_CREDENTIALS_FILE": str(folder / "s3_admin_credentials"),
        "PENSTOCK_DATABASE_URL_FILE": str(folder / "database_url"),
        "PENSTOCK_S3_ENCRYPTION": "AES256",
    }.items():
        monkeypatch.setenv(name, value)

    def run():
        code = main(["setup", f"--secrets={folder}"])
        told = capsys.readouterr()
        return code, told.out, told.err

    return run


def conninfo(folder, database="penstock"):
    url = sa.make_url((folder / "database_url").read_text().strip())
    return url.set(drivername="postgresql", database=database).render_as_string(hide_password=False)


def test_everything_is_made_once(run):
    code, first, _ = run()
    assert (code, first.count(" made")) == (0, 8)
    code, second, _ = run()
    assert (code, second.count(" made"), second.count("was there")) == (0, 0, 4)


def test_the_bucket_encrypts_by_itself(run, store):
    run()
    client = boto3.client("s3", endpoint_url=store)
    rules = client.get_bucket_encryption(Bucket="penstock")["ServerSideEncryptionConfiguration"]["Rules"]
    assert rules[0]["ApplyServerSideEncryptionByDefault"] == {"SSEAlgorithm": "AES256"}


def test_a_role_reaches_its_own_database_alone(run, folder):
    run()
    psycopg.connect(conninfo(folder)).close()
    for other in ("mlflow", "mlflow_auth"):
        with pytest.raises(psycopg.OperationalError, match="permission denied for database"):
            psycopg.connect(conninfo(folder, other))


def test_a_database_that_was_opened_to_all_is_closed_again(run, folder, postgres):
    run()
    with psycopg.connect(postgres.url().replace("+psycopg", ""), autocommit=True) as connection:
        connection.execute("GRANT CONNECT ON DATABASE mlflow TO PUBLIC")
    run()
    with pytest.raises(psycopg.OperationalError, match="permission denied for database"):
        psycopg.connect(conninfo(folder, "mlflow"))


def test_no_password_stands_in_a_statement(monkeypatch, postgres):
    said = []
    execute = psycopg.Connection.execute

    def listen(connection, query, *given, **named):
        said.append(query if isinstance(query, str) else query.as_string(connection))
        return execute(connection, query, *given, **named)

    monkeypatch.setattr(psycopg.Connection, "execute", listen)
    address = f"127.0.0.1:{postgres.port}/quiet"
    databases.make(postgres.url(), f"postgresql+psycopg://quiet:open-sesame@{address}")
    assert any("PASSWORD 'SCRAM-SHA-256$" in each for each in said)
    assert not any("open-sesame" in each for each in said)
    psycopg.connect(f"postgresql://quiet:open-sesame@{address}").close()


def test_a_changed_password_takes_effect(run, folder):
    run()
    path = folder / "database_url"
    path.write_text(path.read_text().replace(sa.make_url(path.read_text().strip()).password, "a" * 48))
    assert run()[0] == 0
    psycopg.connect(conninfo(folder)).close()


def test_a_wrong_administrator_is_one_sentence_and_gives_1(run, folder, postgres):
    (folder / "database_admin_url").write_text(postgres.url().replace(postgres.password, "wrong"))
    code, _, said = run()
    (folder / "database_admin_url").write_text(postgres.url())
    assert (code, len(said.splitlines())) == (1, 1)
    assert 'password authentication failed for user "postgres"' in said
