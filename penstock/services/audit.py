"""Who did what, for those who may know: administrators all, managers their projects, everybody their own."""

from collections.abc import Iterator
from dataclasses import asdict

import orjson

from penstock.audit.entries import SOURCES, Entry, Place, Seen, Wanted, page, stream
from penstock.audit.trail import Event
from penstock.audit.verify import Verdict, verify
from penstock.desk import Desk
from penstock.people.person import Level, Person
from penstock.problems import BadRequest, NotAllowed
from penstock.services.told import as_problems
from projects.hints import did_you_mean

MOST_LISTED = 1000
_CHUNK_LINES = 500


def listed(
    desk: Desk, person: Person, wanted: Wanted, *, before: Place | None = None, most: int = 50
) -> list[Entry]:
    """Entries that the person may see, newest first.

    Args:
        desk: The desk.
        person: Who asks.
        wanted: Which.
        before: Only those behind this place of an earlier page.
        most: At most so many, and `MOST_LISTED`.

    Raises:
        BadRequest: A filter that cannot be used.
    """
    _check(wanted)
    with as_problems():
        return page(desk.database, wanted, seen(desk, person), before=before, most=min(most, MOST_LISTED))


def exported(desk: Desk, person: Person, wanted: Wanted) -> Iterator[bytes]:
    """The same as JSON lines, oldest first, in pieces; that they were exported is in the trail.

    Raises:
        BadRequest: A filter that cannot be used.
        Away: The trail cannot be written to.
    """
    _check(wanted)
    with as_problems():
        what = seen(desk, person)
        filters = {name: str(value) for name, value in asdict(wanted).items() if value}
        desk.trail.record(person, Event("audit.export", "audit trail", details=filters))
    return _lines(stream(desk.database, wanted, what))


def verified(desk: Desk, person: Person) -> Verdict:
    """Whether the trail is whole.

    Raises:
        NotAllowed: The person is no administrator.
    """
    if not _sees_all(person):
        raise NotAllowed("the audit trail is verified by administrators; ask one")
    with as_problems():
        return verify(desk.database, desk.trail)


def seen(desk: Desk, person: Person) -> Seen:
    """What a person may see."""
    if _sees_all(person):
        return Seen(is_all=True)
    projects = [
        project.path
        for project in desk.projects.listed()
        if desk.rights.level(person, "experiment", project.experiment_id) >= Level.MANAGE
    ]
    names = {held.name for held in desk.versions.listed()}
    models = [name for name in names if desk.rights.level(person, "registered_model", name) >= Level.MANAGE]
    return Seen(is_all=False, user=person.name, projects=projects, models=sorted(models))


def line(entry: Entry) -> bytes:
    """An entry as a JSON line."""
    return orjson.dumps(asdict(entry), option=orjson.OPT_APPEND_NEWLINE)


def _sees_all(person: Person) -> bool:
    return person.is_admin and person.key is None


def _check(wanted: Wanted) -> None:
    strange = [source for source in wanted.sources if source not in SOURCES]
    if strange:
        raise BadRequest(f"there is no source '{strange[0]:.60}'; {did_you_mean(strange[0][:60], SOURCES)}")
    for when in (wanted.since, wanted.until):
        if when is not None and when.tzinfo is None:
            raise BadRequest(f"a time must have its zone, like 2026-07-31T12:00:00Z, not '{when}'; add it")


def _lines(entries: Iterator[Entry]) -> Iterator[bytes]:
    some: list[bytes] = []
    for entry in entries:
        some.append(line(entry))
        if len(some) == _CHUNK_LINES:
            yield b"".join(some)
            some = []
    yield b"".join(some)
