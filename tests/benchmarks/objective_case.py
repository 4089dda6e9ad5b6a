"""A sentence, its table, and what a reader takes it to mean."""

from dataclasses import dataclass

ASK = ""
"""The target of a sentence that must be asked about."""


@dataclass(frozen=True)
class Case:
    """A sentence and what it means: `task` is c or r, or empty where either may come."""

    table: str
    sentence: str
    target: str
    task: str = ""
    gate: tuple[str, ...] = ()
    metric: str | None = None
    days: float | None = None
    left_out: tuple[str, ...] = ()
