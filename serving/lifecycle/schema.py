"""The version of Penstock's tables: which one a database has, and how it comes to the one of this code.

Looking costs one query. An empty database gets its tables at first use, and SQLite's are brought up to date
then, too; those of a server only by `python -m serving.lifecycle.migrations upgrade`, as other processes of
an older Penstock may be at work on them. All steps are one transaction under the write lock: whoever comes
second finds them done, and one that fails leaves the tables as they were.
"""

from pathlib import Path
from typing import Any

import sqlalchemy as sa

from serving.lifecycle.engines import reading
from serving.lifecycle.errors import LifecycleError

VERSIONS = "penstock_schema"
"""The table of the version; MLflow's own, in the same database, is called `alembic_version`."""
REVISIONS = ("0001", "0002")
"""All versions, the oldest first."""
NEWEST = REVISIONS[-1]
BEFORE = "before 0001"
"""Tables that were made before they had versions."""
STEPS = Path(__file__).parent / "migrations"
UPGRADE = "python -m serving.lifecycle.migrations upgrade"
_PREFIX = "penstock_"
_VERSION: sa.Select[tuple[str]] = sa.select(sa.column("version_num")).select_from(sa.table(VERSIONS))


class OtherSchemaError(LifecycleError):
    """The tables are not those of this code, and are not changed unasked."""


def make_sure(engine: sa.Engine, name: str) -> None:
    """Have the tables of this code in a database, or say why not.

    Args:
        engine: What reaches it.
        name: How sentences call it.

    Raises:
        OtherSchemaError: Its tables are a newer Penstock's, or an older one's on a server.
        sqlalchemy.exc.SQLAlchemyError: The database refuses.
    """
    found = version_of(engine)
    if found == NEWEST:
        return
    refuse_newer(found, name)
    if found is not None and engine.dialect.name != "sqlite":
        raise OtherSchemaError(
            f"{name} has the tables of an older Penstock (version {found}, this one needs {NEWEST}); make a "
            f"back-up, stop what uses it, and run '{UPGRADE}'"
        )
    upgrade(engine, name)


def version_of(engine: sa.Engine) -> str | None:
    """The version of a database's tables; `BEFORE` for those without one, None where there are none."""
    with engine.connect().execution_options(**reading(engine)) as connection:
        try:
            if found := connection.scalar(_VERSION):
                return str(found)
        except (sa.exc.OperationalError, sa.exc.ProgrammingError):
            connection.rollback()
        return _version(connection)


def _version(connection: sa.Connection) -> str | None:
    names = sa.inspect(connection).get_table_names()
    if VERSIONS in names and (found := connection.scalar(_VERSION)):
        return str(found)
    return BEFORE if any(name.startswith(_PREFIX) and name != VERSIONS for name in names) else None


def refuse_newer(found: str | None, name: str) -> None:
    """Refuse tables that this code does not know.

    Raises:
        OtherSchemaError: They are a newer Penstock's.
    """
    if found not in (None, BEFORE, *REVISIONS):
        raise OtherSchemaError(
            f"{name} has the tables of a newer Penstock (version {found}, this one knows up to {NEWEST}); "
            "use that Penstock, or restore a back-up from before its upgrade"
        )


def upgrade(engine: sa.Engine, name: str) -> str | None:
    """Bring the tables to this code's version, all or nothing; gives the version that was there.

    Raises:
        OtherSchemaError: They are a newer Penstock's.
        sqlalchemy.exc.SQLAlchemyError: A step failed; the tables are as they were.
    """
    from alembic import command

    with engine.connect() as connection, connection.begin():
        found = _version(connection)
        refuse_newer(found, name)
        if found != NEWEST:
            command.upgrade(_config(connection=connection), NEWEST)
        return found


def sql(dialect: str, since: str | None) -> str:
    """The statements that bring tables from a version, or from nothing, to this code's.

    Args:
        dialect: `postgresql` or `sqlite`.
        since: A version of `REVISIONS`; None for an empty database.
    """
    import io

    from alembic import command

    said = io.StringIO()
    config = _config(dialect=dialect)
    config.output_buffer = said
    command.upgrade(config, f"{since}:{NEWEST}" if since else NEWEST, sql=True)
    return said.getvalue()


def history() -> list[tuple[str, str]]:
    """All versions with what each brought, the oldest first."""
    from alembic.script import ScriptDirectory

    steps = ScriptDirectory.from_config(_config()).walk_revisions()
    return [(step.revision, (step.doc or "").partition("\n")[0]) for step in steps][::-1]


def _config(**attributes: object) -> Any:
    from alembic.config import Config

    config = Config(attributes=dict(attributes))
    # A per cent sign in the folder's name is no reference to another option.
    config.set_main_option("script_location", str(STEPS).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    return config
