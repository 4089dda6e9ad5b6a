"""Files of secrets: made once, closed to others, never written again."""

import configparser
import os
import stat

import pytest
import sqlalchemy as sa

from infra.production.__main__ import main
from infra.production.contents import Places
from infra.production.secret_files import SecretsError, make, problems

OWNER = (os.getuid(), os.getgid())


@pytest.fixture
def folder(tmp_path):
    make(tmp_path / "secrets", os.urandom, Places(), owner=OWNER)
    return tmp_path / "secrets"


def test_the_files_are_for_their_owner_alone(folder):
    modes = {stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()}
    assert modes == {0o600}
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_nothing_is_written_again(folder):
    before = {path: path.read_text() for path in folder.iterdir()}
    assert make(folder, os.urandom, Places(), owner=OWNER) == []
    assert {path: path.read_text() for path in folder.iterdir()} == before


def test_each_stack_has_its_own_secrets(tmp_path, folder):
    make(tmp_path / "other", os.urandom, Places(), owner=OWNER)
    assert all(path.read_text() != (tmp_path / "other" / path.name).read_text() for path in folder.iterdir())


def test_what_shares_a_password_is_not_made_in_part(folder):
    (folder / "redis_url").unlink()
    with pytest.raises(SecretsError) as caught:
        make(folder, os.urandom, Places(), owner=OWNER)
    assert str(caught.value) == (
        f"'{folder}' has redis_conf but not redis_url, which share a password; bring back what is missing "
        "from your copy, or remove redis_conf to have all of them made anew"
    )


def test_the_administrator_has_one_password(folder):
    auth = configparser.ConfigParser()
    auth.read(folder / "mlflow_auth")
    name, password = (folder / "mlflow_admin").read_text().strip().split(":")
    assert (auth["mlflow"]["admin_username"], auth["mlflow"]["admin_password"]) == (name, password)


def test_the_superuser_has_one_password(folder):
    url = sa.make_url((folder / "database_admin_url").read_text().strip())
    assert url.password == (folder / "postgres_password").read_text().strip()


def test_databases_elsewhere_are_named_with_their_options(tmp_path):
    command = [
        "secrets",
        f"--folder={tmp_path}/s",
        f"--env={tmp_path}/.env",
        "--database=db.example.com:6432",
    ]
    assert main([*command, "--database-options=?sslmode=verify-full", "--redis=cache:1", "--redis-tls"]) == 0
    url = sa.make_url((tmp_path / "s" / "database_url").read_text().strip())
    assert (url.host, url.port, dict(url.query)) == ("db.example.com", 6432, {"sslmode": "verify-full"})
    assert (tmp_path / "s" / "redis_url").read_text().startswith("rediss://:")


def test_composes_own_file_is_left_as_it_is(tmp_path, capsys):
    (tmp_path / ".env").write_text("COMPOSE_PROFILES=full\n")
    assert main(["secrets", f"--folder={tmp_path}/s", f"--env={tmp_path}/.env"]) == 0
    assert (tmp_path / ".env").read_text() == "COMPOSE_PROFILES=full\n"
    assert "was left as it is; it needs PENSTOCK_UID=" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("spoil", "why"),
    [
        (lambda path: path.unlink(), "is not there; run 'python -m infra.production secrets'"),
        (
            lambda path: path.write_text("\n"),
            "is empty; remove it and run 'python -m infra.production secrets'",
        ),
        (lambda path: path.chmod(0o644), "may be read by others; do 'chmod 600 redis_url' where it was made"),
        (
            lambda path: path.write_bytes(b"\xff"),
            f"cannot be read (UnicodeDecodeError); give it to the user {OWNER[0]}",
        ),
    ],
)
def test_a_file_that_cannot_be_used_is_said(folder, spoil, why):
    spoil(folder / "redis_url")
    assert problems(folder, ["redis_conf", "redis_url"]) == [f"the secret '{folder}/redis_url' {why}"]


def test_setup_says_all_that_is_wrong_and_gives_2(tmp_path, capsys):
    assert main(["setup", f"--secrets={tmp_path}"]) == 2
    assert capsys.readouterr().err.count("is not there; run 'python -m infra.production secrets'") == 8
