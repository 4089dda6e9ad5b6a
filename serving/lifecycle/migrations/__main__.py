"""`python -m serving.lifecycle.migrations`: Penstock's tables from the command line.

Exit codes: 0 done or nothing to do, 1 failed, 2 bad input.
"""

import argparse
import sys
from collections.abc import Sequence

import sqlalchemy as sa

from serving.lifecycle import schema
from serving.lifecycle.database import Database
from serving.lifecycle.engines import parsed
from serving.lifecycle.errors import LifecycleError
from serving.settings import SettingsError, load


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and give its exit code."""
    options = _parser().parse_args(arguments)
    try:
        url = options.url or load().database_url
        return int(options.run(url, options))
    except SettingsError as error:
        return _failed(error, 2)
    except (LifecycleError, sa.exc.SQLAlchemyError, OSError) as error:
        return _failed(error, 1)


def _upgrade(url: str, _: argparse.Namespace) -> int:
    was = schema.upgrade(Database(url).engine(), _shown(url))
    done = f"upgraded from {was}" if was else "made"
    print(
        f"the tables are of version {schema.NEWEST}" if was == schema.NEWEST else f"{done}: {schema.NEWEST}"
    )
    return 0


def _current(url: str, _: argparse.Namespace) -> int:
    found = schema.version_of(Database(url).engine())
    print(f"{found or 'no tables'} (this Penstock's is {schema.NEWEST})")
    schema.refuse_newer(found, _shown(url))
    return 0 if found == schema.NEWEST else 1


def _history(url: str, _: argparse.Namespace) -> int:
    found = schema.version_of(Database(url).engine())
    for revision, words in schema.history():
        print(f"{'*' if revision == found else ' '} {revision}  {words}")
    return 0


def _sql(url: str, options: argparse.Namespace) -> int:
    print(schema.sql(parsed(url).get_backend_name(), options.since or None))
    return 0


def _shown(url: str) -> str:
    return f"the database '{parsed(url).render_as_string(hide_password=True)}'"


def _failed(error: Exception, code: int) -> int:
    print(f"migrations: {str(error).strip().partition(chr(10))[0]}", file=sys.stderr)
    return code


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m serving.lifecycle.migrations", description="Versions of Penstock's own tables."
    )
    parser.add_argument("--url", default="", help="the database, by default that of the settings")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    for name, run, explained in (
        ("upgrade", _upgrade, "make the tables, or bring them up to date"),
        ("current", _current, "tell their version; exit code 1 where it is not this Penstock's"),
        ("history", _history, "list all versions"),
        ("sql", _sql, "print the statements of an upgrade, and run none"),
    ):
        added = commands.add_parser(name, help=explained, description=explained)
        added.set_defaults(run=run)
        if name == "sql":
            added.add_argument(
                "--since", default="", choices=schema.REVISIONS, help="from this version; else from nothing"
            )
    return parser


if __name__ == "__main__":
    sys.exit(main())
