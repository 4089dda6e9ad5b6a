"""The model card: what a person must know of a version, in Markdown."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from projects.evaluation.metrics import Metric
from projects.learning.compare import Validation
from projects.target import Target
from serving.plan.model import Column


@dataclass(frozen=True)
class Facts:
    """All that a card tells."""

    name: str
    winner: str
    place: str
    data_sha256: str
    trained_at: datetime
    target: Target
    metric: Metric
    ranking: Sequence[tuple[str, Validation]]
    tuned_trials: int
    held_out: Mapping[str, float]
    train_rows: int
    held_rows: int
    folds: int
    gate: str
    verdict: str
    columns: Sequence[Column]
    importance: Mapping[str, float]
    notices: Sequence[str]
    seed: int
    parameters: Mapping[str, float | int]
    suspicion: str | None


def write_card(facts: Facts) -> str:
    """Write the card."""
    parts = [_what(facts), _scores(facts), _comparison(facts), _features(facts), _limits(facts)]
    return "\n\n".join(parts) + "\n"


def ranking_table(ranking: Sequence[tuple[str, Validation]], metric: Metric) -> list[str]:
    """Write the compared models, best first, as lines of a Markdown table."""
    lines = [f"| rank | model | {metric.name} | +- | seconds |", "|---:|---|---:|---:|---:|"]
    for rank, (name, found) in enumerate(ranking, start=1):
        mean, deviation = found.means[metric.name], found.deviations[metric.name]
        lines.append(f"| {rank} | {name} | {mean:.4f} | {deviation:.4f} | {found.seconds:.1f} |")
    return lines


def _what(facts: Facts) -> str:
    gate = f"`{facts.gate}` on the held-out rows: **{facts.verdict}**" if facts.gate else "none was set"
    return f"""# {facts.name}

A {facts.winner} model that predicts `{facts.target.name}` ({facts.target.task}).

- **Data**: `{facts.place}`, SHA-256 `{facts.data_sha256[:16]}...`
- **Rows**: {facts.train_rows} to learn from, {facts.held_rows} held out before anything was fitted
- **Task**: {facts.target.reason}
- **Gate**: {gate}
- **Trained**: {facts.trained_at:%Y-%m-%d %H:%M} UTC, seed {facts.seed}"""


def _scores(facts: Facts) -> str:
    rows = [f"| {name} | {value:.4f} |" for name, value in facts.held_out.items()]
    return "\n".join(["## Scores on the held-out rows", "", "| metric | value |", "|---|---:|", *rows])


def _comparison(facts: Facts) -> str:
    better = "higher" if facts.metric.is_better_higher else "lower"
    how = f"{facts.folds}-fold cross-validation on the rows to learn from, before tuning"
    parameters = ", ".join(f"{name} {value:.4g}" for name, value in facts.parameters.items())
    lines = [
        "## How it was chosen",
        "",
        f"By {how} ({facts.metric.name}; {better} is better):",
        "",
        *ranking_table(facts.ranking, facts.metric),
        "",
        f"Then {facts.tuned_trials} tuning trials of {facts.winner} on the same folds. Used: {parameters}.",
    ]
    return "\n".join(lines)


def _features(facts: Facts) -> str:
    ordered = sorted(facts.columns, key=lambda column: -facts.importance.get(column.name, 0.0))
    rows = [
        f"| {_cell(column.name)} | {'number' if column.type == 'double' else 'text'} |"
        f" {'no' if column.required else 'yes'} | {facts.importance.get(column.name, 0.0):.3f} |"
        for column in ordered
    ]
    notices = ["", "As read:", "", *(f"- {notice}" for notice in facts.notices)] if facts.notices else []
    head = ["## Features", "", "| column | type | may be missing | importance |", "|---|---|---|---:|"]
    return "\n".join([*head, *rows, *notices])


def _limits(facts: Facts) -> str:
    suspicious = f"\n- {facts.suspicion}." if facts.suspicion else ""
    return f"""## Limits
{suspicious}
- The scores hold for rows like those in `{facts.place}`. They say nothing of other times, places or groups.
- A text that was not seen in training counts as rare or unknown; a missing number becomes the median.
- Importance is the model's own account of itself. It is not a cause.
- Nobody has checked the table for columns that give the answer away, nor the answers for fairness."""


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")
