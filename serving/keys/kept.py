"""Secrets that Penstock makes for itself and keeps in its database, for all who use it."""

import secrets

import sqlalchemy as sa

from serving.lifecycle.database import METADATA, Database

SECRET_BYTES = 32

_SECRETS = sa.Table(
    "penstock_secrets",
    METADATA,
    sa.Column("name", sa.String(80), primary_key=True),
    sa.Column("secret", sa.LargeBinary, nullable=False),
)


def kept_secret(database: Database, name: str) -> bytes:
    """The secret of a name: 256 random bits, made when first asked for.

    Raises:
        LifecycleError: The database cannot be used.
    """
    query = sa.select(_SECRETS.c.secret).where(_SECRETS.c.name == name)
    with database.begin(is_read_only=True) as connection:
        found = connection.scalar(query)
    if found is not None:
        return bytes(found)
    try:
        with database.begin() as connection:
            made = secrets.token_bytes(SECRET_BYTES)
            connection.execute(sa.insert(_SECRETS).values(name=name, secret=made))
            return made
    except sa.exc.IntegrityError:  # another process made it at the same time
        with database.begin(is_read_only=True) as connection:
            return bytes(connection.scalar(query) or b"")
