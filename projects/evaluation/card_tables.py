"""The tables of a model card: scores, classes, segments and groups."""

from math import isfinite

from projects.counted import counted
from projects.evaluation.fairness import Fairness
from projects.evaluation.findings import Findings
from projects.evaluation.markdown import plain, table
from projects.evaluation.segments import Segment

MOST_SEGMENTS = 12
MOST_CLASSES = 30


def scores(found: Findings) -> list[str]:
    """Write every score with its interval."""
    rows = [
        (name, f"{value:.4f}", str(found.intervals[name]) if name in found.intervals else "")
        for name, value in found.metrics.items()
        if not name.startswith("fairness.")
    ]
    means = (
        ["", "For several classes the plain names are the mean over the classes (macro)."]
        if found.subject.task == "multiclass"
        else []
    )
    lines = table(("metric", "value", "95 % interval"), rows, right=(1, 2))
    return [f"## Scores on the {counted(len(found.answers), 'held-out row')}", "", *lines, *means]


def classes(found: Findings) -> list[str]:
    """Write how well each class is recognised."""
    answers = found.answers
    if answers.classes is None or len(answers.classes) > MOST_CLASSES:
        return []
    counts = answers.counts
    hits, true, called = (
        sums.tolist() for sums in (counts.diagonal(), counts.sum(axis=1), counts.sum(axis=0))
    )
    rows = [
        (label, true[k], called[k], _share(hits[k], called[k]), _share(hits[k], true[k]))
        for k, label in enumerate(answers.classes)
    ]
    head = ("class", "rows", "called", "precision", "recall")
    return ["### By class", "", *table(head, rows, right=(1, 2, 3, 4))]


def _share(part: int, whole: int) -> str:
    return f"{part / whole:.3f}" if whole else "-"


def weakness(found: Findings) -> list[str]:
    """Write the segments that stand out, the weakest first."""
    standing_out = [one for one in found.segments if one.is_weak or one.is_strong]
    if not found.segments:
        return []
    if not standing_out:
        segments = counted(len(found.segments), "segment")
        return ["## Where it is weak", "", f"In none of {segments} beyond chance."]
    standing_out.sort(key=lambda one: one.others - one.error)
    rows = [
        (one.column, one.part, one.rows, f"{one.error:.4g}", f"{one.others:.4g}", _verdict(one))
        for one in standing_out[:MOST_SEGMENTS]
    ]
    what = "the mean absolute error" if found.answers.classes is None else "the share of wrong answers"
    return [
        "## Where it is weak, and where not", "", f"Error is {what}; all differences are beyond chance.", "",
        *table(("column", "segment", "rows", "error", "elsewhere", ""), rows, right=(2, 3, 4)),
    ]  # fmt: skip


def _verdict(one: Segment) -> str:
    return "weak" if one.is_weak else "better"


def groups(found: Findings) -> list[str]:
    """Write how the declared groups fare."""
    lines = [line for one in found.fairness for line in _of_column(one)]
    return ["## Groups", *lines, "", "Which differences are fair is for people to say."] if lines else []


def _of_column(one: Fairness) -> list[str]:
    rows = [
        (group.name, group.rows, *map(_rate, (group.selection_rate, group.tpr, group.fpr, group.precision)),
         f"{group.error:.4g}")
        for group in one.groups
    ]  # fmt: skip
    rates = ("called positive", "true positive rate", "false positive rate", "precision", "error")
    measured = (
        ("demographic parity difference", one.demographic_parity_difference),
        ("demographic parity ratio", one.demographic_parity_ratio),
        ("equalized odds difference", one.equalized_odds_difference),
        ("error difference", one.error_difference),
    )
    told = ", ".join(f"{name} {value:.3f}" for name, value in measured if isfinite(value))
    ending = ["", f"{told[0].upper()}{told[1:]}."] if told else []
    return ["", *table([plain(one.column), "rows", *rates], rows, right=range(1, 7)), *ending]


def _rate(value: float) -> str:
    return f"{value:.3f}" if isfinite(value) else "-"
