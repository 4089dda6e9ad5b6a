"""`python -m infra.production secrets | setup | run | upgrade`: prepare the production stack, and keep it."""

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from infra.production.contents import Places
from infra.production.mlflow_databases import run, upgrade
from infra.production.secret_files import UNPRIVILEGED, SecretsError, make
from serving.settings import SettingsError, load

FAILED, BAD_INPUT = 1, 2


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command: 0 if all went well, 1 if a server refused, 2 for bad input."""
    options = _parser().parse_args(arguments)
    try:
        if options.command == "run":
            run(options.secrets, options.words, os.environ)
        return {"secrets": _secrets, "setup": _setup, "upgrade": _upgrade}[options.command](options)
    except (SecretsError, SettingsError) as error:
        print(f"infra.production: {error}", file=sys.stderr)
        return BAD_INPUT


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m infra.production", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    made = commands.add_parser("secrets", help="make the files of secrets that are not there, and .env")
    made.add_argument("--folder", type=Path, default=Path("var/secrets"), help="default: %(default)s")
    made.add_argument("--env", type=Path, default=Path(".env"), help="compose's own; default: %(default)s")
    made.add_argument("--database", default=Places().database, help="host:port; default: %(default)s")
    made.add_argument("--database-options", default="", help="such as ?sslmode=verify-full")
    made.add_argument("--redis", default=Places().redis, help="host:port; default: %(default)s")
    made.add_argument("--redis-tls", action="store_true", help="speak TLS to Redis")
    setup = commands.add_parser("setup", help="look at secrets; make databases, roles, bucket and tables")
    runs = commands.add_parser("run", help="run a command with MLflow's databases in its environment")
    runs.add_argument("words", nargs="+", metavar="-- COMMAND", help="such as -- python -m penstock backup")
    upgrades = commands.add_parser("upgrade", help="bring MLflow's tables up to date; MLflow is stopped")
    for each in (setup, runs, upgrades):
        each.add_argument("--secrets", type=Path, default=Path("/run/secrets"), help="default: %(default)s")
    return parser


def _secrets(options: argparse.Namespace) -> int:
    scheme = "rediss" if options.redis_tls else "redis"
    places = Places(options.database, options.database_options, options.redis, scheme)
    is_root = os.getuid() == 0
    owner = (UNPRIVILEGED, UNPRIVILEGED) if is_root else (os.getuid(), os.getgid())
    written = make(options.folder, os.urandom, places, owner=owner)
    print(f"{options.folder}: {', '.join(written) or 'nothing'} made")
    lines = f"PENSTOCK_UID={owner[0]}\nPENSTOCK_GID={owner[1]}\nCOMPOSE_PROFILES=minimal\n"
    if options.env.exists():
        print(f"{options.env} is there and was left as it is; it needs {' '.join(lines.split())}")
    else:
        options.env.write_text(lines, encoding="utf-8")
        print(f"{options.env} made")
    return 0


def _setup(options: argparse.Namespace) -> int:
    import psycopg
    from botocore.exceptions import BotoCoreError, ClientError  # type: ignore[import-untyped]

    from infra.production.setup import setup
    from serving.lifecycle.errors import LifecycleError

    try:
        setup(options.secrets, load(), lambda line: print(f"setup: {line}", flush=True))
    except (psycopg.Error, BotoCoreError, ClientError, LifecycleError) as error:
        print(f"setup: {' '.join(str(error).split())}", file=sys.stderr)
        return FAILED
    return 0


def _upgrade(options: argparse.Namespace) -> int:
    import sqlalchemy as sa
    from mlflow.exceptions import MlflowException

    try:
        upgrade(options.secrets, lambda line: print(f"upgrade: {line}", flush=True))
    except (sa.exc.SQLAlchemyError, MlflowException) as error:
        print(f"upgrade: {' '.join(str(error).split())}", file=sys.stderr)
        return FAILED
    return 0


if __name__ == "__main__":
    sys.exit(main())
