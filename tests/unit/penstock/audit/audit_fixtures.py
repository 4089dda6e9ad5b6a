"""A trail on SQLite, without MLflow."""

from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path

import sqlalchemy as sa

from penstock.audit.heads import HeadFile, trail_name
from penstock.audit.trail import Event, Trail
from penstock.people.person import Person
from serving.lifecycle.database import Database

ANA = Person("ana", address="127.0.0.1")
BEN = Person("ben")
NOON = datetime(2026, 7, 31, 12, tzinfo=UTC)


class Kept:
    """A trail, its database and its head file."""

    def __init__(self, folder: Path) -> None:
        self.url = f"sqlite:///{folder}/penstock.db"
        self.file = HeadFile(folder / "audit" / "head.jsonl")
        self.database = Database(self.url)
        seconds = count()
        self.trail = Trail(
            self.database,
            lambda: NOON + timedelta(seconds=next(seconds)),
            name=trail_name(self.url),
            file=self.file,
        )

    def record(self, times: int = 1, person: Person = ANA, **changes: object) -> None:
        event = {"action": "dataset.upload", "subject": "dataset 1", "project": "ana/churn"} | changes
        for _ in range(times):
            self.trail.record(person, Event(**event))

    def sql(self, statement: str, **values: object) -> None:
        """Change the table by hand."""
        with self.database.begin() as connection:
            connection.execute(sa.text(statement), values)
