"""Answers kept for a day by the key that a caller gave a write, so that it can be repeated without harm."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import sqlalchemy as sa

from serving.lifecycle.database import METADATA, Database

ANSWERS = sa.Table(
    "penstock_answers",
    METADATA,
    sa.Column("actor", sa.String(400), primary_key=True),
    sa.Column("key", sa.String(200), primary_key=True),
    sa.Column("fingerprint", sa.String(64), nullable=False),
    sa.Column("status", sa.Integer, nullable=False),
    sa.Column("headers", sa.Text, nullable=False),
    sa.Column("body", sa.LargeBinary, nullable=False),
    sa.Column("begun_s", sa.Double, nullable=False),
    sa.Column("until_s", sa.Double, nullable=False),
    sa.Index("penstock_answers_begun", "begun_s"),
)
KEPT_S = 86_400.0
LEASE_S = 30.0
"""How long a request counts as under way after its last sign of life."""


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer as it was sent."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class OtherRequest(Exception):  # noqa: N818 - a finding, not a fault
    """The key was given to another request."""


class UnderWay(Exception):  # noqa: N818 - a finding, not a fault
    """The request of that key is being answered."""


class AnswerStore:
    """The kept answers; usable from several threads and processes.

    Args:
        database: Where they are.
        now: Seconds since 1970.
    """

    def __init__(self, database: Database, now: Callable[[], float]) -> None:
        self._database, self._now = database, now

    def begin(self, actor: str, key: str, fingerprint: str) -> Answer | None:
        """Begin a request, or give the answer that it had.

        Raises:
            OtherRequest: The key was given to a request of another fingerprint.
            UnderWay: The same request is being answered.
        """
        now = self._now()
        with self._database.begin() as connection:
            connection.execute(sa.delete(ANSWERS).where(ANSWERS.c.begun_s < now - KEPT_S))
            row = connection.execute(sa.select(ANSWERS).where(_this(actor, key))).first()
            if row is not None:
                if row.fingerprint != fingerprint:
                    raise OtherRequest
                if row.status:
                    return Answer(row.status, json.loads(row.headers), bytes(row.body))
                if row.until_s > now:
                    raise UnderWay
                connection.execute(sa.delete(ANSWERS).where(_this(actor, key)))
            connection.execute(
                sa.insert(ANSWERS).values(
                    actor=actor, key=key, fingerprint=fingerprint, status=0, headers="{}", body=b"",
                    begun_s=now, until_s=now + LEASE_S,
                )
            )  # fmt: skip
        return None

    def live(self, actor: str, key: str) -> None:
        """Say that a request is still being answered."""
        self._set(actor, key, until_s=self._now() + LEASE_S)

    def keep(self, actor: str, key: str, answer: Answer) -> None:
        """Keep the answer of a request."""
        headers = json.dumps(dict(answer.headers))
        self._set(actor, key, status=answer.status, headers=headers, body=answer.body)

    def forget(self, actor: str, key: str) -> None:
        """Let the key be used again: the request did nothing."""
        with self._database.begin() as connection:
            connection.execute(sa.delete(ANSWERS).where(_this(actor, key)))

    def _set(self, actor: str, key: str, **values: object) -> None:
        with self._database.begin() as connection:
            connection.execute(sa.update(ANSWERS).where(_this(actor, key)).values(values))


def _this(actor: str, key: str) -> sa.ColumnElement[bool]:
    return (ANSWERS.c.actor == actor) & (ANSWERS.c.key == key)
