"""A promotion that waits for other people's yes, as the database holds it."""

import json
import uuid
from collections.abc import Callable, Collection
from dataclasses import asdict, dataclass, replace
from typing import Any, Literal

import sqlalchemy as sa

from serving.lifecycle.database import METADATA, Database

State = Literal["open", "carrying", "done", "rejected", "withdrawn", "expired", "failed"]
REQUESTS = sa.Table(
    "penstock_approvals",
    METADATA,
    sa.Column("request_id", sa.String(36), primary_key=True),
    # One open request a version: the name and number while it is open, the request's id after.
    sa.Column("place", sa.String(500), nullable=False, unique=True),
    sa.Column("model", sa.String(400), nullable=False),
    sa.Column("version", sa.String(40), nullable=False),
    sa.Column("project", sa.String(400), nullable=False),
    sa.Column("state", sa.String(20), nullable=False),
    sa.Column("asked_by", sa.String(400), nullable=False),
    sa.Column("comment", sa.Text, nullable=False),
    sa.Column("force", sa.Boolean, nullable=False),
    sa.Column("people", sa.Integer, nullable=False),
    sa.Column("answers", sa.Text, nullable=False),
    sa.Column("created_s", sa.Double, nullable=False),
    sa.Column("expires_s", sa.Double, nullable=False),
    sa.Column("ended_s", sa.Double, nullable=False),
    sa.Column("why", sa.Text, nullable=False),
    sa.Column("made_ms", sa.BigInteger, nullable=False, server_default="0"),
    sa.Index("penstock_approvals_model", "model", "created_s"),
    sa.Index("penstock_approvals_state", "state", "created_s"),
)
OPEN: tuple[State, ...] = ("open", "carrying")
CARRYING_S = 120.0
"""After so long a promotion that was being carried out counts as cut off, and may be approved again."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What somebody answered.

    Attributes:
        person: Who.
        is_yes: Whether they agree.
        comment: Why.
        time_s: When, in seconds since 1970.
    """

    person: str
    is_yes: bool
    comment: str
    time_s: float


@dataclass(frozen=True, slots=True)
class Request:
    """A promotion to Production that waits for other people's yes; times in seconds since 1970, 0: not yet.

    Attributes:
        request_id: A UUID.
        model: The registered model.
        version: The registry's number.
        project: `owner/name` of the model's project; empty where nothing says.
        state: `open`; `carrying` while it is carried out; `done`, `rejected`, `withdrawn`, `expired`,
            `failed`.
        asked_by: Who asked.
        comment: Why.
        force: Whether the version is to be promoted although its gate failed.
        people: How many must agree, whoever asked included.
        answers: What others said, in their order.
        created_s: When it was asked.
        expires_s: Until when it can be answered.
        ended_s: When it was over.
        why: Why it failed, or was withdrawn by nobody.
        made_ms: When the version was registered, in milliseconds since 1970: numbers are given again after a
            deletion. 0 where it is not known.
    """

    request_id: str
    model: str
    version: str
    project: str
    state: State
    asked_by: str
    comment: str
    force: bool
    people: int
    answers: tuple[Answer, ...]
    created_s: float
    expires_s: float
    ended_s: float = 0.0
    why: str = ""
    made_ms: int = 0

    @property
    def is_open(self) -> bool:
        """Whether something may still come of it."""
        return self.state in OPEN

    @property
    def missing(self) -> int:
        """How many more must agree."""
        return max(0, self.people - 1 - sum(answer.is_yes for answer in self.answers))


class RequestStore:
    """The requests in the database; usable from several threads and processes.

    Args:
        database: Where they are.
        now_s: Seconds since 1970.
    """

    def __init__(self, database: Database, now_s: Callable[[], float]) -> None:
        self._database, self._now_s = database, now_s

    def add(self, asked: Request) -> Request:
        """Keep a new request; those of the version that have expired give way.

        Raises:
            sqlalchemy.exc.IntegrityError: The version has an open one.
        """
        self.expire()
        made = replace(asked, request_id=str(uuid.uuid4()))
        with self._database.begin() as connection:
            connection.execute(sa.insert(REQUESTS).values(_row(made)))
        return made

    def get(self, request_id: str) -> Request | None:
        """A request; None where there is none of that id."""
        found = self._found(REQUESTS.c.request_id == request_id, 1)
        return found[0] if found else None

    def listed(self, *, model: str = "", states: tuple[State, ...] = (), most: int = 1000) -> list[Request]:
        """Requests, newest first."""
        which = sa.true() if not model else REQUESTS.c.model == model
        if states:
            which = sa.and_(which, REQUESTS.c.state.in_(states))
        return self._found(which, most)

    def change(self, request_id: str, decide: Callable[[Request], Request]) -> Request | None:
        """Let a function decide what becomes of a request, alone with it; None where there is none.

        What the function raises leaves the request as it is.
        """
        this = REQUESTS.c.request_id == request_id
        with self._database.begin() as connection:
            row = connection.execute(sa.select(REQUESTS).where(this).with_for_update()).first()
            if row is None:
                return None
            new = decide(_request(row))
            connection.execute(sa.update(REQUESTS).where(this).values(_row(new)))
        return new

    def expire(self) -> int:
        """End those whose time is over; how many."""
        over = (REQUESTS.c.state == "open") & (REQUESTS.c.expires_s <= self._now_s())
        values = {"state": "expired", "ended_s": REQUESTS.c.expires_s, "place": REQUESTS.c.request_id}
        with self._database.begin() as connection:
            return int(connection.execute(sa.update(REQUESTS).where(over).values(values)).rowcount)

    def drop(self, model: str, versions: Collection[str], why: str) -> int:
        """Withdraw the open requests of versions that are there no more; how many."""
        these = (REQUESTS.c.model == model) & REQUESTS.c.version.in_(versions)
        values = {"state": "withdrawn", "ended_s": self._now_s(), "place": REQUESTS.c.request_id, "why": why}
        query = sa.update(REQUESTS).where(these & (REQUESTS.c.state == "open")).values(values)
        with self._database.begin() as connection:
            return int(connection.execute(query).rowcount)

    def _found(self, which: sa.ColumnElement[bool], most: int) -> list[Request]:
        query = sa.select(REQUESTS).where(which)
        query = query.order_by(REQUESTS.c.created_s.desc(), REQUESTS.c.request_id).limit(most)
        with self._database.begin(is_read_only=True) as connection:
            return [_request(row) for row in connection.execute(query)]


def _row(asked: Request) -> dict[str, Any]:
    place = f"{asked.model}\n{asked.version}" if asked.is_open else asked.request_id
    answers = json.dumps([asdict(answer) for answer in asked.answers], ensure_ascii=False)
    return asdict(asked) | {"answers": answers, "place": place}


def _request(row: sa.Row[Any]) -> Request:
    kept = row._mapping  # noqa: SLF001 - SQLAlchemy's documented name
    fields = {name: kept[name] for name in Request.__dataclass_fields__}
    answers = tuple(Answer(**answer) for answer in json.loads(fields["answers"]))
    return Request(**fields | {"answers": answers})
