"""The metrics of rows whose outcomes are known, each with a 95 % interval.

The interval is the percentile bootstrap's (Efron, 1979), as training gives it: rows are drawn with
replacement, and the middle 95 % of the scores of the draws is kept. Of many rows fewer are drawn at a time,
and what they spread is narrowed by the root of how many fewer (Bickel, Goetze and van Zwet, 1997). A plain
share of two classes, which the bootstrap judges badly near 0 and 1, has Wilson's (1927).
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa

from monitoring.quality.answers import Answers, has_scores, numbers, read_answers
from monitoring.quality.class_scores import Scorer
from monitoring.quality.figures import Figure, Quality
from monitoring.quality.metric_names import METRICS, REGRESSION
from monitoring.quality.number_scores import Errors

DRAWS = 200
FEWEST_ROWS = 10
"""Of fewer no interval is told."""
MOST_DRAWN = 10_000
MOST_CELLS = 100_000
"""Rows times classes of one draw."""
MOST_CLASSES = 100
"""Of more classes accuracy alone has an interval."""
MOST_HELD = 2_000_000
"""Rows times classes that are held at once; of more rows, so many evenly spaced are measured."""
Z = 1.959964
"""Of a normal's middle 95 %."""


def measure(rows: pa.Table, *, task: str, classes: Sequence[Any] | None = None, seed: int) -> Quality | None:
    """Measure what the known outcomes say.

    Args:
        rows: Logged predictions joined with outcomes: prediction, label, and probabilities where there are.
        task: `binary`, `multiclass` or `regression`.
        classes: The labels in the order of the probabilities; None for those that the rows hold.
        seed: The same seed gives the same intervals.

    Returns:
        None where no outcome is known.
    """
    if "label" not in rows.column_names or rows["label"].null_count == rows.num_rows:
        return None
    labelled = rows.filter(rows["label"].is_valid())
    taken, said = _held(labelled, len(classes or ()))
    read = _numbers if task == REGRESSION else _classes
    scores, drawn, used, notes = read(taken, classes, np.random.default_rng(seed))
    wanted = {name: value for name, value in scores.items() if task in METRICS[name].tasks}
    metrics = {name: Figure(value, *drawn.get(name, ())) for name, value in wanted.items()}
    return Quality(task, metrics, rows.num_rows, labelled.num_rows, used, (*said, *notes))


def _held(labelled: pa.Table, classes: int) -> tuple[pa.Table, tuple[str, ...]]:
    most = MOST_HELD // max(2, classes)
    if labelled.num_rows <= most:
        return labelled, ()
    at = np.linspace(0, labelled.num_rows - 1, most).astype(np.int64)
    return labelled.take(at), (f"measured on {most} of {labelled.num_rows} outcomes, evenly spaced",)


Ends = tuple[float, float]
Read = tuple[dict[str, float], dict[str, Ends], int, list[str]]


def _numbers(labelled: pa.Table, _: Sequence[Any] | None, rng: np.random.Generator) -> Read:
    truth, said = numbers(labelled["label"]), numbers(labelled["prediction"])
    usable = np.isfinite(truth) & np.isfinite(said)
    notes = _notes(int((~np.isfinite(truth)).sum()), "no number", int((~np.isfinite(said)).sum()))
    errors, rows = Errors.of(truth[usable], said[usable]), int(usable.sum())
    if not rows:
        return {}, {}, 0, notes
    whole = errors.scores(np.ones(rows))

    def draw(size: int) -> dict[str, float]:
        at = rng.integers(0, rows, size)
        return errors.scores(np.bincount(at, minlength=rows)) if size == rows else _sub(errors, at)

    return whole, _ends(whole, draw, rows, 1), rows, notes


def _sub(errors: Errors, at: Any) -> dict[str, float]:
    drawn = Errors.of(errors.truth[at], errors.truth[at] - errors.errors[at])
    return drawn.scores(np.ones(len(at)))


def _classes(labelled: pa.Table, classes: Sequence[Any] | None, rng: np.random.Generator) -> Read:
    answers = read_answers(labelled, classes)
    usable = (answers.truth >= 0) & (answers.said >= 0)
    notes = _notes(
        int((answers.truth < 0).sum()), f"none of {_some(answers.classes)}", int((answers.said < 0).sum())
    )
    answers = answers.take(usable)
    if answers.probabilities is not None and (gone := int((~has_scores(answers.probabilities)).sum())):
        notes.append(
            f"{gone} rows have no probabilities that can be used; rankings and losses are without them"
        )
    if not len(answers) or len(answers.classes) < 2:
        return _accuracy_alone(answers, notes)
    whole = scores_of(answers)
    drawn = _ends(whole, _drawing(answers, rng), len(answers), len(answers.classes))
    return whole, drawn | _wilson(answers), len(answers), notes


def _drawing(answers: Answers, rng: np.random.Generator) -> Callable[[int], dict[str, float]]:
    """Scores of rows drawn with replacement; where all rows may be drawn they are sorted only once."""
    rows, classes = len(answers), len(answers.classes)
    is_whole = answers.probabilities is None or bool(has_scores(answers.probabilities).all())
    scorer = Scorer.of(answers.said, answers.probabilities, classes) if is_whole else None
    truth = _truth(answers)

    def draw(size: int) -> dict[str, float]:
        at = rng.integers(0, rows, size)
        if scorer is None or size < rows:
            return scores_of(answers.take(at))
        return scorer.scores(truth * np.bincount(at, minlength=rows)[:, None])

    return draw


def scores_of(answers: Answers) -> dict[str, float]:
    """Every metric of classifications whose outcomes are all known.

    Rows without probabilities that can be used count only where the prediction is enough.
    """
    if answers.probabilities is None:
        return _scores(answers)
    scored = has_scores(answers.probabilities)
    if scored.all():
        return _scores(answers)
    found = _scores(Answers(answers.classes, answers.said, answers.truth, None))
    return (_scores(answers.take(scored)) if scored.any() else {}) | found


def _scores(answers: Answers) -> dict[str, float]:
    return Scorer.of(answers.said, answers.probabilities, len(answers.classes)).scores(_truth(answers))


def _truth(answers: Answers) -> Any:
    """Which class each row is of, shape (rows, classes), 0 or 1."""
    return (answers.truth[:, None] == np.arange(len(answers.classes))).astype(np.float64)


def _accuracy_alone(answers: Answers, notes: list[str]) -> Read:
    """Rows of one class, when nobody says what the other is, have no positive class."""
    hits = int((answers.said == answers.truth).sum())
    if not len(answers):
        return {}, {}, 0, notes
    notes = [*notes, "all rows are of one class, and nothing tells the others; only accuracy is told"]
    return {"accuracy": hits / len(answers)}, {"accuracy": share(hits, len(answers))}, len(answers), notes


def _ends(
    whole: Mapping[str, float], draw: Callable[[int], dict[str, float]], rows: int, classes: int
) -> dict[str, Ends]:
    """The bootstrap's intervals; a metric that a tenth of the draws do not allow has none."""
    if rows < FEWEST_ROWS or classes > MOST_CLASSES:
        return {}
    size = min(rows, MOST_DRAWN, max(FEWEST_ROWS, MOST_CELLS // classes))
    found = [draw(size) for _ in range(DRAWS)]
    narrower = float(np.sqrt(size / rows))
    ends = {}
    for name, value in whole.items():
        values = np.array([each[name] for each in found if name in each])
        if len(values) >= 0.9 * DRAWS:
            low, high = np.quantile(values, [0.025, 0.975])
            middle = float(np.median(values)) if narrower < 1 else 0.0
            base = value if narrower < 1 else 0.0
            ends[name] = (base + narrower * float(low - middle), base + narrower * float(high - middle))
    return ends


def _wilson(answers: Answers) -> dict[str, Ends]:
    """Shares that are plain counts: of all rows, of those called positive, of those that are."""
    right = answers.said == answers.truth
    found = {"accuracy": share(int(right.sum()), len(answers))}
    if len(answers.classes) == 2:
        for name, among in (("precision", answers.said == 1), ("recall", answers.truth == 1)):
            if among.any():
                found[name] = share(int(right[among].sum()), int(among.sum()))
    return found if len(answers) >= FEWEST_ROWS else {}


def share(hits: int, rows: int) -> Ends:
    """The interval of a share (Wilson, 1927), which holds for few rows and for shares near 0 and 1."""
    part = hits / rows
    centre = (part + Z**2 / (2 * rows)) / (1 + Z**2 / rows)
    half = Z / (1 + Z**2 / rows) * np.sqrt(part * (1 - part) / rows + Z**2 / (4 * rows**2))
    return max(0.0, float(centre - half)), min(1.0, float(centre + half))


def _notes(strangers: int, what: str, broken: int) -> list[str]:
    notes = []
    if strangers:
        notes.append(f"{strangers} outcomes are {what}; they were left out")
    if broken:
        notes.append(f"{broken} rows have no prediction that can be used; they were left out")
    return notes


def _some(classes: Sequence[Any]) -> str:
    named = ", ".join(repr(each) for each in classes[:8])
    return f"the classes {named}{' ...' if len(classes) > 8 else ''}"
