"""What an export shows before it is handed over: it answers as the version does, and learns as it learned."""

import math
import pickle
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from projects.export.environment import Environment, Failed
from projects.export.origin import Origin
from projects.export.sources import template

TOLERANCE = 1e-9
"""Of probabilities, and of numbers by their size."""
LEARNED_ALIKE = 1e-6
"""Up to here two fits of one seed count as equal: threads and instruction sets add in another order."""
MOST_LEARNED = 1000
FEWEST_LEARNED = 20


@dataclass(frozen=True)
class Proof:
    """What was shown.

    Attributes:
        environment: Where, in words.
        rows: How many rows were answered.
        difference: The largest one from the version's own answers.
        learned_rows: How many rows it was trained on anew; 0 if it was not.
        learned_difference: The largest one from the version's own pipeline, trained on the same rows.
        why: Why it was not trained anew; empty if it was.
        has_raised: Whether training it anew raised.
    """

    environment: str
    rows: int
    difference: float
    learned_rows: int = 0
    learned_difference: float = 0.0
    why: str = ""
    has_raised: bool = False

    @property
    def learns_alike(self) -> bool:
        """Whether training anew gave the same model."""
        return bool(self.learned_rows) and self.learned_difference <= LEARNED_ALIKE

    @property
    def lines(self) -> list[str]:
        """As a person is told."""
        answered = (
            f"In {self.environment} the saved model answered {self.rows:,} rows as the registered version"
            f" does: the largest difference is {self.difference:.1e} (allowed: {TOLERANCE:.0e})."
        )
        if not self.learned_rows:
            return [answered, f"It was not trained anew: {self.why}."]
        how = "equal within" if self.learns_alike else "which is more than"
        learned = (
            f"Trained anew with the same seed on {self.learned_rows:,} rows it differed from the version's"
            f" own pipeline, trained on the same rows, by at most {self.learned_difference:.1e}, {how}"
            f" {LEARNED_ALIKE:.0e}."
        )
        return [answered, learned]


def prove(origin: Origin, unfitted: Any, complete: Sequence[str], folder: Path, place: Environment) -> Proof:
    """Run an export and hold it against its version.

    Args:
        origin: The version, with reference rows.
        unfitted: What its model is fitted from.
        complete: Columns without whose cells a row is not learned from.
        folder: The export.
        place: Where it runs.

    Raises:
        Failed: It does not run, or answers otherwise than the version.
    """
    reference = origin.reference
    assert reference is not None  # noqa: S101 - the caller's promise, not input
    learn = _to_learn(origin)
    with tempfile.TemporaryDirectory(prefix="penstock-proof-") as scratch:
        script, given, made = (Path(scratch) / name for name in ("proof.py", "given.pkl", "made.pkl"))
        script.write_text(template("proof.py"), encoding="utf-8")
        given.write_bytes(pickle.dumps({"rows": _cells(reference.rows), "learn": _cells(learn)}))
        place.run(folder, str(script), str(given), str(made))
        said = pickle.loads(made.read_bytes())  # noqa: S301 - our own script wrote it
    difference = _difference(
        origin, (said["predictions"], said["probabilities"]), answers(origin.model, reference.rows)
    )
    stored = _difference(
        origin, (said["predictions"], said["probabilities"]), (reference.predictions, reference.probabilities)
    )
    difference = max(difference, stored)
    if not difference <= TOLERANCE:
        raise Failed(
            f"its answers differ by up to {difference:.2e} from those of the version; it was made by another"
            " version of Penstock's code or of a library"
        )
    proof = Proof(place.said, len(reference.rows), difference)
    if learn is None:
        return replace(proof, why="there are too few reference rows")
    if "why" in said:
        why = f"fitting {len(learn):,} reference rows raised {said['why']}"
        return replace(proof, why=why[:400].rstrip("."), has_raised=True)
    rows, own = _learned(origin, unfitted, complete, learn)
    return replace(proof, learned_rows=rows, learned_difference=_difference(origin, said["learned"], own))


def answers(model: Any, rows: pd.DataFrame) -> tuple[Any, Any]:
    """Return a model's predictions and, where it gives some, its probabilities."""
    shares = getattr(model, "predict_proba", None)
    return np.asarray(model.predict(rows)), None if shares is None else np.asarray(shares(rows))


def _cells(frame: pd.DataFrame | None) -> dict[str, Any] | None:
    """Return columns as arrays: a frame's pickle may need packages that the export does not."""
    return None if frame is None else {str(name): frame[name].to_numpy() for name in frame.columns}


def _to_learn(origin: Origin) -> pd.DataFrame | None:
    reference = origin.reference
    if reference is None or len(reference.rows) < FEWEST_LEARNED:
        return None
    at = np.linspace(0, len(reference.rows) - 1, min(len(reference.rows), MOST_LEARNED)).astype(int)
    return reference.rows.iloc[at].reset_index(drop=True).assign(**{origin.target: reference.truth[at]})


def _learned(origin: Origin, unfitted: Any, complete: Sequence[str], learn: pd.DataFrame) -> tuple[int, Any]:
    """Fit the version's own pipeline; return how many rows it learned from, and what it answers."""
    rows = learn.drop(columns=origin.target)
    kept = rows[list(complete)].notna().all(axis=1).to_numpy()
    fitted = unfitted.fit(rows[kept].reset_index(drop=True), learn[origin.target].to_numpy()[kept])
    return int(kept.sum()), answers(fitted, rows)


def _difference(origin: Origin, one: tuple[Any, Any], other: tuple[Any, Any]) -> float:
    """Return the largest difference of answers: of numbers by their size, of labels 1 where they differ.

    It is infinite where one says nothing and the other something, as NaN or as no probabilities at all.
    """
    if origin.classes is None:
        return _largest(one[0], other[0], np.maximum(np.abs(other[0].astype(float)), 1.0))
    labels = float(np.any(np.asarray(one[0]).astype(str) != np.asarray(other[0]).astype(str)))
    if one[1] is None and other[1] is None:
        return labels
    if one[1] is None or other[1] is None:
        return math.inf
    return max(labels, _largest(one[1], other[1], 1.0))


def _largest(one: Any, other: Any, size: Any) -> float:
    """Return the largest difference by a size; where neither is a number there is none."""
    first, second = np.asarray(one, dtype=float), np.asarray(other, dtype=float)
    if first.shape != second.shape or not np.array_equal(np.isnan(first), np.isnan(second)):
        return math.inf
    with np.errstate(invalid="ignore"):  # infinities beside each other
        apart = np.where((first == second) | np.isnan(first), 0.0, np.abs(first - second) / size)
    return float(np.max(np.nan_to_num(apart, nan=math.inf, posinf=math.inf), initial=0.0))
