"""One call looks at everything, in bounded time, and says what it looked at."""

import json
import math

import numpy as np
import pandas as pd
import pytest

from projects.errors import BadInput
from projects.evaluation.evaluate import evaluate
from projects.evaluation.metrics import measure_all, metric_for
from projects.evaluation.subject import Subject
from projects.evaluation.threshold import apply, choose
from projects.requirement.model import Evaluation
from tests.unit.projects.evaluation.evaluation_fixtures import (
    classes_of,
    fitted,
    out_of_fold,
    report,
    subject,
    table,
    truth,
)

TABLES = {
    "binary": ["metrics.json", "importance.csv", "worst_predictions.csv", "prediction_examples.csv",
               "confusion_matrix.csv", "classes.csv", "segments.csv", "calibration.csv"],
    "regression": ["metrics.json", "importance.csv", "worst_predictions.csv", "prediction_examples.csv",
                   "segments.csv"],
}  # fmt: skip


@pytest.mark.parametrize("task", ["binary", "multiclass", "regression"])
def test_the_metrics_are_those_of_the_models_answers(task):
    found = report(task)
    wanted = measure_all(found.findings.answers, task)
    assert {name: found.metrics[name] for name in wanted} == wanted
    assert all(math.isfinite(value) for value in found.metrics.values())


@pytest.mark.parametrize("task", ["binary", "multiclass", "regression"])
def test_the_metric_compared_by_has_an_interval(task):
    found = report(task).findings
    interval = found.intervals[metric_for("", task).name]
    assert interval.low <= found.metrics[metric_for("", task).name] <= interval.high


@pytest.mark.parametrize("task", ["binary", "regression"])
def test_the_tables_can_be_written(task, tmp_path):
    tables = report(task).tables
    assert list(tables) == TABLES[task]
    for name, content in tables.items():
        if name.endswith(".json"):
            json.dumps(content, allow_nan=False)
        else:
            content.to_csv(tmp_path / name, index=False)
            assert len(pd.read_csv(tmp_path / name)) == len(content)


def test_segments_are_by_the_columns_that_matter():
    assert {one.column for one in report("regression").findings.segments} >= {"count", "city"}


def test_segments_can_be_declared():
    found = evaluate(subject("binary"), asked=Evaluation(segments=("noise",)))
    assert {one.column for one in found.findings.segments} == {"noise"}


def test_declared_groups_are_compared():
    beside = pd.DataFrame({"gender": ["f", "m"] * 200})
    found = evaluate(subject("binary", beside=beside), asked=Evaluation(groups=("gender",)))
    assert "fairness.gender.demographic_parity_difference" in found.metrics
    assert len(found.tables["fairness.csv"]) == 2


def test_an_unknown_group_is_refused():
    with pytest.raises(BadInput, match="groups names 'gender', which is no column"):
        evaluate(subject("binary"), asked=Evaluation(groups=("gender",)))


def test_shap_values_take_the_place_of_permutations():
    found = report("binary", shap=True)
    assert found.findings.importance is None
    assert found.lines[-1] == "importance is by SHAP values of 400 held-out rows"


def test_a_model_without_shap_values_falls_back_aloud():
    from sklearn.ensemble import VotingClassifier

    given = subject("binary")
    members = [("a", fitted("lightgbm", "binary")), ("b", fitted("linear", "binary"))]
    model = VotingClassifier(members, voting="soft").fit(given.X, given.truth)
    found = evaluate(
        Subject(model, "binary", given.classes, given.X, given.truth), asked=Evaluation(shap=True)
    )
    assert "the model has no SHAP values of its own; importance is by permutation" in found.lines
    assert found.findings.importance is not None


def test_a_moved_threshold_is_told_beside_a_half():
    given = subject("binary")
    choice = choose(out_of_fold("binary"), 0.3)
    model = apply(given.model, 0.3, given.X)
    found = evaluate(
        Subject(model, "binary", given.classes, given.X, given.truth), asked=Evaluation(), threshold=choice
    )
    at_half = report("binary").metrics["f1"]
    assert found.lines[0].startswith(
        f"on the held-out rows, with the threshold at 0.3: f1 {found.metrics['f1']:.4f}"
    )
    assert f"(at 0.5: {at_half:.4f})" in found.lines[0]
    assert "thresholds.csv" in found.tables


def test_labels_that_the_model_does_not_know_are_left_out_aloud():
    given = subject("binary")
    strange = given.truth.copy()
    strange[:7] = "vielleicht"
    found = evaluate(
        Subject(given.model, "binary", given.classes, given.X, strange, target="t"), asked=Evaluation()
    )
    assert found.lines[0] == "7 of 400 rows are left out: the model knows no 't' such as 'vielleicht'"
    assert found.watch[0] == found.lines[0]
    assert len(found.findings.answers) == 393


def test_no_known_label_at_all_is_refused():
    given = subject("binary")
    with pytest.raises(
        BadInput, match="no row can be evaluated: the truth 'target' holds none of 'ja', 'nein'"
    ):
        evaluate(
            Subject(given.model, "binary", given.classes, given.X, np.full(400, "x", dtype=object)),
            asked=Evaluation(),
        )


def test_numbers_whose_truth_is_missing_are_left_out_aloud():
    given = subject("regression")
    gaps = given.truth.copy()
    gaps[3] = np.nan
    found = evaluate(Subject(given.model, "regression", None, given.X, gaps), asked=Evaluation())
    assert found.lines[0].startswith("1 of 400 rows is left out")


@pytest.mark.parametrize("rows", [1, 2, 12])
@pytest.mark.parametrize("task", ["binary", "multiclass", "regression"])
def test_a_handful_of_rows_is_evaluated(task, rows):
    found = evaluate(subject(task, rows=rows), asked=Evaluation())
    assert found.metrics
    assert found.figures


def test_held_out_rows_of_one_class_are_evaluated():
    given = subject("binary")
    rows = np.flatnonzero(given.truth == "ja")
    found = evaluate(given.take(rows), asked=Evaluation())
    assert "roc_auc" not in found.metrics
    assert "roc_curve.png" not in found.figures
    assert "no held-out row is 'nein': nothing is known of how well that is recognised" in found.watch


def test_a_slow_model_is_asked_about_fewer_rows_aloud():
    class Slow:
        classes_ = np.array(["ja", "nein"], dtype=object)

        def predict(self, X):
            ticks.append(len(X) / 100)
            return np.full(len(X), "ja", dtype=object)

    ticks: list[float] = []
    frame = table(5000)
    given = Subject(Slow(), "binary", classes_of("binary"), frame, truth(frame, "binary"))
    found = evaluate(given, asked=Evaluation(), seconds=20, clock=lambda: sum(ticks))
    assert (
        found.lines[0]
        == "evaluated on 2,000 of 5,000 held-out rows (drawn at random): the model answers slowly"
    )


def test_details_of_many_rows_are_of_a_sample_aloud():
    found = evaluate(
        subject("regression", "linear", rows=30_000), asked=Evaluation(), seconds=5, clock=lambda: 0.0
    )
    assert found.lines[0] == "segments, calibration and importance are of 20,000 of the held-out rows"
    assert len(found.findings.answers) == 30_000


def test_a_label_only_model_is_evaluated():
    from sklearn.ensemble import VotingClassifier

    given = subject("binary")
    model = VotingClassifier([("a", given.model)], voting="hard").fit(given.X, given.truth)
    found = evaluate(Subject(model, "binary", given.classes, given.X, given.truth), asked=Evaluation())
    assert "f1" in found.metrics
    assert "roc_curve.png" not in found.figures


def test_the_same_seed_finds_the_same():
    one, other = (evaluate(subject("multiclass"), asked=Evaluation(), seconds=1000) for _ in range(2))
    assert one.metrics == other.metrics
    assert one.watch == other.watch
    assert one.findings.weights == other.findings.weights
