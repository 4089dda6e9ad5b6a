"""What is remembered of closed windows: a row a lane and span, in Penstock's database.

A window's row is written when it closes, and again when outcomes have come late; the newest word stands.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from monitoring.lane import Lane, Span


@dataclass(frozen=True, slots=True)
class Entry:
    """A closed window and what was found in it.

    Attributes:
        lane: Whose predictions.
        span: From when to when.
        judged_s: When this was written, in seconds since 1970.
        rows: Predictions in it.
        per_second: Predictions a second.
        p50_ms: Half of the answers took at most so long.
        p99_ms: 99 of 100 answers took at most so long.
        labelled: Predictions whose outcome is known.
        drift_share: Share of the judged columns that drifted, 0 to 1; None where nothing could be compared.
        is_drifted: Whether the share alarms.
        columns: The distance of the columns that matter most, in their thresholds (1 is where drift begins).
        quality: The task's metrics on labelled rows, by name.
        is_bad: Whether the quality is below what the policy or the training promised.
        estimate: Estimated metrics while outcomes are missing, by name.
        business: Business metrics by name.
        note: Why something is missing, as a sentence; empty if nothing is.
    """

    lane: Lane
    span: Span
    judged_s: float
    rows: int
    per_second: float = 0.0
    p50_ms: float | None = None
    p99_ms: float | None = None
    labelled: int = 0
    drift_share: float | None = None
    is_drifted: bool = False
    columns: Mapping[str, float] = field(default_factory=dict)
    quality: Mapping[str, float] = field(default_factory=dict)
    is_bad: bool = False
    estimate: Mapping[str, float] = field(default_factory=dict)
    business: Mapping[str, float] = field(default_factory=dict)
    note: str = ""
