"""What was found of each version and variant: from closed windows where there are any, else from a check."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from monitoring.history import Entry
from monitoring.lane import Lane
from penstock.services.identity import model_id

WORST = 10
"""Columns that are named."""


@dataclass(frozen=True, slots=True)
class Window:
    """A span of time and what was found in it.

    Attributes:
        since_s: From when, in seconds since 1970.
        until_s: Before when.
        rows: Predictions in it.
        is_closed: Whether it is over and judged for good; outcomes that come late are still added.
        drift_share: The share of columns that drifted, 0 to 1; None where nothing could be compared.
        is_drifted: Whether that alarms.
        columns: The distance of the columns that matter most, in their thresholds: from 1 on they drifted.
        labelled: Predictions whose outcome is known.
        quality: The task's metrics of those.
        is_bad: Whether they are below what was promised.
        estimate: The same as estimated without outcomes.
        business: The user's own metrics.
        note: Why something is missing; empty if nothing is.
    """

    since_s: float
    until_s: float
    rows: int
    is_closed: bool
    drift_share: float | None = None
    is_drifted: bool = False
    columns: Mapping[str, float] = field(default_factory=dict)
    labelled: int = 0
    quality: Mapping[str, float] = field(default_factory=dict)
    is_bad: bool = False
    estimate: Mapping[str, float] = field(default_factory=dict)
    business: Mapping[str, float] = field(default_factory=dict)
    note: str = ""


@dataclass(frozen=True, slots=True)
class Watched:
    """A version under the name of a variant, and its newest windows.

    Attributes:
        model_id: The version's id.
        version: The registry's number.
        variant: The route's name for it.
        windows: Oldest first; never empty.
    """

    model_id: str
    version: str
    variant: str
    windows: Sequence[Window]

    @property
    def newest(self) -> Window:
        """The newest window."""
        return self.windows[-1]

    @property
    def who(self) -> str:
        """How sentences name it."""
        return f"version {self.version} ({self.variant})"


def of_history(lane: Lane, entries: Sequence[Entry]) -> Watched:
    """A lane's closed windows."""
    windows = [
        Window(
            since_s=entry.span.since_s,
            until_s=entry.span.until_s,
            rows=entry.rows,
            is_closed=True,
            drift_share=entry.drift_share,
            is_drifted=entry.is_drifted,
            columns=_worst(entry.columns),
            labelled=entry.labelled,
            quality=entry.quality,
            is_bad=entry.is_bad,
            estimate=entry.estimate,
            business=entry.business,
            note=entry.note,
        )
        for entry in entries
    ]
    return Watched(model_id(lane.model, lane.version), lane.version, lane.variant, windows)


def of_check(lane: Mapping[str, Any]) -> Watched | None:
    """A lane of the monitor's status; None for one that was not checked."""
    if "since" not in lane:
        return None
    columns = {each["name"]: each["distance"] / each["threshold"] for each in lane["columns"]}
    window = Window(
        since_s=datetime.fromisoformat(lane["since"]).timestamp(),
        until_s=datetime.fromisoformat(lane["until"]).timestamp(),
        rows=lane["rows"],
        is_closed=False,
        drift_share=lane["drift_share"],
        is_drifted=bool(lane["is_drifted"]),
        columns=_worst(columns),
        labelled=lane["labelled"],
        quality={name: figure["value"] for name, figure in (lane["quality"] or {}).items()},
        is_bad=bool(lane["is_bad"]),
        estimate={name: figure["value"] for name, figure in (lane["estimate"] or {}).items()},
        business=lane["business"],
        note=lane["note"],
    )
    named = (lane["version"], lane["variant"], [window])
    return Watched(model_id(lane["model"], lane["version"]), *named)


def _worst(columns: Mapping[str, float]) -> dict[str, float]:
    return dict(sorted(columns.items(), key=lambda pair: -pair[1])[:WORST])
