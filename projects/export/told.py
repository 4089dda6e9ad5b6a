"""What an export says of itself: its title, its columns, and how honest a training in pieces is."""

from collections.abc import Sequence
from typing import Any

from projects.export.origin import Origin

NETS = ("mlp", "lstm")
IN_MEMORY = (
    "Fitting keeps all typed columns and the matrix in memory: 8 bytes a cell, and what the algorithm takes."
)
SQUARE = (
    "A support vector machine's time grows faster than the square of the rows: above some ten thousand draw a"
    " sample first."
)
TORCH = "The net needs PyTorch to be fitted (`requirements-training.txt`), not to answer."
HONEST = {
    "lightgbm": "LightGBM keeps about a byte a cell once the matrix is binned.",
    "xgboost": "XGBoost keeps about a byte a cell once the matrix is quantised.",
    "knn": "The neighbours are the training rows: the model and each answer's time grow with them.",
    "svm": SQUARE,
    "svr": SQUARE,
    "mlp": TORCH,
    "lstm": TORCH,
}
"""By algorithm: what full data mean for it."""


def title(origin: Origin) -> str:
    """Return the first line of everything."""
    return f"{origin.name} version {origin.number}: {origin.algorithm}"


def about(origin: Origin) -> str:
    """Say in a paragraph what the model predicts and how good it was."""
    said = f"Predicts `{origin.target}` ({origin.tags.get('penstock.task', 'a task')}) from"
    said += f" {len(origin.columns)} columns."
    metric, score = origin.tags.get("penstock.metric"), origin.tags.get("penstock.score")
    if metric and score:
        said += f" On rows held out from training: {metric} {score}."
    objective = str(origin.asked.get("objective") or "")
    return f"{said}\n{objective}" if objective else said


def honest(algorithms: Sequence[str], *, is_single: bool) -> str:
    """Say what training on full data means for the algorithms."""
    said = [IN_MEMORY, *dict.fromkeys(HONEST[name] for name in algorithms if name in HONEST)]
    if not is_single:
        said.append("The model is made of several, so it is fitted in memory; `--from-disk` takes one alone.")
    return " ".join(said)


def columns_table(columns: Sequence[Any]) -> str:
    """Return the columns as a table."""
    lines = ["| column | taken as | must be there |", "|---|---|---|"]
    for column in columns:
        name = column.original or column.name
        kind = "number" if column.as_number else column.kind
        shown = name.replace("|", "\\|")
        lines.append(f"| `{shown}` | {kind} | {'yes' if column.required else 'no'} |")
    return "\n".join(lines) + "\n"
