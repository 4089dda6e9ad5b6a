"""MLflow's two databases, whose addresses hold passwords and stand in MLflow's own files of secrets alone.

Every user of a machine may read the arguments of its processes, so an address is never one: commands find it
in their environment, and MLflow's upgrades are called as functions.
"""

import configparser
import os
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from infra.production.secret_files import SecretsError, problems, read
from serving.settings import ACCOUNTS_VARIABLE

TRACKING_VARIABLE = "MLFLOW_BACKEND_STORE_URI"
FILES = ["mlflow_env", "mlflow_auth"]


def addresses(folder: Path) -> tuple[str, str]:
    """The URLs of MLflow's own database and of its users'.

    Args:
        folder: The files of secrets.

    Raises:
        SecretsError: A file is missing, open to others, or does not name its database.
    """
    if found := problems(folder, FILES):
        raise SecretsError("\n".join(found))
    lines = dict(line.split("=", 1) for line in read(folder, "mlflow_env").splitlines() if "=" in line)
    auth = configparser.ConfigParser()  # as MLflow reads it
    try:
        auth.read_string(read(folder, "mlflow_auth"))
        return lines[TRACKING_VARIABLE], auth["mlflow"]["database_uri"]
    except (KeyError, configparser.Error) as error:
        raise SecretsError(
            f"'{folder}' must have a line {TRACKING_VARIABLE}=... in 'mlflow_env' and database_uri = ... in "
            f"the part [mlflow] of 'mlflow_auth' with '%%' for each '%', and one is not there "
            f"({type(error).__name__}); bring back the files that 'python -m infra.production secrets' made"
        ) from error


def run(folder: Path, words: Sequence[str], environ: Mapping[str, str]) -> None:
    """Become another command, such as a back-up's, which finds both databases in its environment.

    Args:
        folder: The files of secrets.
        words: The command.
        environ: What else it finds there.

    Raises:
        SecretsError: A file cannot be used, or there is no such program.
    """
    tracking, accounts = addresses(folder)
    found = {**environ, TRACKING_VARIABLE: tracking, ACCOUNTS_VARIABLE: accounts}
    try:
        os.execvpe(words[0], list(words), found)  # noqa: S606 - the operator's own command
    except OSError as error:
        raise SecretsError(
            f"'{words[0]}' cannot be run ({type(error).__name__}); after 'run --' comes a command, such as "
            "python -m penstock backup create /backups"
        ) from error


def upgrade(folder: Path, say: Callable[[str], None]) -> None:
    """Bring the tables of both databases to this MLflow's version, as `mlflow db upgrade` does.

    Args:
        folder: The files of secrets.
        say: Is told what was done, a line each.

    Raises:
        SecretsError: A file cannot be used.
        sqlalchemy.exc.SQLAlchemyError: A database refuses.
    """
    tracking, accounts = addresses(folder)
    from mlflow.db import upgrade as of_tracking
    from mlflow.server.auth.db.cli import upgrade as of_accounts

    moves: tuple[tuple[str, str, str, Callable[[], Any]], ...] = (
        ("MLflow's tables", tracking, "alembic_version", partial(of_tracking.callback, tracking)),
        ("its accounts", accounts, "alembic_version_auth", partial(of_accounts.callback, accounts, "head")),
    )
    for what, url, table, move in moves:
        was = _version(url, table)
        move()
        now = _version(url, table)
        how = "were there" if was == now else f"upgraded from {was}" if was else "made"
        say(f"{what}, version {now}: {how}")


def _version(url: str, table: str) -> str:
    """The version that Alembic has written down; empty where it has none yet."""
    import sqlalchemy as sa

    engine = sa.create_engine(url, poolclass=sa.NullPool)
    with engine.connect() as connection:
        if not sa.inspect(connection).has_table(table):
            return ""
        return str(connection.scalar(sa.select(sa.column("version_num")).select_from(sa.table(table))) or "")
