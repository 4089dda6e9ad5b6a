"""What is due by the clock: each schedule's next moment lies in the database, so a restart forgets none.

A moment that several went by is due once. One that is later than it may be, since nobody watched, is told as
missed and passed over.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

import sqlalchemy as sa

from monitoring.retraining.cron import LONGEST, next_time
from serving.lifecycle.database import METADATA, Database

_SCHEDULES = sa.Table(
    "penstock_schedules",
    METADATA,
    sa.Column("model", sa.String(512), primary_key=True),
    sa.Column("kind", sa.String(20), primary_key=True),
    sa.Column("expression", sa.String(LONGEST), primary_key=True),
    sa.Column("next_s", sa.Double, nullable=False),
)


class Appointment(NamedTuple):
    """What is to be done by the clock: for which model, of which kind, and when (five cron fields)."""

    model: str
    kind: str
    expression: str


@dataclass(frozen=True, slots=True)
class Due:
    """An appointment whose moment has come.

    Attributes:
        appointment: Which.
        at_s: The moment, in seconds since 1970.
        is_missed: Whether it is too late for it.
    """

    appointment: Appointment
    at_s: float
    is_missed: bool


class Clock:
    """The schedules in the database.

    Args:
        database: Where they are.
        late_s: How long after its moment something is still done.
    """

    def __init__(self, database: Database, *, late_s: float) -> None:
        self._database, self._late_s = database, late_s

    def due(self, models: Iterable[str], wanted: Iterable[Appointment], now_s: float) -> list[Due]:
        """What is due now. It stays due until it is kept or too late.

        A schedule that is new begins now; those of these models that are wanted no more are forgotten.

        Args:
            models: Whose schedules are told.
            wanted: All of their schedules; each an expression that `cron` reads.
            now_s: The time, in seconds since 1970.

        Raises:
            CronError: An expression is no schedule.
            LifecycleError: The database refuses.
        """
        asked, known = dict.fromkeys(wanted), self._known()
        found = []
        for appointment in asked:
            at_s = known.get(appointment)
            if at_s is None or self._was_set_back(appointment, at_s, now_s):
                self.keep(appointment, now_s)
            elif at_s <= now_s:
                found.append(Due(appointment, at_s, is_missed=now_s - at_s > self._late_s))
        mine = set(models)
        self._forget(each for each in known if each.model in mine and each not in asked)
        return found

    def keep(self, appointment: Appointment, now_s: float) -> None:
        """Wait for the next moment after now.

        Raises:
            CronError: The expression is no schedule.
            LifecycleError: The database refuses.
        """
        next_s = next_time(appointment.expression, now_s)
        with self._database.begin() as connection:
            at = sa.update(_SCHEDULES).where(_is(appointment)).values(next_s=next_s)
            if not connection.execute(at).rowcount:
                row = appointment._asdict() | {"next_s": next_s}
                connection.execute(sa.insert(_SCHEDULES).values(row))

    def _was_set_back(self, appointment: Appointment, at_s: float, now_s: float) -> bool:
        """Whether the machine's clock went back over more than a whole turn of the schedule."""
        first_s = next_time(appointment.expression, now_s)
        return at_s > first_s and at_s > next_time(appointment.expression, first_s)

    def _known(self) -> dict[Appointment, float]:
        with self._database.begin(is_read_only=True) as connection:
            rows = connection.execute(sa.select(_SCHEDULES)).all()
        return {Appointment(row.model, row.kind, row.expression): float(row.next_s) for row in rows}

    def _forget(self, appointments: Iterable[Appointment]) -> None:
        for each in appointments:
            with self._database.begin() as connection:
                connection.execute(sa.delete(_SCHEDULES).where(_is(each)))


def _is(appointment: Appointment) -> sa.ColumnElement[bool]:
    same = [getattr(_SCHEDULES.c, name) == value for name, value in appointment._asdict().items()]
    return sa.and_(*same)
