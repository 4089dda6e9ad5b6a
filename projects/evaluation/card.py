"""The model card: what a person must know of a version, in Markdown; the answer first, the details after."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from projects.counted import counted
from projects.evaluation import card_tables
from projects.evaluation.course import Course
from projects.evaluation.findings import Findings, Report
from projects.evaluation.markdown import bullets, code, plain, table
from projects.evaluation.ranking import ranking_table
from projects.evaluation.recommendation import Recommendation
from projects.read_text import ReadText
from projects.target import Target
from serving.plan.model import Column

MOST_COLUMNS = 60


@dataclass(frozen=True)
class Facts:
    """What a card tells beside the evaluation.

    Attributes:
        name: The registered model.
        target: What is predicted.
        place: Where the data came from.
        data_sha256: Its digest.
        trained_at: When, in UTC.
        seed: Of split, folds and models.
        train_rows: How many rows were learned from.
        columns: The model's inputs.
        gate: What was asked of it; empty for nothing.
        verdict: What the gate said.
        parameters: The winner's, where they differ from the defaults.
        trials: How many trials the search made.
        adjustments: What was done to probabilities and threshold, in sentences.
        notices: How columns and rows were read, in sentences.
        objective: What it is for, in the words of who asked.
        texts: What free text became.
    """

    name: str
    target: Target
    place: str
    data_sha256: str
    trained_at: datetime
    seed: int
    train_rows: int
    columns: Sequence[Column]
    gate: str = ""
    verdict: str = ""
    parameters: Mapping[str, Any] | None = None
    trials: int = 0
    adjustments: Sequence[str] = ()
    notices: Sequence[str] = ()
    objective: str = ""
    texts: Sequence[ReadText] = ()


def write_card(facts: Facts, report: Report, course: Course, told: Recommendation) -> str:
    """Write the card."""
    found = report.findings
    parts = [
        _first_screen(facts, found, told),
        card_tables.scores(found),
        card_tables.classes(found),
        _choice(facts, found, course),
        _features(facts, found),
        *(_text(text) for text in facts.texts),
        card_tables.weakness(found),
        card_tables.groups(found),
        _probabilities(facts, report),
        _data(facts, told),
        _limits(facts, found),
    ]
    return "\n\n".join("\n".join(part) for part in parts if part) + "\n"


def _first_screen(facts: Facts, found: Findings, told: Recommendation) -> list[str]:
    named = (
        ("Use", told.which),
        ("Expect", told.expect),
        ("Costs", told.cost),
        ("What matters", told.matters),
    )
    gate = f"{code(facts.gate)}: **{plain(facts.verdict)}**" if facts.gate else "none was set"
    purpose = ["", f"> {plain(facts.objective)}"] if facts.objective else []
    what = f"A {plain(found.subject.name)} model that predicts {code(facts.target.name)}"
    return [
        f"# {plain(facts.name)}", *purpose, "", f"{what} ({facts.target.task}).", "",
        *(f"- **{name}**: {plain(text)}" for name, text in named if text),
        f"- **Gate**: {gate}",
        *(f"- **Watch**: {plain(text)}" for text in told.watch),
    ]  # fmt: skip


def _choice(facts: Facts, found: Findings, course: Course) -> list[str]:
    if not course.ranking:
        return []
    better = "higher" if found.metric.is_better_higher else "lower"
    by = "one fold" if course.folds == 1 else f"the mean over {course.folds} folds"
    how = f"By {by}" if course.folds else "By validation"
    trials = f" {counted(facts.trials, 'trial')} of the search." if facts.trials else ""
    values = ", ".join(
        f"{code(name)} {plain(_short(value))}" for name, value in (facts.parameters or {}).items()
    )
    return [
        "## How it was chosen", "",
        f"{how} on the rows to learn from ({found.metric.name}; {better} is better).{trials}", "",
        *ranking_table(course.ranking, found.metric),
        *(["", f"Parameters: {values}."] if values else []),
    ]  # fmt: skip


def _short(value: Any) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def _features(facts: Facts, found: Findings) -> list[str]:
    weights = found.weights
    ordered = sorted(facts.columns, key=lambda column: -weights.get(column.name, 0.0))
    kinds = {"double": "number", "boolean": "yes or no", "string": "text"}
    rows = [
        (
            column.name,
            kinds[column.type],
            "no" if column.required else "yes",
            f"{weights.get(column.name, 0.0):.3f}",
        )
        for column in ordered[:MOST_COLUMNS]
    ]
    how = "SHAP values" if found.contributions else "shuffling each column"
    rest = len(ordered) - MOST_COLUMNS
    more = ["", f"And {counted(rest, 'more column')}."] if rest > 0 else []
    return [
        "## Features", "", f"Importance is by {how} on held-out rows, as shares. It is not a cause.", "",
        *table(("column", "type", "may be missing", "importance"), rows, right=(3,)), *more,
    ]  # fmt: skip


def _text(text: ReadText) -> list[str]:
    first, *others = text.sentences
    rows = [
        (
            one.name + (" (chosen)" if one.name == text.name else ""),
            one.features,
            f"{one.score:.3f}",
            f"{one.error:.3f}",
        )
        for one in text.alternatives
    ]
    head = ("configuration", "numbers a row", text.metric, "standard error")
    listed = table(head, rows, right=(1, 2, 3)) if rows else []
    said = [sentence for sentence in others if sentence in text.missing]
    return [
        "## Texts",
        "",
        plain(first) + ".",
        *(["", *listed] if listed else []),
        *(["", *bullets(said)] if said else []),
    ]


def _probabilities(facts: Facts, report: Report) -> list[str]:
    curve = report.findings.reliability
    said = [*facts.adjustments, *report.lines]
    if curve is not None:
        off = "off beyond chance" if curve.is_off else "probabilities are close to what they say"
        said.append(f"expected calibration error {curve.ece:.3f} ({curve.ece_interval}): {off}")
    return ["## Probabilities and evaluation", "", *bullets(said)] if said else []


def _data(facts: Facts, told: Recommendation) -> list[str]:
    return [
        "## Data", "",
        f"- **From**: {code(facts.place)}, SHA-256 {code(facts.data_sha256[:16] + '...')}",
        f"- **Rows**: {facts.train_rows} to learn from; the others were held out before anything was fitted",
        f"- **Task**: {plain(facts.target.reason)}",
        f"- **Trained**: {facts.trained_at:%Y-%m-%d %H:%M} UTC, seed {facts.seed}",
        *bullets((*told.data, *facts.notices)),
    ]  # fmt: skip


def _limits(facts: Facts, found: Findings) -> list[str]:
    fairness = (
        [] if found.fairness else ["Nobody has checked the answers for fairness: no groups were declared."]
    )
    return [
        "## Limits", "",
        f"- The scores are for rows like those in {code(facts.place)}, not for other times or groups.",
        "- The intervals are of the held-out rows' chance alone, not of the training's.",
        *bullets(fairness),
    ]  # fmt: skip
