"""What an evaluation found, as tables to download: CSV for people, JSON for programs."""

from typing import Any

import numpy as np
import pandas as pd

from projects.evaluation import fairness, segments, worst
from projects.evaluation.findings import Findings
from projects.evaluation.reliability import Reliability


def tables_of(found: Findings, *, seed: int) -> dict[str, Any]:
    """Return data frames by `NAME.csv` and plain data by `NAME.json`; only what there is."""
    X, answers = found.subject.X, found.answers
    tables: dict[str, Any] = {
        "metrics.json": _metrics(found),
        "importance.csv": _importance(found),
        "worst_predictions.csv": worst.worst(answers, X),
        "prediction_examples.csv": worst.examples(answers, X, seed=seed),
    }
    if answers.classes is not None:
        tables["confusion_matrix.csv"] = _confusion(found)
        tables["classes.csv"] = _classes(found)
    if found.segments:
        tables["segments.csv"] = segments.as_table(found.segments, found.metric)
    if found.fairness:
        tables["fairness.csv"] = fairness.as_table(found.fairness)
    if found.reliability is not None:
        tables["calibration.csv"] = _calibration(found.reliability)
    if found.threshold is not None and found.threshold.curves is not None:
        curves = found.threshold.curves
        tables["thresholds.csv"] = pd.DataFrame(
            {
                "threshold": curves.thresholds,
                **curves.scores,
                "cost": curves.cost,
                "positives": curves.positives,
            }
        )
    return {name: table for name, table in tables.items() if len(table)}


def _metrics(found: Findings) -> dict[str, Any]:
    return {
        name: {"value": value}
        | (
            {"low": found.intervals[name].low, "high": found.intervals[name].high}
            if name in found.intervals
            else {}
        )
        for name, value in found.metrics.items()
    }


def _importance(found: Findings) -> pd.DataFrame:
    shares = found.weights
    if found.contributions is not None:
        means = found.contributions.means
        return pd.DataFrame(
            {
                "column": list(means),
                "mean_size": list(means.values()),
                "share": [shares.get(n, 0.0) for n in means],
            }
        )
    weights = found.importance.weights if found.importance else ()
    return pd.DataFrame(
        [
            {
                "column": w.column, "drop": w.drop if w.rounds else np.nan, "deviation": w.deviation,
                "share": shares.get(w.column, 0.0), "rounds": w.rounds,
            }
            for w in weights
        ]
    )  # fmt: skip


def _confusion(found: Findings) -> pd.DataFrame:
    names = [str(label) for label in found.answers.classes or ()]
    table = pd.DataFrame(found.answers.counts, columns=names)
    table.insert(0, "actual \\ predicted", names, allow_duplicates=True)
    return table


def _classes(found: Findings) -> pd.DataFrame:
    counts = found.answers.counts
    hits, true_rows, said_rows = np.diag(counts), counts.sum(axis=1), counts.sum(axis=0)
    return pd.DataFrame(
        {
            "class": [str(label) for label in found.answers.classes or ()],
            "rows": true_rows,
            "called": said_rows,
            "precision": hits / np.maximum(said_rows, 1),
            "recall": hits / np.maximum(true_rows, 1),
            "f1": 2 * hits / np.maximum(true_rows + said_rows, 1),
        }
    )


def _calibration(found: Reliability) -> pd.DataFrame:
    return pd.DataFrame(
        [
            {
                "rows": b.rows,
                "said": b.said,
                "seen": b.seen,
                "seen_low": b.interval.low,
                "seen_high": b.interval.high,
            }
            for b in found.bins
        ]
    )
