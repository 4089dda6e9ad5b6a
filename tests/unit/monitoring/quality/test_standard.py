"""What a version is held to comes from its held-out rows and its tags."""

import json

import pyarrow as pa
import pytest

from monitoring.quality.answers import task_of
from monitoring.quality.standard import Standard, reference_classes
from tests.unit.monitoring.quality.scored_rows import scored_rows


def named(rows: pa.Table, classes: list[object]) -> pa.Table:
    return rows.replace_schema_metadata({"penstock.classes": json.dumps(classes)})


def test_a_reference_with_probabilities_gives_all() -> None:
    tags = {"penstock.task": "binary", "penstock.metric": "roc_auc", "penstock.score": "0.9"}
    found = Standard.of(named(scored_rows(500), [0, 1]), tags)
    assert (found.task, found.classes, found.promised) == ("binary", (0, 1), ("roc_auc", 0.9))
    assert found.held_out is not None
    assert found.held_out.used == 500
    assert found.calibrator is not None


def test_a_reference_without_probabilities_says_why_nothing_is_estimated() -> None:
    found = Standard.of(scored_rows(500).drop_columns("probabilities"), {})
    assert found.calibrator is None
    assert found.no_estimate == (
        "the version's held-out rows have no probabilities, so that nothing can be estimated without"
        " outcomes; register it again"
    )


def test_a_regression_of_few_held_out_rows_says_why_nothing_is_estimated() -> None:
    found = Standard.of(pa.table({"prediction": [1.5, 2.5], "label": [1.0, 3.0]}), {})
    assert (found.task, found.classes) == ("regression", None)
    assert found.no_estimate.startswith("2 held-out rows with outcomes are too few to learn from")


def test_a_reference_without_outcomes_says_why_nothing_is_estimated() -> None:
    found = Standard.of(scored_rows(500).drop_columns("label"), {})
    assert found.held_out is None
    assert found.no_estimate.startswith("the version's held-out rows have no outcomes")


def test_classes_are_those_that_the_file_names() -> None:
    rows = pa.table({"prediction": ["a"], "label": ["b"]})
    assert reference_classes(named(rows, ["c", "b", "a"])) == ("c", "b", "a")
    assert reference_classes(rows) == ("a", "b")


@pytest.mark.parametrize(
    ("predictions", "task"),
    [
        ([0.5, 1.5], "regression"),
        ([0, 1], "binary"),
        ([0.0, 1.0], "binary"),
        (["a", "b", "c"], "multiclass"),
        (list(range(30)), "regression"),
        ([f"t{k}" for k in range(30)], "multiclass"),
        ([True, False], "binary"),
    ],
)
def test_a_task_that_no_tag_names_is_read_from_the_predictions(predictions: list[object], task: str) -> None:
    assert task_of(pa.table({"prediction": predictions})) == task


def test_a_tag_names_the_task() -> None:
    assert task_of(pa.table({"prediction": [0, 1]}), "regression") == "regression"
