"""What the pages show of each lane, made from its newest result and its last closed windows."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum

from monitoring.history import Entry
from monitoring.lane import Lane
from monitoring.quality.figures import Figure
from monitoring.quality.metric_names import INFINITE, METRICS
from monitoring.result import Result


class State(IntEnum):
    """How a lane is, the worst first."""

    LOW = 0
    DRIFT = 1
    LOW_ESTIMATE = 2
    STREAM = 3
    UNKNOWN = 4
    STEADY = 5
    SILENT = 6


SAID: Mapping[State, str] = {
    State.LOW: "Quality low",
    State.DRIFT: "Drift",
    State.LOW_ESTIMATE: "Estimated quality low",
    State.STREAM: "Shift under way",
    State.UNKNOWN: "Not compared",
    State.STEADY: "Steady",
    State.SILENT: "No traffic",
}
PRODUCTION = "Production"
URGENT = (State.LOW, State.DRIFT, State.LOW_ESTIMATE, State.STREAM)


@dataclass(frozen=True, slots=True)
class Shown:
    """A lane on the page.

    Attributes:
        lane: Whose predictions.
        result: Its newest check; None where it answered nothing lately, or another monitor watches it.
        history: Its last closed windows, oldest first.
        entry: The closed window that stands for a check that was not made; None if none does.
        drift_share: The share of drifted columns that alarms.
    """

    lane: Lane
    result: Result | None
    history: Sequence[Entry] = ()
    entry: Entry | None = None
    drift_share: float = 0.5

    @property
    def state(self) -> State:
        """The worst that is true of it."""
        result = self.result
        if result is None:
            return _of_entry(self.entry)
        truths = (
            (State.LOW, result.is_bad),
            (State.DRIFT, result.is_drifted),
            (State.LOW_ESTIMATE, result.is_estimate_bad),
            (State.STREAM, result.stream is not None),
            (State.UNKNOWN, result.drift is None),
        )
        return next((state for state, is_so in truths if is_so), State.STEADY)

    @property
    def metric(self) -> str | None:
        """The metric of quality that is shown first; None where nothing is known of quality."""
        known = [*self.measured, *self.estimated, *(name for entry in self.history for name in entry.quality)]
        return min(known, key=rank) if known else None

    @property
    def measured(self) -> Mapping[str, Figure]:
        """Metrics of labelled rows."""
        return self.result.quality.metrics if self.result and self.result.quality else {}

    @property
    def estimated(self) -> Mapping[str, Figure]:
        """Metrics as estimated without outcomes."""
        return self.result.estimate.metrics if self.result and self.result.estimate else {}


def lanes(
    results: Iterable[Result],
    history: Mapping[Lane, Sequence[Entry]],
    *,
    drift_share: Callable[[str], float],
    stands_since_s: float = INFINITE,
) -> list[Shown]:
    """All lanes of the newest results and the history, the worst first.

    Args:
        results: The newest result of each lane.
        history: By lane, its last closed windows, oldest first.
        drift_share: The share of drifted columns that alarms, of a model.
        stands_since_s: A lane's last window stands for its check where it ended since then, in seconds since
            1970; for a monitor that has not checked anything.
    """
    newest = {result.lane: result for result in results}
    shown = []
    for lane in {**newest, **history}:
        mine = history.get(lane, ())
        last = mine[-1] if mine and mine[-1].span.until_s >= stands_since_s else None
        stands = None if lane in newest else last
        shown.append(Shown(lane, newest.get(lane), mine, stands, drift_share(lane.model)))
    return sorted(shown, key=_order)


def _of_entry(entry: Entry | None) -> State:
    if entry is None:
        return State.SILENT
    truths = (
        (State.LOW, entry.is_bad),
        (State.DRIFT, entry.is_drifted),
        (State.UNKNOWN, entry.drift_share is None),
    )
    return next((state for state, is_so in truths if is_so), State.STEADY)


def _order(shown: Shown) -> tuple[int, str, bool, int, str]:
    version = shown.lane.version
    number = int(version) if version.isdigit() else 0
    stage = shown.result.stage if shown.result else ""
    return shown.state, shown.lane.model.lower(), stage != PRODUCTION, -number, shown.lane.variant


def rank(metric: str) -> tuple[int, str]:
    """What metrics are sorted by: the order in which training lists them."""
    names = list(METRICS)
    return names.index(metric) if metric in names else len(names), metric
