"""The keys in Penstock's database: made, listed, revoked, rotated, followed by a stamp of the last change.

The stamp is random, not a counter: a database that was restored from a backup has another one too, and so is
read again.
"""

import json
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime

import sqlalchemy as sa

from serving.keys import token
from serving.keys.errors import InvalidKeyError
from serving.keys.key import Key, Wanted
from serving.lifecycle.database import METADATA, Database

_KEYS = sa.Table(
    "penstock_keys",
    METADATA,
    sa.Column("key_id", sa.String(40), primary_key=True),
    sa.Column("digest", sa.LargeBinary, nullable=False),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("owner", sa.Text, nullable=False),
    sa.Column("project", sa.Text, nullable=False),
    sa.Column("models", sa.Text, nullable=False),
    sa.Column("actions", sa.Text, nullable=False),
    sa.Column("rate_per_s", sa.Double),
    sa.Column("burst", sa.Double),
    sa.Column("made_at", sa.Double, nullable=False),
    sa.Column("expires_at", sa.Double),
    sa.Column("revoked_at", sa.Double),
    sa.Column("used_at", sa.Double),
)
_STAMPS = sa.Table(
    "penstock_stamps",
    METADATA,
    sa.Column("name", sa.String(40), primary_key=True),
    sa.Column("stamp", sa.String(40), nullable=False),
)
_TIMES = ("made_at", "expires_at", "revoked_at", "used_at")
_LISTS = ("models", "actions")


@dataclass(frozen=True, slots=True)
class Made:
    """A new key and its text, which nobody can show again."""

    key: Key
    text: str


class KeyStore:
    """The keys; usable from several threads and processes.

    Args:
        database: Where they are.
        now: The time.
    """

    def __init__(self, database: Database, *, now: Callable[[], datetime]) -> None:
        self._database, self._now = database, now

    def make(self, wanted: Wanted) -> Made:
        """Make a key.

        Raises:
            LifecycleError: The database refuses.
        """
        with self._database.begin() as connection:
            return self._made(connection, wanted)

    def listed(self) -> list[Key]:
        """All keys, the oldest first; revoked ones too."""
        query = sa.select(_KEYS).order_by(_KEYS.c.made_at, _KEYS.c.key_id)
        with self._database.begin(is_read_only=True) as connection:
            return [_key(row) for row in connection.execute(query)]

    def revoke(self, key_id: str) -> Key:
        """End a key; one that is revoked already stays as it is.

        Raises:
            InvalidKeyError: There is no such key.
        """
        with self._database.begin() as connection:
            key = _found(connection, key_id)
            if key.revoked_at is None:
                key = replace(key, revoked_at=self._now())
                _change(connection, key_id, revoked_at=_seconds(key.revoked_at))
            return key

    def rotate(self, key_id: str, *, keep_s: float) -> Made:
        """Make a key like another one, which ends after a while, so that its callers can change over.

        Args:
            key_id: The one that ends.
            keep_s: For how many seconds it still holds.

        Raises:
            InvalidKeyError: There is no such key, or it has ended.
        """
        with self._database.begin() as connection:
            old = _found(connection, key_id)
            now = self._now()
            if old.revoked_at or (old.expires_at and old.expires_at <= now):
                raise InvalidKeyError(f"key {key_id} has ended already; make a new one")
            ends_s = min(now.timestamp() + keep_s, _seconds(old.expires_at) or float("inf"))
            _change(connection, key_id, expires_at=ends_s)
            like = {name: getattr(old, name) for name in Wanted.__dataclass_fields__}
            return self._made(connection, Wanted(**like))

    def forget_ended(self, name: str, now: datetime) -> None:
        """Drop the keys of a name that have ended; who makes keys by the clock would leave ever more."""
        ended = (_KEYS.c.expires_at <= now.timestamp()) | _KEYS.c.revoked_at.is_not(None)
        with self._database.begin() as connection:
            connection.execute(sa.delete(_KEYS).where((_KEYS.c.name == name) & ended))

    def stamp(self) -> str:
        """What is another text after each change."""
        query = sa.select(_STAMPS.c.stamp).where(_STAMPS.c.name == "keys")
        with self._database.begin(is_read_only=True) as connection:
            return str(connection.scalar(query) or "")

    def used(self, times: Mapping[str, datetime]) -> None:
        """Note when keys were last used, by their ids; this is no change that anybody follows."""
        with self._database.begin() as connection:
            for key_id, when in times.items():
                later = (_KEYS.c.used_at.is_(None)) | (_KEYS.c.used_at < when.timestamp())
                update = sa.update(_KEYS).where((_KEYS.c.key_id == key_id) & later)
                connection.execute(update.values(used_at=when.timestamp()))

    def _made(self, connection: sa.Connection, wanted: Wanted) -> Made:
        key_id, secret = token.new_id(), token.new_secret()
        fields = {name: getattr(wanted, name) for name in Wanted.__dataclass_fields__}
        key = Key(key_id=key_id, digest=token.digest(secret.encode()), made_at=self._now(), **fields)
        connection.execute(sa.insert(_KEYS).values(_row(key)))
        _stamped(connection)
        return Made(key, token.written(key_id, secret))


def _found(connection: sa.Connection, key_id: str) -> Key:
    row = connection.execute(sa.select(_KEYS).where(_KEYS.c.key_id == key_id)).first()
    if row is None:
        raise InvalidKeyError(f"there is no key '{key_id}'; 'python -m serving.keys list' shows all")
    return _key(row)


def _change(connection: sa.Connection, key_id: str, **values: float | None) -> None:
    connection.execute(sa.update(_KEYS).where(_KEYS.c.key_id == key_id).values(**values))
    _stamped(connection)


def _stamped(connection: sa.Connection) -> None:
    values = {"stamp": secrets.token_hex(8)}
    changed = connection.execute(sa.update(_STAMPS).where(_STAMPS.c.name == "keys").values(**values))
    if not changed.rowcount:
        connection.execute(sa.insert(_STAMPS).values(name="keys", **values))


def _row(key: Key) -> dict[str, object]:
    fields = {name: getattr(key, name) for name in Key.__dataclass_fields__}
    times = {name: _seconds(fields[name]) for name in _TIMES}
    return fields | times | {name: json.dumps(fields[name]) for name in _LISTS}


def _key(row: sa.Row[tuple[object, ...]]) -> Key:
    fields = dict(row._mapping)  # noqa: SLF001 - SQLAlchemy's documented name
    times = {name: None if fields[name] is None else _time(fields[name]) for name in _TIMES}
    return Key(**fields | times | {name: tuple(json.loads(fields[name])) for name in _LISTS})


def _seconds(when: datetime | None) -> float | None:
    return None if when is None else when.timestamp()


def _time(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
