"""The audit trail: entries that are only appended, each bound to the one before by its hash (see `chain`).

After each append the newest hash goes to the places that `heads` knows, so that a cut-off end is found, too.
"""

import json
import logging
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa

from penstock.audit.heads import Head, HeadFile, Mirror
from penstock.people.person import Person
from penstock.problems import Away, Problem
from serving.lifecycle import chain
from serving.lifecycle.database import METADATA, Database
from serving.lifecycle.errors import LifecycleError

_logger = logging.getLogger(__name__)
ENTRIES = sa.Table(
    "penstock_audit",
    METADATA,
    *chain.columns(),
    sa.Column("time", sa.String(40), nullable=False),
    sa.Column("actor", sa.String(400), nullable=False),
    sa.Column("address", sa.String(80), nullable=False),
    sa.Column("action", sa.String(40), nullable=False),
    sa.Column("project", sa.String(400), nullable=False),
    sa.Column("subject", sa.Text, nullable=False),
    sa.Column("outcome", sa.String(20), nullable=False),
    sa.Column("details", sa.Text, nullable=False),
    sa.Index("penstock_audit_project", "project", "sequence"),
    sa.Index("penstock_audit_actor", "actor", "sequence"),
    sa.Index("penstock_audit_time", "time", "sequence"),
)
LARGEST = 2**63 - 1
"""What a database takes for a whole number."""
LONGEST = {"actor": 400, "address": 80, "action": 40, "project": 400, "subject": 2000}
"""What a database holds of each; what is longer is cut."""


@dataclass(frozen=True, slots=True)
class Event:
    """Something that somebody did or was refused.

    Attributes:
        action: A verb and what it is about, such as `dataset.upload`, `model.promote`, `login`; one of
            `actions.ACTIONS`.
        subject: What it was done to, such as `dataset 0198...` or `model churn version 3`.
        project: `user/name` of the project; empty where it is about none.
        outcome: `done`, `refused` or `failed`; also `begun`, see `Trail.doing`.
        details: More, as plain JSON; never a secret.
    """

    action: str
    subject: str
    project: str = ""
    outcome: str = "done"
    details: Mapping[str, Any] = field(default_factory=dict)


class Trail:
    """The trail in the database; usable from several threads and processes.

    Args:
        database: Where it is.
        now: The time, aware.
        name: Which trail it is, as heads tell it.
        file: Where each entry's hash goes, too; None for nowhere.
        mirror: Where the newest hash goes now and then; None for nowhere.
    """

    def __init__(
        self,
        database: Database,
        now: Callable[[], datetime],
        *,
        name: str = "",
        file: HeadFile | None = None,
        mirror: Mirror | None = None,
    ) -> None:
        self._database, self._now = database, now
        self.name, self.file, self.mirror = name, file, mirror
        self.unwritten_heads = 0
        """How many entries' hashes the file has refused since this process began."""
        # SQLite's own waiting is unfair: threads of one process had better stand in line here.
        self._turn = threading.Lock()

    def record(self, person: Person, event: Event) -> chain.Entry:
        """Append an event, and give its entry.

        Raises:
            Away: The database refuses; then what was to be recorded must not be done.
        """
        entry = _row(person, event, self._now())
        try:
            with self._turn:
                written = chain.append(self._database, ENTRIES, [entry])[0]
        except LifecycleError as error:
            _logger.critical("the audit trail refused an entry (%s): %s", event.action, error)
            raise Away(
                "the audit trail cannot be written to, and nothing is done that it does not hold; "
                "try again in a moment",
                code="audit_away",
                retry_s=5.0,
            ) from error
        self._tell(Head(self.name, written["sequence"], written["sha256"], written["time"]))
        return written

    @contextmanager
    def doing(self, person: Person, event: Event) -> Iterator[dict[str, Any]]:
        """Record that something is begun, let it be done, and record how it went.

        For what must not be done unrecorded: where the trail refuses, the block is not entered. What the
        block puts into the mapping is in the details of the second entry.

        Raises:
            Away: The database refuses.
        """
        first = self.record(person, replace(event, outcome="begun"))
        more: dict[str, Any] = {}
        try:
            yield more
        except Exception as error:
            outcome = "refused" if isinstance(error, Problem) and error.status < 500 else "failed"
            why = str(error)[:500] if isinstance(error, Problem | LifecycleError) else type(error).__name__
            told = {**event.details, **more, "begun": first["sequence"], "why": why}
            self.record(person, replace(event, outcome=outcome, details=told))
            raise
        told = {**event.details, **more, "begun": first["sequence"]}
        self.record(person, replace(event, details=told))

    def holds(self, head: Head) -> bool:
        """Whether the trail has the entry that a head names.

        Raises:
            LifecycleError: The database cannot be read.
        """
        query = sa.select(ENTRIES.c.sha256).where(ENTRIES.c.sequence == head.sequence)
        if not 0 < head.sequence <= LARGEST:
            return False
        with self._database.begin(is_read_only=True) as connection:
            return bool(connection.scalar(query) == head.sha256)

    def close(self) -> None:
        """Bring the newest hash to its places, before the process ends."""
        if self.mirror is not None:
            self.mirror.close()

    def _tell(self, head: Head) -> None:
        if self.file is not None:
            try:
                self.file.write(head)
            except OSError as error:
                self.unwritten_heads += 1
                _logger.warning("the audit's head could not be written to '%s': %s", self.file.path, error)
        if self.mirror is not None:
            self.mirror.note(head)


def _row(person: Person, event: Event, now: datetime) -> dict[str, Any]:
    texts = {
        "actor": person.actor,
        "address": person.address,
        "action": event.action,
        "project": event.project,
        "subject": event.subject,
    }
    plain = {name: _plain(text)[: LONGEST[name]] for name, text in texts.items()}
    return {
        "time": now.astimezone(UTC).isoformat(timespec="microseconds"),
        **plain,
        "outcome": event.outcome,
        "details": _plain(json.dumps(event.details, ensure_ascii=False, sort_keys=True, default=str)),
    }


def _plain(text: str) -> str:
    """Text as every database holds it: no half characters, no NUL."""
    return text.encode(errors="replace").decode().replace("\0", "�")
