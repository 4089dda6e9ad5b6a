"""Evidently's reports say what the gauges say."""

from datetime import UTC, datetime

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from monitoring.drift.base import Reference
from monitoring.drift.judge import judge
from monitoring.drift.profile import Profiler
from monitoring.drift.verdict import Drift
from monitoring.quality.measure import measure
from monitoring.reports.compared import Compared, compare
from monitoring.reports.evidently import drift_report, quality_report
from monitoring.reports.scored import MOST_CLASSES, MOST_ROWS, OTHER, Scored, scored

MADE = datetime(2030, 1, 1, tzinfo=UTC)
WORDS = {0: "order late please call price", 1: "refund angry never again worst"}


def rows(count: int, seed: int, shift: float = 0.0) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    texts = [" ".join(rng.choice(WORDS[int(shift > 0)].split(), 4)) for _ in range(count)]
    return pd.DataFrame(
        {
            "age": rng.normal(40 + 10 * shift, 10, count),
            "tiny": rng.normal(0, 1e-6, count) + shift * 1e-6,
            "huge": rng.normal(0, 1e14, count),
            "plan": rng.choice(["a", "b", "gone"] if not shift else ["a", "new"], count),
            "note": texts,
            "lost": rng.normal(0, 1, count) if not shift else np.nan,
            "prediction": rng.choice(["yes", "no"], count),
        }
    )


def compared(window: pd.DataFrame, count: int = 1_000) -> tuple[Drift, Compared | None]:
    reference = Reference.of(pa.Table.from_pandas(rows(count, 0), preserve_index=False))
    features = pa.Table.from_pandas(window.drop(columns="prediction"), preserve_index=False)
    profiler = Profiler(reference, sample_rows=10_000)
    profiler.add(pa.table({"features": features.to_struct_array(), "prediction": window["prediction"]}))
    profile = profiler.profile()
    drift = judge(reference, profile, drift_share=0.5)
    return drift, compare(reference.rows, profile.sample, reference.columns, drift)


def report(found: Compared) -> dict[str, dict]:
    snapshot = drift_report(found, drift_share=0.5, made=MADE, about={"kind": "drift"})
    metrics = [each for each in snapshot.dict()["metrics"] if "ValueDrift" in each["metric_name"]]
    return {each["config"]["column"]: each for each in metrics}


@pytest.mark.parametrize(("count", "shift"), [(400, 2.0), (60, 0.0), (20, 0.0)])
def test_the_same_columns_are_called_drifted(count, shift):
    drift, found = compared(rows(count, 1, shift))
    said = report(found)
    for column in drift.columns:
        metric = said[column.name]
        assert (metric["value"] >= metric["config"]["threshold"]) == column.is_drifted, column


def test_distances_are_equal_and_every_judged_column_is_there():
    drift, found = compared(rows(400, 1, 2.0))
    said = report(found)
    assert set(said) == {column.name for column in drift.columns}
    distances = {column.name: column.distance for column in drift.columns}
    for name in ("age", "plan", "prediction"):
        assert said[name]["value"] == pytest.approx(distances[name], abs=1e-6)


def test_thresholds_of_drifted_columns_do_not_move_with_the_number_of_rows():
    few, many = (compared(rows(count, 1, 2.0))[1].thresholds for count in (200, 800))
    assert {few[name] for name in ("age", "plan", "prediction")} == {0.1}
    assert {name: few[name] for name in few if name != "huge"} == {
        name: many[name] for name in many if name != "huge"
    }


def test_a_column_that_lost_all_values_is_drawn_as_two_categories():
    _, found = compared(rows(200, 1, 2.0))
    assert "lost" in found.columns.categorical
    assert found.window["lost"].unique().tolist() == ["(no value)"]


def test_no_judged_column_is_no_report():
    drift, _ = compared(rows(200, 1))
    frame = rows(10, 1)
    columns = Reference.of(pa.Table.from_pandas(frame, preserve_index=False)).columns
    assert compare(frame, frame, columns, Drift(())) is None
    assert compare(frame, frame.iloc[:0], columns, drift) is None


def binary(count: int, seed: int = 0) -> pa.Table:
    rng = np.random.default_rng(seed)
    share = rng.random(count)
    label = (rng.random(count) < share).astype(int).astype(object)
    label[:5] = None
    return pa.table(
        {
            "prediction": (share > 0.5).astype(int),
            "probabilities": [[1 - each, each] for each in share],
            "label": pa.array(label, pa.int64()),
        }
    )


def gauges(table: pa.Table, task: str, classes: tuple | None = None) -> dict[str, float]:
    return {
        name: each.value for name, each in measure(table, task=task, classes=classes, seed=0).metrics.items()
    }


def quality(window: Scored, reference: Scored | None = None) -> dict[str, float]:
    snapshot = quality_report(window, reference, made=MADE, about={"kind": "quality"})
    assert "<html" in snapshot.get_html_str(as_iframe=False)[:200]
    return {each["config"]["type"].rpartition(":")[2]: each["value"] for each in snapshot.dict()["metrics"]}


def test_a_binary_models_figures_are_the_gauges():
    table = binary(500)
    said = quality(scored(table, task="binary", classes=(0, 1)), scored(binary(300, 1), task="binary"))
    told = gauges(table, "binary", (0, 1))
    for metric, name in (
        ("Accuracy", "accuracy"),
        ("F1Score", "f1"),
        ("RocAuc", "roc_auc"),
        ("LogLoss", "log_loss"),
    ):
        assert said[metric] == pytest.approx(told[name], abs=1e-9)


def test_several_classes_have_a_report_with_and_without_probabilities():
    rng = np.random.default_rng(0)
    shares = rng.dirichlet([1, 1, 1], 200)
    table = pa.table(
        {
            "prediction": np.array(["x", "prediction", "outcome"])[shares.argmax(axis=1)],
            "label": rng.choice(["x", "prediction", "outcome"], 200),
            "probabilities": shares.tolist(),
        }
    )
    classes = ("x", "prediction", "outcome")
    assert "RocAuc" in quality(scored(table, task="multiclass", classes=classes))
    bare = scored(table.drop(["probabilities"]), task="multiclass", classes=classes)
    assert quality(bare)["Accuracy"] == pytest.approx(gauges(table, "multiclass", classes)["accuracy"])


def test_a_regressions_figures_are_the_gauges():
    rng = np.random.default_rng(0)
    said = rng.normal(100, 10, 300)
    table = pa.table({"prediction": said, "label": said + rng.normal(0, 2, 300)})
    figures = quality(scored(table, task="regression"))
    told = gauges(table, "regression")
    assert figures["RMSE"] == pytest.approx(told["rmse"])
    assert figures["MAE"]["mean"] == pytest.approx(told["mae"])


def test_of_very_many_classes_the_rarest_are_one():
    labels = [f"c{k % 60}" for k in range(600)]
    found = scored(pa.table({"prediction": labels, "label": labels}), task="multiclass")
    assert found.frame[found.truth].nunique() == MOST_CLASSES
    assert OTHER in set(found.frame[found.truth])


def test_many_rows_are_drawn_from():
    found = scored(binary(MOST_ROWS + 500), task="binary", classes=(0, 1))
    assert len(found.frame) == MOST_ROWS


@pytest.mark.parametrize(
    ("table", "classes"),
    [
        (pa.table({"prediction": [1, 0]}), None),
        (pa.table({"prediction": [1, 0], "label": pa.nulls(2)}), None),
        (pa.table({"prediction": [1, 1], "label": [1, 1]}), None),
        (pa.table({"prediction": [1, 0], "label": ["x", "y"]}), (0, 1)),
    ],
    ids=["no label", "no known label", "one class", "strangers"],
)
def test_without_outcomes_that_can_be_scored_there_is_no_report(table, classes):
    assert scored(table, task="binary", classes=classes) is None


def test_a_regression_of_nans_has_no_report():
    table = pa.table({"prediction": [float("nan"), 1.0], "label": [1.0, float("inf")]})
    assert scored(table, task="regression") is None
