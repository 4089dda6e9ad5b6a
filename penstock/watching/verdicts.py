"""What windows mean, in a sentence and a word. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from penstock.watching.found import Watched

Word = Literal["drift", "low", "steady", "unknown"]
NAMED = 3
SLOPE = 0.1
"""A share of drifted columns that changed by less since the window before is called steady."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What is told of a model.

    Attributes:
        word: `drift` or `low` where somebody should look, `steady`, or `unknown` where nothing can be said.
        sentence: The same for people.
    """

    word: Word
    sentence: str


def of_drift(watched: Sequence[Watched]) -> Verdict:
    """Whether the data of any version drifted, and by which columns."""
    known = [each for each in watched if each.newest.drift_share is not None]
    drifted = [each for each in known if each.newest.is_drifted]
    if drifted:
        worst = max(drifted, key=lambda each: each.newest.drift_share or 0.0)
        return Verdict("drift", f"the data drifted: {_shares(worst)}{_columns(worst.newest.columns)}")
    if known:
        worst = max(known, key=lambda each: each.newest.drift_share or 0.0)
        return Verdict("steady", f"no drift that alarms: {_shares(worst)}{_columns(worst.newest.columns)}")
    return Verdict("unknown", _nothing(watched, "no window could be compared with its training data"))


def of_quality(watched: Sequence[Watched]) -> Verdict:
    """Whether any version is worse than was promised."""
    labelled = [each for each in watched if each.newest.quality]
    bad = [each for each in labelled if each.newest.is_bad]
    if bad:
        return Verdict("low", f"quality is below what was promised: {_scores(bad[0])}")
    if labelled:
        return Verdict("steady", f"quality is as promised: {_scores(labelled[0])}")
    estimated = [each for each in watched if each.newest.estimate]
    if estimated:
        figures = _figures(estimated[0].newest.estimate)
        return Verdict("unknown", f"no outcomes yet; estimated for {estimated[0].who}: {figures}")
    return Verdict("unknown", _nothing(watched, "no outcomes are known; send them to /api/ml/feedback"))


def _nothing(watched: Sequence[Watched], what: str) -> str:
    notes = [each.newest.note for each in watched if each.newest.note]
    if not watched:
        return "nothing is known yet: no window has closed and the monitor has checked nothing"
    return f"{what} ({notes[0]})" if notes else what


def _shares(watched: Watched) -> str:
    share = watched.newest.drift_share or 0.0
    return f"{share:.0%} of the columns of {watched.who} drifted{_trend(watched)}"


def _trend(watched: Watched) -> str:
    known = [each.drift_share for each in watched.windows if each.drift_share is not None]
    if len(known) < 2 or abs(known[-1] - known[-2]) < SLOPE:
        return ""
    return f", {'more' if known[-1] > known[-2] else 'less'} than the {known[-2]:.0%} of the window before"


def _columns(columns: Mapping[str, float]) -> str:
    worst = [(name, distance) for name, distance in columns.items() if distance >= 1][:NAMED]
    if not worst:
        return ""
    named = ", ".join(f"{name} ({distance:.1f} times its threshold)" for name, distance in worst)
    return f"; most of all {named}"


def _scores(watched: Watched) -> str:
    newest = watched.newest
    return f"{_figures(newest.quality)} on {newest.labelled} outcomes of {watched.who}"


def _figures(metrics: Mapping[str, float]) -> str:
    return ", ".join(f"{name} {value:.3g}" for name, value in list(metrics.items())[:NAMED])
