"""Sessions of the console, kept by the digest of a random token that only the cookie has."""

import secrets
import threading
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import asdict, dataclass
from hashlib import blake2b

import sqlalchemy as sa

from serving.lifecycle.database import METADATA, Database

SESSIONS = sa.Table(
    "penstock_sessions",
    METADATA,
    sa.Column("digest", sa.LargeBinary(32), primary_key=True),
    sa.Column("user", sa.String(255), nullable=False, index=True),
    sa.Column("user_id", sa.String(64), nullable=False),
    sa.Column("address", sa.String(80), nullable=False),
    sa.Column("begun_s", sa.Double, nullable=False),
    sa.Column("ends_s", sa.Double, nullable=False),
)
TOKEN_BYTES = 32
MOST_STRANGE = 4096
MOST_OF_ONE = 50
"""Sessions of one user; one more ends the oldest."""


@dataclass(frozen=True, slots=True)
class Session:
    """Somebody who has signed in; times in seconds since 1970.

    Attributes:
        digest: Of the token that the cookie holds.
        user: Who.
        user_id: MLflow's number of that account.
        address: Where they signed in from.
        begun_s: When.
        ends_s: When they must sign in again.
    """

    digest: bytes
    user: str
    user_id: str
    address: str
    begun_s: float
    ends_s: float


class SessionStore:
    """The sessions in the database; usable from several threads and processes.

    Args:
        database: Where they are.
        now: Seconds since 1970.
    """

    def __init__(self, database: Database, now: Callable[[], float]) -> None:
        self._database, self._now = database, now

    def begin(self, user: str, user_id: str, address: str, *, lasts_s: float) -> str:
        """Begin a session, and give its token."""
        token, now_s = secrets.token_urlsafe(TOKEN_BYTES), self._now()
        session = Session(digest(token), user, user_id, address[:80], now_s, now_s + lasts_s)
        mine = SESSIONS.c.user == user
        newest = (
            sa.select(SESSIONS.c.digest)
            .where(mine)
            .order_by(SESSIONS.c.begun_s.desc())
            .limit(MOST_OF_ONE - 1)
        )
        with self._database.begin() as connection:
            connection.execute(sa.delete(SESSIONS).where(SESSIONS.c.ends_s <= now_s))
            kept = list(connection.scalars(newest))
            connection.execute(sa.delete(SESSIONS).where(mine & SESSIONS.c.digest.not_in(kept)))
            connection.execute(sa.insert(SESSIONS).values(asdict(session)))
        return token

    def find(self, token: str) -> Session | None:
        """The session of a token; None where there is none, or it is over."""
        query = sa.select(SESSIONS).where(SESSIONS.c.digest == digest(token))
        with self._database.begin(is_read_only=True) as connection:
            row = connection.execute(query).first()
        session = None if row is None else Session(**dict(row._mapping))  # noqa: SLF001 - SQLAlchemy's name
        return session if session and self._now() < session.ends_s else None

    def end(self, token: str) -> None:
        """End a session; one that is over stays so."""
        with self._database.begin() as connection:
            connection.execute(sa.delete(SESSIONS).where(SESSIONS.c.digest == digest(token)))

    def end_all(self, user: str) -> int:
        """End all of a user's sessions; gives how many."""
        with self._database.begin() as connection:
            return connection.execute(sa.delete(SESSIONS).where(SESSIONS.c.user == user)).rowcount


class StrangeTokens:
    """The newest tokens that are no session's, and never become one; usable from several threads."""

    def __init__(self) -> None:
        self._digests: OrderedDict[bytes, None] = OrderedDict()
        self._lock = threading.Lock()

    def holds(self, token: str) -> bool:
        """Whether a token is known to be nobody's."""
        return digest(token) in self._digests

    def note(self, token: str) -> None:
        """Remember a token that led to no session, or to none any more."""
        with self._lock:
            self._digests[digest(token)] = None
            if len(self._digests) > MOST_STRANGE:
                self._digests.popitem(last=False)


def digest(token: str) -> bytes:
    """What is kept of a token: it is 256 random bits, so a plain digest gives nobody a way back."""
    return blake2b(token.encode("utf-8", "replace"), digest_size=32).digest()


def csrf_token(token: str) -> str:
    """What the pages of a session send along with writes; made of its token, which no script can read."""
    return blake2b(b"csrf", key=digest(token), digest_size=24).hexdigest()
