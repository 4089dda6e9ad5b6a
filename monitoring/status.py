"""What the history, the journal and the lease say, for the commands `status` and `quality`."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime

from monitoring import duty
from monitoring.history import Entry, History, lanes_of
from monitoring.lane import Lane
from monitoring.quality.figures import Estimate, Quality
from monitoring.result import Result
from monitoring.retraining.journal import Decision, Journal
from serving.lifecycle.database import Database
from serving.settings import Settings

DECISIONS = 10
NAMED_METRICS = 5
_MOST_LANES = 100


@dataclass(frozen=True, slots=True)
class Status:
    """What is remembered.

    Attributes:
        windows: Each lane's newest closed windows, oldest first.
        decisions: The newest decisions on retraining, oldest first.
        on_duty: Which monitor works; None where none does.
    """

    windows: dict[Lane, list[Entry]]
    decisions: list[Decision]
    on_duty: str | None


def read(settings: Settings, *, model: str | None, last: int) -> Status:
    """Read what is remembered of a model, or of all.

    Args:
        settings: Where it is.
        model: A registered name; None for all.
        last: Windows of each lane.

    Raises:
        LifecycleError: The database cannot be read.
    """
    database = Database(settings.database_url)
    history = History(database)
    windows: dict[Lane, list[Entry]] = {}
    for name in [model] if model else history.models():
        for lane, entries in lanes_of(history.last(last * _MOST_LANES, model=name)).items():
            windows[lane] = entries[-last:]
    decisions = Journal(database).last(DECISIONS, model=model)
    return Status(windows, decisions, duty.holder(settings))


def status_lines(status: Status) -> list[str]:
    """As a person reads it."""
    lines = [f"on duty: {status.on_duty or 'nobody; start `python -m monitoring loop`'}"]
    if not status.windows:
        lines.append("no closed windows are remembered")
    for lane, entries in status.windows.items():
        lines += [str(lane), *(f"  {_window(entry)}" for entry in entries)]
    if status.decisions:
        lines.append("decisions")
    lines += [f"  {_decision(each)}" for each in status.decisions]
    return lines


def status_json(status: Status) -> dict[str, object]:
    """The same for programs."""
    return {
        "on_duty": status.on_duty,
        "windows": [_entry_json(entry) for entries in status.windows.values() for entry in entries],
        "decisions": [asdict(decision) for decision in status.decisions],
    }


def quality_lines(results: Sequence[Result], status: Status) -> list[str]:
    """Each lane's measured and estimated metrics, then its closed windows."""
    lines: list[str] = []
    for result in results:
        lines += [f"{result.lane}, the last {result.rows} rows", *_measured(result)]
    for lane, entries in status.windows.items():
        lines += [f"{lane}, closed windows", *(f"  {_quality(entry)}" for entry in entries)]
    return lines or ["no predictions in the newest window, and no closed windows are remembered"]


def quality_json(results: Sequence[Result], status: Status) -> dict[str, object]:
    """The same for programs."""
    return {
        "live": [
            {
                **result.lane._asdict(),
                "rows": result.rows,
                "labelled": result.quality.labelled if result.quality else 0,
                "measured": _figures(result.quality),
                "is_bad": result.is_bad,
                "estimated": _figures(result.estimate),
                "estimate_error": dict(result.estimate.error) if result.estimate else {},
                "is_estimate_bad": result.is_estimate_bad,
                "business": dict(result.business.metrics) if result.business else {},
                "note": result.note,
            }
            for result in results
        ],
        "windows": [_entry_json(entry) for entries in status.windows.values() for entry in entries],
    }


def _measured(result: Result) -> list[str]:
    quality, estimate = result.quality, result.estimate
    lines = []
    if quality is None:
        lines.append("  no outcomes are known; send them to /feedback")
    else:
        verdict = "bad" if result.is_bad else "as promised"
        lines.append(f"  measured on {quality.labelled} labelled rows: {verdict}")
        lines += [f"    {name} {figure}" for name, figure in quality.metrics.items()]
    if estimate is not None:
        verdict = "bad" if result.is_estimate_bad else "as promised"
        lines.append(f"  estimated on {estimate.rows} rows without outcomes: {verdict}")
        lines += [f"    {name} {figure}{_off(estimate, name)}" for name, figure in estimate.metrics.items()]
    if result.business:
        lines += [f"  {name} {value:.6g}" for name, value in result.business.metrics.items()]
    return [*lines, f"  {result.note}"] if result.note else lines


def _off(estimate: Estimate, name: str) -> str:
    if name not in estimate.error:
        return ""
    return f"; it was off by {estimate.error[name]:+.3g} on {estimate.error_rows} labelled rows"


def _window(entry: Entry) -> str:
    said = [f"{_moment(entry.span.since_s)} to {_moment(entry.span.until_s)}", f"{entry.rows} rows"]
    if entry.p99_ms is not None:
        said.append(f"p99 {entry.p99_ms:.3g} ms")
    if entry.drift_share is not None:
        said.append(f"drift share {entry.drift_share:.2f}{' (drift)' if entry.is_drifted else ''}")
    if entry.labelled:
        verdict = " (bad)" if entry.is_bad else ""
        said.append(f"{entry.labelled} labelled{verdict}: {_some(entry.quality)}")
    if entry.note:
        said.append(entry.note)
    return "; ".join(said)


def _quality(entry: Entry) -> str:
    said = [f"{_moment(entry.span.since_s)} to {_moment(entry.span.until_s)}", f"{entry.rows} rows"]
    verdict = " (bad)" if entry.is_bad else ""
    said.append(f"{entry.labelled} labelled{verdict}{': ' if entry.quality else ''}{_some(entry.quality)}")
    if entry.estimate:
        said.append(f"estimated {_some(entry.estimate)}")
    if entry.business:
        said.append(_some(entry.business))
    return "; ".join(said)


def _some(metrics: Mapping[str, float]) -> str:
    return ", ".join(f"{name} {value:.4g}" for name, value in list(metrics.items())[:NAMED_METRICS])


def _decision(decision: Decision) -> str:
    about = f" version {decision.version}" if decision.version else ""
    reasons = "; ".join(decision.reasons)
    return f"{_moment(decision.time_s)} {decision.model}{about}: {decision.decision}: {reasons}"


def _entry_json(entry: Entry) -> dict[str, object]:
    fields = asdict(entry)
    lane, span = fields.pop("lane"), fields.pop("span")
    return {**Lane(*lane)._asdict(), **span, **fields}


def _figures(found: Quality | Estimate | None) -> dict[str, object]:
    return {name: asdict(figure) for name, figure in found.metrics.items()} if found else {}


def _moment(time_s: float) -> str:
    return datetime.fromtimestamp(time_s, UTC).strftime("%Y-%m-%d %H:%M:%SZ")
