"""Whether a model is to be trained again, and why: a judgement over what is known, without side effects.

A reason to retrain is drift, a drop in quality, enough new outcomes or the clock. What stands against it is
the cool-down, a canary under way, or too few outcomes to learn from.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from monitoring.history import Entry
from monitoring.policy import Retraining
from monitoring.quality.verdict import FEWEST_ROWS
from monitoring.retraining.clock import Due
from monitoring.retraining.rows import NewRows

HOUR_S = 3600.0
NAMED_METRICS = 3


@dataclass(frozen=True, slots=True)
class Reason:
    """Why: a word that stays the same while the figures change, and a sentence."""

    code: str
    sentence: str


@dataclass(frozen=True, slots=True)
class Last:
    """The last retraining.

    Attributes:
        started_s: When it began, in seconds since 1970.
        due_s: The moment of the schedule that asked for it; `started_s` where none did.
        cut_s: It had the outcomes that were received until then.
    """

    started_s: float
    due_s: float
    cut_s: float


def reasons(
    retraining: Retraining,
    *,
    entries: Iterable[Entry],
    due: Sequence[Due],
    rows: NewRows | None,
    last: Last | None,
) -> list[Reason]:
    """The reasons to retrain.

    Args:
        retraining: What the policy says.
        entries: The champion's closed windows, oldest first.
        due: Schedules whose moment has come.
        rows: The new labelled rows; None where they were not counted.
        last: The last retraining; only windows that ended after it count.
    """
    windows = [entry for entry in entries if last is None or entry.span.until_s > last.started_s]
    found = [_scheduled(each) for each in due if not each.is_missed]
    if "drift" in retraining.events:
        found += _drifted(windows, *retraining.drift_windows)
    if "quality" in retraining.events:
        found += _worse(windows)
    if "rows" in retraining.events and rows is not None and rows.fresh >= retraining.new_rows:
        said = f"{retraining.new_rows} rows or more have been labelled since the last training"
        found.append(Reason("rows", said))
    return found


def cooling(retraining: Retraining, last: Last | None, *, now_s: float, due: Sequence[Due]) -> Reason | None:
    """What the cool-down has against it; a schedule is measured from moment to moment."""
    if last is None:
        return None
    since_h = (now_s - last.started_s) / HOUR_S
    by_clock_h = max(((each.at_s - last.due_s) / HOUR_S for each in due), default=since_h)
    if max(since_h, by_clock_h) >= retraining.cooldown_hours:
        return None
    began = f"the last retraining began {moment(last.started_s)}"
    return Reason("cooldown", f"{began}, and the cool-down is {retraining.cooldown_hours:g} hours")


def too_few(retraining: Retraining, rows: NewRows) -> Reason | None:
    """What stands against it where too few outcomes have come to learn anything new."""
    if rows.usable >= retraining.new_rows:
        return None
    return Reason(
        "few_rows",
        f"{rows.usable} rows have been labelled since the champion learned, and {retraining.new_rows} are"
        " needed; send outcomes to /feedback",
    )


def moment(time_s: float) -> str:
    """A time as a person reads it."""
    return datetime.fromtimestamp(time_s, UTC).strftime("%Y-%m-%d %H:%M:%SZ")


def _scheduled(due: Due) -> Reason:
    return Reason("clock", f"it was due {moment(due.at_s)}, by the schedule '{due.appointment.expression}'")


def _drifted(entries: Sequence[Entry], some: int, of: int) -> list[Reason]:
    """Windows by their span: one lane's drift is the span's."""
    spans: dict[tuple[float, float], list[Entry]] = {}
    for entry in entries:
        if entry.drift_share is not None:
            spans.setdefault((entry.span.since_s, entry.span.until_s), []).append(entry)
    newest = sorted(spans, key=lambda span: span[1])[-of:]
    drifted = [
        max(spans[span], key=_share) for span in newest if any(each.is_drifted for each in spans[span])
    ]
    if len(drifted) < some:
        return []
    said = f"{len(drifted)} of the last {len(newest)} windows of version {drifted[-1].lane.version} drifted"
    share = f"the newest by {_share(drifted[-1]):.0%} of its columns"
    return [Reason("drift", f"{said} ({some} of {of} are enough), {share}{_worst(drifted[-1])}")]


def _worst(entry: Entry) -> str:
    worst = sorted(entry.columns.items(), key=lambda item: -item[1])[:NAMED_METRICS]
    return f", above all {', '.join(name for name, _ in worst)}" if worst else ""


def _worse(entries: Sequence[Entry]) -> list[Reason]:
    """The newest window says that has outcomes enough to be judged by."""
    judged = [e for e in entries if e.quality and (e.is_bad or e.labelled >= FEWEST_ROWS)]
    if not judged:
        return []
    end_s = max(entry.span.until_s for entry in judged)
    bad = [entry for entry in judged if entry.span.until_s == end_s and entry.is_bad]
    return [Reason("quality", _quality_said(entry)) for entry in bad[:1]]


def _quality_said(entry: Entry) -> str:
    scores = ", ".join(f"{name} {value:.4g}" for name, value in list(entry.quality.items())[:NAMED_METRICS])
    since, until = moment(entry.span.since_s), moment(entry.span.until_s)
    return (
        f"the quality of version {entry.lane.version} is below what was asked or promised: {scores}"
        f" over {entry.labelled} outcomes from {since} to {until}{f'; {entry.note}' if entry.note else ''}"
    )


def _share(entry: Entry) -> float:
    return entry.drift_share or 0.0
