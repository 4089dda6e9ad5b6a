"""What became of each side's predictions: its quality, and a sample to compare the sides by."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from penstock.traffic.comparison import Sample

if TYPE_CHECKING:
    import pyarrow as pa

    from monitoring.quality.figures import Quality
    from serving.lifecycle.canary.counts import LaneName
    from serving.settings import Settings

MOST_ROWS = 20_000
"""The newest predictions of a side that are looked at."""
ACCURACY, ERROR = "accuracy", "mean absolute error"
SEED = 42


@dataclass(frozen=True, slots=True)
class Became:
    """What became of a side's predictions.

    Attributes:
        quality: The task's metrics with their intervals; None while no outcome has come.
        sample: Hits, or absolute errors.
        what: What the sample's mean is called.
    """

    quality: "Quality | None"
    sample: Sample
    what: str

    @property
    def is_more_better(self) -> bool:
        """Whether a larger mean is better."""
        return self.what == ACCURACY


def became(settings: "Settings", lane: "LaneName", *, since_s: float, task: str) -> Became:
    """Read a side's newest predictions and their outcomes from the log.

    Args:
        settings: Where the log is.
        lane: Whose predictions.
        since_s: Only of predictions since then, in seconds since 1970.
        task: The version's task; empty where nobody said.
    """
    from monitoring.quality.answers import task_of
    from monitoring.quality.measure import measure
    from monitoring.quality.metric_names import REGRESSION
    from serving.prediction_log.read import read

    rows = read(
        settings.prediction_log_dir, model=lane.model, version=lane.version, variant=lane.variant,
        since_s=since_s, limit=MOST_ROWS, outcomes=True, s3_uri=settings.log_s3_uri,
    )  # fmt: skip
    task = task_of(rows, task or None)
    what = ERROR if task == REGRESSION else ACCURACY
    quality = measure(rows, task=task, seed=SEED) if rows.num_rows else None
    return Became(quality, _sample(rows, is_number=task == REGRESSION) if quality else Sample(0), what)


def _sample(rows: "pa.Table", *, is_number: bool) -> Sample:
    import numpy as np

    from monitoring.quality.answers import numbers, read_answers

    labelled = rows.filter(rows["label"].is_valid())
    if is_number:
        errors = np.abs(numbers(labelled["label"]) - numbers(labelled["prediction"]))
        errors = errors[np.isfinite(errors)]
        return Sample(len(errors), float(errors.mean()), float(errors.var())) if len(errors) else Sample(0)
    answers = read_answers(labelled, None)
    usable = (answers.truth >= 0) & (answers.said >= 0)
    hits = (answers.truth == answers.said)[usable]
    return Sample.of_hits(int(hits.sum()), len(hits))
