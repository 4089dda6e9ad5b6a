"""The pages' content for programs."""

from collections.abc import Mapping, Sequence

from monitoring.page.lanes import SAID, Shown
from monitoring.page.overview import Round
from monitoring.quality.figures import Figure
from monitoring.result import as_json
from monitoring.retraining.journal import Decision


def status(shown: Sequence[Shown], made: Round, decided: Sequence[Decision]) -> dict[str, object]:
    """What all lanes are like.

    Args:
        shown: All lanes, the worst first.
        made: What is told of the monitor.
        decided: The newest decisions, oldest first.
    """
    return {
        "checked_s": made.checked_s or None,
        "window_s": made.window_s,
        "notice": made.notice,
        "lanes": [_lane(each) for each in shown],
        "decisions": [_decision(each) for each in reversed(decided)],
    }


def _lane(shown: Shown) -> dict[str, object]:
    found = as_json(shown.result) if shown.result else dict(shown.lane._asdict())
    intervals = {"quality": _figures(shown.measured), "estimate": _figures(shown.estimated)}
    windows = [
        {
            "since_s": entry.span.since_s,
            "until_s": entry.span.until_s,
            "rows": entry.rows,
            "per_second": entry.per_second,
            "p99_ms": entry.p99_ms,
            "drift_share": entry.drift_share,
            "is_drifted": entry.is_drifted,
            "labelled": entry.labelled,
            "quality": dict(entry.quality),
            "is_bad": entry.is_bad,
        }
        for entry in shown.history
    ]
    alarm = {"drift_share_alarm": shown.drift_share}
    return {"state": SAID[shown.state], **found, **alarm, **intervals, "windows": windows}


def _figures(metrics: Mapping[str, Figure]) -> dict[str, object]:
    return {name: {"value": each.value, "low": each.low, "high": each.high} for name, each in metrics.items()}


def _decision(entry: Decision) -> dict[str, object]:
    return {
        "time_s": entry.time_s,
        "model": entry.model,
        "topic": entry.topic,
        "decision": entry.decision,
        "reasons": list(entry.reasons),
        "version": entry.version,
    }
