"""Which versions must leave memory so that another one fits: the least recently used, never one in use."""

from collections.abc import Iterable, Sequence

from serving.registry.slot import Slot


def leaving(
    slots: Iterable[Slot], wanted: Slot, *, free_bytes: float, is_forced: bool = False
) -> Sequence[Slot] | None:
    """Choose who leaves for a version that is to be loaded.

    Args:
        slots: All of the worker's.
        wanted: The one to be loaded.
        free_bytes: What the bound leaves beside what is loaded and being loaded; below zero over the bound.
        is_forced: Whether it is loaded also where too few can leave.

    Returns:
        The slots to empty, least recently used first; None if too many are in use for now. A version that is
        larger than the bound has room when nobody else is left.
    """
    lacking = wanted.size_bytes - free_bytes
    if lacking <= 0:
        return ()
    held = [slot for slot in slots if slot.scorer is not None and slot is not wanted]
    chosen: list[Slot] = []
    for slot in sorted((slot for slot in held if slot.is_idle), key=_age):
        chosen.append(slot)
        lacking -= slot.size_bytes
        if lacking <= 0:
            return chosen
    return chosen if is_forced or len(chosen) == len(held) else None


def _age(slot: Slot) -> tuple[bool, float]:
    """Versions that no route means leave first."""
    return slot.left_s is None, slot.used_s
