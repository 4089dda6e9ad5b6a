"""A back-up's manifest: which content lies under which name. It is written last, whole or not at all.

objects/ab/ab12...   contents, by their SHA-256: what did not change is there once for all back-ups
snapshots/ID.json    manifests; what no manifest names belongs to a back-up that was cut off
"""

import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from penstock.backup.rooms import Room
from penstock.problems import BadRequest, NotFound

FORMAT = 1
SNAPSHOTS, OBJECTS = "snapshots/", "objects/"
_SHA256 = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class Item:
    """A file in a back-up.

    Attributes:
        path: Its name below its part.
        sha256: Its content.
        size_bytes: What it takes.
        stamp: What its place said of it, so that the next back-up need not read it again.
    """

    path: str
    sha256: str
    size_bytes: int
    stamp: str = ""


@dataclass(frozen=True, slots=True)
class Manifest:
    """A back-up.

    Attributes:
        backup_id: Its time in UTC and a random end, so that they sort by age.
        made_at: When it was begun, ISO 8601.
        versions: Of Penstock's tables and of MLflow.
        kinds: How each database was written: `sqlite`, `pg_dump` or `rows`.
        parts: The files of each part.
        remarks: What is not in it, a sentence each.
    """

    backup_id: str
    made_at: str
    versions: Mapping[str, str]
    kinds: Mapping[str, str] = field(default_factory=dict)
    parts: Mapping[str, tuple[Item, ...]] = field(default_factory=dict)
    remarks: tuple[str, ...] = ()

    @property
    def size_bytes(self) -> int:
        """What all its files take."""
        return sum(item.size_bytes for items in self.parts.values() for item in items)

    @property
    def files(self) -> int:
        """How many files it has."""
        return sum(len(items) for items in self.parts.values())


@dataclass(frozen=True, slots=True)
class Damaged:
    """A back-up whose manifest cannot be used.

    Attributes:
        backup_id: Its name.
        why: What is wrong with it, and what to do.
    """

    backup_id: str
    why: str


def object_name(sha256: str) -> str:
    """Where a content lies."""
    return f"{OBJECTS}{sha256[:2]}/{sha256}"


def written(manifest: Manifest) -> bytes:
    """A manifest as its file, which bears its own digest."""
    told = asdict(manifest) | {"format": FORMAT}
    return json.dumps(told | {"sha256": _digest(told)}, indent=1).encode()


def read(text: bytes, name: str) -> Manifest:
    """A manifest from its file.

    Raises:
        BadRequest: It was changed, or is a later Penstock's.
    """
    try:
        told: dict[str, Any] = json.loads(text)
        sha256 = told.pop("sha256")
        is_whole = sha256 == _digest(told)
        version = told.pop("format")
    except (ValueError, KeyError, TypeError, AttributeError):
        is_whole, version, told = False, FORMAT, {}
    if not is_whole:
        raise BadRequest(f"the manifest '{name}' was changed since it was written; use another back-up")
    if version != FORMAT:
        raise BadRequest(f"the manifest '{name}' is of format {version}; use the Penstock that wrote it")
    try:
        parts = {part: tuple(Item(**item) for item in items) for part, items in told.pop("parts").items()}
        found = Manifest(**told | {"parts": parts, "remarks": tuple(told["remarks"])})
    except (KeyError, TypeError, AttributeError) as error:
        raise BadRequest(f"the manifest '{name}' is none of Penstock's; use another back-up") from error
    for item in (item for items in parts.values() for item in items):
        _refuse_unsound(item, name)
    return found


def is_sound(path: str) -> bool:
    """Whether a file's name stays below its part wherever it is put."""
    parts = path.split("/")
    return "\0" not in path and not any(part in ("", ".", "..") for part in parts)


def _refuse_unsound(item: Item, name: str) -> None:
    if not isinstance(item.path, str) or not is_sound(item.path):
        raise BadRequest(
            f"the manifest '{name}' names {item.path!r}, which is no name below a folder; it was not written "
            "by Penstock: use another back-up"
        )
    if not isinstance(item.sha256, str) or not _SHA256.fullmatch(item.sha256):
        raise BadRequest(
            f"the manifest '{name}' names {item.sha256!r} as the SHA-256 of '{item.path}', which is not 64 "
            "hexadecimal digits; it was not written by Penstock: use another back-up"
        )


def ids(room: Room) -> list[str]:
    """The back-ups of a room, the oldest first."""
    found = (entry.path for entry in room.entries(SNAPSHOTS) if entry.path.endswith(".json"))
    return sorted(path.removeprefix(SNAPSHOTS).removesuffix(".json") for path in found)


def load(room: Room, backup_id: str = "") -> Manifest:
    """A back-up's manifest; by default the newest one's.

    Raises:
        NotFound: There is none.
        BadRequest: It was changed.
    """
    known = ids(room)
    if not known or (backup_id and backup_id not in known):
        asked = f"no back-up '{backup_id}'" if backup_id else "no back-up"
        raise NotFound(f"'{room.place}' holds {asked}; {_told(known)}")
    name = f"{SNAPSHOTS}{backup_id or known[-1]}.json"
    return read(b"".join(room.pieces(name)), name)


def each(room: Room) -> Iterator[Manifest | Damaged]:
    """All manifests of a room, the oldest first; one that is damaged does not hide the others."""
    for backup_id in ids(room):
        try:
            yield load(room, backup_id)
        except BadRequest as error:
            yield Damaged(backup_id, str(error))


def put(room: Room, scratch: Path, manifest: Manifest) -> None:
    """Write a manifest: from now on the back-up is there."""
    file = scratch / "manifest"
    file.write_bytes(written(manifest))
    sha256 = hashlib.sha256(file.read_bytes()).hexdigest()
    room.put(f"{SNAPSHOTS}{manifest.backup_id}.json", file, sha256)


def _digest(told: Mapping[str, Any]) -> str:
    return hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()


def _told(known: list[str]) -> str:
    return f"there are {', '.join(known[-5:])}" if known else "make one by 'penstock backup create'"
