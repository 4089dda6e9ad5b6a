"""Whether back-ups are whole: every content is read and held against its name.

Nothing is written: whoever looks may do so because the disk is full.
"""

import hashlib
from collections.abc import Iterable, Iterator

from penstock.backup.manifest import Damaged, Item, Manifest, object_name
from penstock.backup.rooms import Room


def faults(room: Room, manifests: Iterable[Manifest | Damaged]) -> Iterator[str]:
    """What is wrong, a sentence each; nothing where all is well.

    Args:
        room: Where the back-ups are.
        manifests: Those to look at; a content that several share is read once.

    Raises:
        OSError: The place does not answer.
    """
    seen: dict[str, str] = {}
    for manifest in manifests:
        if isinstance(manifest, Damaged):
            yield f"back-up {manifest.backup_id}: {manifest.why}"
            continue
        for part, items in manifest.parts.items():
            for item in items:
                if item.sha256 not in seen:
                    seen[item.sha256] = _fault(room, item)
                if seen[item.sha256]:
                    yield f"back-up {manifest.backup_id}: {part}/{item.path} {seen[item.sha256]}"


def _fault(room: Room, item: Item) -> str:
    found = hashlib.sha256()
    try:
        for piece in room.pieces(object_name(item.sha256)):
            found.update(piece)
    except FileNotFoundError:
        return "is missing"
    return "" if found.hexdigest() == item.sha256 else "was changed since it was written"
