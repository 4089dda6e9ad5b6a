"""What a version's quality is held to, made once a version from its held-out rows and its tags."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from monitoring.quality.answers import read_answers, task_of
from monitoring.quality.calibrator import Calibrator, fitted
from monitoring.quality.figures import Quality
from monitoring.quality.labels import classes_of
from monitoring.quality.measure import measure
from monitoring.quality.metric_names import REGRESSION
from monitoring.quality.residuals import Residuals, learned
from monitoring.quality.verdict import Promised, promised

CLASSES = b"penstock.classes"


@dataclass(frozen=True, slots=True)
class Standard:
    """What a window of a version is measured by and judged against.

    Attributes:
        task: `binary`, `multiclass` or `regression`.
        classes: The labels in the order of the probabilities; None for a regression.
        held_out: What the version did on its held-out rows; None where they have no outcomes.
        promised: Metric and score of the version's tags.
        calibrator: What its probabilities, or a regression's rows, tell of its errors; None where nothing can
            be estimated.
        no_estimate: Why not, as a sentence; empty where there is a calibrator.
    """

    task: str
    classes: tuple[Any, ...] | None
    held_out: Quality | None
    promised: Promised | None
    calibrator: Calibrator | Residuals | None
    no_estimate: str

    @classmethod
    def of(
        cls,
        reference: pa.Table,
        tags: Mapping[str, str],
        *,
        hidden: frozenset[str] = frozenset(),
        seed: int = 0,
    ) -> "Standard":
        """Read held-out rows.

        Args:
            reference: Features, prediction, label, and probabilities where the model gives them.
            tags: The version's.
            hidden: Columns that the log does not hold as they were.
            seed: Of intervals and fits.
        """
        task = task_of(reference, tags.get("penstock.task"))
        classes = None if task == REGRESSION else reference_classes(reference) or None
        held_out = measure(reference, task=task, classes=classes, seed=seed)
        made: Calibrator | Residuals | str
        if held_out is None:
            made = "the version's held-out rows have no outcomes to estimate from; register it again"
        elif task == REGRESSION:
            made = learned(reference, hidden=hidden, seed=seed)
        else:
            made = calibrator_of(reference, seed=seed)
        calibrator, why = (None, made) if isinstance(made, str) else (made, "")
        return cls(task, classes, held_out, promised(tags), calibrator, why)


def reference_classes(reference: pa.Table) -> tuple[Any, ...]:
    """The labels in the order of the probabilities: as the file says, else those that it holds, in order."""
    written = (reference.schema.metadata or {}).get(CLASSES)
    if written:
        found = json.loads(written)
        if isinstance(found, list) and found:
            return tuple(found)
    labels = [reference[name] for name in ("prediction", "label") if name in reference.column_names]
    return classes_of(*labels)


def calibrator_of(reference: pa.Table, *, seed: int = 0) -> Calibrator | str:
    """Fit a calibrator on held-out rows, or say in a sentence why there is none."""
    if "probabilities" not in reference.column_names:
        return (
            "the version's held-out rows have no probabilities, so that nothing can be estimated without"
            " outcomes; register it again"
        )
    return fitted(read_answers(reference, reference_classes(reference)), seed=seed)
