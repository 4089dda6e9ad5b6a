"""Whether back-ups are whole: every content is read and held against its name."""

from collections.abc import Iterable, Iterator
from pathlib import Path

from penstock.backup.manifest import Item, Manifest, object_name
from penstock.backup.rooms import Room
from serving.prediction_log.bucket import sha256_of


def faults(room: Room, manifests: Iterable[Manifest]) -> Iterator[str]:
    """What is wrong, a sentence each; nothing where all is well.

    Args:
        room: Where the back-ups are.
        manifests: Those to look at; a content that several share is read once.

    Raises:
        OSError: The place does not answer.
    """
    seen: dict[str, str] = {}
    with room.scratch() as scratch:
        for manifest in manifests:
            for part, items in manifest.parts.items():
                for item in items:
                    if item.sha256 not in seen:
                        seen[item.sha256] = _fault(room, item, scratch / "content")
                    if seen[item.sha256]:
                        yield f"back-up {manifest.backup_id}: {part}/{item.path} {seen[item.sha256]}"


def _fault(room: Room, item: Item, file: Path) -> str:
    try:
        room.fetch(object_name(item.sha256), file)
    except FileNotFoundError:
        return "is missing"
    found = sha256_of(file)
    file.unlink()
    return "" if found == item.sha256 else "was changed since it was written"
