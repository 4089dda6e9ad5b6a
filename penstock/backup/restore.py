"""A back-up becomes an installation again, in places that hold nothing; the databases come last.

So what was cut off in the middle has no database yet, and can be emptied and begun again.
"""

from collections.abc import Callable, Iterable
from itertools import islice
from pathlib import Path

from penstock.backup.create import DATABASES
from penstock.backup.databases import Place, load, refuse_full
from penstock.backup.manifest import Item, Manifest, object_name
from penstock.backup.places import SECRETS, Places
from penstock.backup.rooms import Room
from penstock.problems import Away, BadRequest, Conflict
from serving.lifecycle import schema
from serving.prediction_log.bucket import sha256_of

Say = Callable[[str], None]


def restore(room: Room, manifest: Manifest, places: Places, *, say: Say) -> None:
    """Bring a back-up into empty places.

    Args:
        room: Where the back-up is.
        manifest: Which.
        places: Where to.
        say: Told what is done.

    Raises:
        Conflict: A place is not empty; nothing was written.
        BadRequest: The back-up is not for this Penstock, or not whole.
        Away: A place refuses.
    """
    _refuse_newer(manifest)
    rooms = {part: there for part, there in places.rooms.items() if part in manifest.parts}
    for part, there in rooms.items():
        _refuse_full(part, there)
    databases = [place for place in places.databases if place.name in manifest.kinds]
    for place in databases:
        refuse_full(place)
    with room.scratch() as scratch:
        try:
            for part, there in rooms.items():
                _put_all(room, manifest.parts[part], there)
                say(f"{part}: {len(manifest.parts[part])} files to '{there.place}'")
            for part in manifest.parts.keys() - places.rooms.keys() - {DATABASES, SECRETS}:
                count = len(manifest.parts[part])
                say(f"{part}: {count} files left out, as the settings name no place for them")
            for place in databases:
                _load(room, manifest, place, scratch)
                say(f"{DATABASES}: {place.shown()}")
        except OSError as error:
            raise Away(
                f"the restore was cut off: {error}; empty the places it wrote to, and run it again"
            ) from error


def _refuse_newer(manifest: Manifest) -> None:
    tables = manifest.versions.get("tables", "")
    if tables not in schema.REVISIONS:
        raise BadRequest(
            f"the back-up is a newer Penstock's (tables {tables}, this one knows up to {schema.NEWEST}); "
            "restore it with that one"
        )


def _refuse_full(part: str, there: Room) -> None:
    found = list(islice(there.entries(), 1))
    if found:
        raise Conflict(
            f"'{there.place}' ({part}) is not empty, '{found[0].path}' is there; restore into an empty "
            "place, or empty this one first"
        )


def _put_all(room: Room, items: Iterable[Item], there: Room) -> None:
    with there.scratch() as scratch:
        for item in items:
            there.put(item.path, _fetched(room, item, scratch / "file"), item.sha256)


def _load(room: Room, manifest: Manifest, place: Place, scratch: Path) -> None:
    for item in manifest.parts[DATABASES]:
        if item.path == place.name:
            file = _fetched(room, item, scratch / "dump")
            load(place, file, manifest.kinds[place.name])


def _fetched(room: Room, item: Item, file: Path) -> Path:
    try:
        room.fetch(object_name(item.sha256), file)
    except FileNotFoundError:
        is_whole = False
    else:
        is_whole = sha256_of(file) == item.sha256
    if not is_whole:
        raise BadRequest(
            f"'{item.path}' of the back-up is missing or was changed; run 'penstock backup verify', and use "
            "a back-up that is whole"
        )
    return file
