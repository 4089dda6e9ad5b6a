"""Many rows are scored by columns: in chunks, on threads, with plain arrays out."""

import numpy as np
import pytest

from serving.plan import plan as plan_module
from serving.plan.model import PlanInputError
from tests.unit.plan.plan_fixtures import as_columns, as_rows, table

LABELS = {"texts": object, "booleans": bool, "whole": np.int64, "regression": np.float64}


@pytest.fixture
def small_chunks(monkeypatch):
    monkeypatch.setattr(plan_module, "MOST_CHUNK_ROWS", 7)


@pytest.mark.parametrize("kind", list(LABELS))
def test_predictions_are_an_array_of_the_labels_kind(fitted, kind):
    predictions, _ = fitted("lightgbm", kind).plan.score_columns(as_columns(table(20)))
    assert predictions.dtype == LABELS[kind]


@pytest.mark.parametrize("threads", [1, 3])
@pytest.mark.parametrize("name", ["lightgbm", "xgboost", "random_forest", "soft_vote", "knn"])
def test_chunks_change_no_answer(fitted, small_chunks, name, threads):
    plan, frame = fitted(name, "texts").plan, table(60)
    wanted = plan.score(as_rows(frame))
    predictions, shares = plan.score_columns(as_columns(frame), threads=threads)
    assert predictions.tolist() == wanted.predictions
    np.testing.assert_allclose(shares, wanted.probabilities, atol=1e-12)


def test_chunks_bound_the_widest_matrix(fitted, monkeypatch):
    plan = fitted("ridge", "regression").plan
    monkeypatch.setattr(plan_module, "CHUNK_CELLS", 10 * max(plan.widths))
    seen = []
    regressor = plan.model
    spy = type("Spy", (), {"estimate": lambda _, batch: note(batch)})()

    def note(batch):
        seen.append(len(batch.matrix(0)))
        return regressor.estimate(batch)

    spied = plan_module.Plan(plan.columns, plan.task, None, plan.encoders, plan.widths, spy)
    spied.score_columns(as_columns(table(35)))
    assert seen == [10, 10, 10, 5]


def test_columns_may_be_lists(fitted):
    plan, frame = fitted("logistic", "texts").plan, table(20)
    columns = as_columns(frame)
    lists = [columns[0], columns[1].tolist(), columns[2], columns[3].tolist()]
    assert plan.score_columns(lists)[0].tolist() == plan.score_columns(columns)[0].tolist()


def test_no_rows_are_refused(fitted):
    with pytest.raises(PlanInputError, match="at least one row is needed"):
        fitted("logistic", "texts").plan.score_columns([np.empty(0), [], np.empty(0), []])


def test_too_few_columns_are_refused(fitted):
    with pytest.raises(PlanInputError, match="4 columns are needed, not 3"):
        fitted("logistic", "texts").plan.score_columns(as_columns(table(5))[:3])


def test_columns_of_unequal_length_are_refused(fitted):
    columns = as_columns(table(5))
    columns[1] = columns[1][:4]
    with pytest.raises(PlanInputError, match="column 'city' must have 5 cells, not 4"):
        fitted("logistic", "texts").plan.score_columns(columns)


def test_infinity_is_refused(fitted):
    columns = as_columns(table(30))
    columns[2] = np.where(np.arange(30) == 3, np.inf, columns[2])
    with pytest.raises(PlanInputError, match="column 'count' must be a finite number"):
        fitted("logistic", "texts").plan.score_columns(columns)


def test_equal_encoders_are_made_once_a_request(fitted):
    plan = fitted("soft_vote", "texts").plan
    assert len(plan.encoders) == 2
    calls = []
    batch = plan_module.Batch(lambda at: calls.append(at) or plan.encoders[at].encode(as_rows(table(3))))
    plan.model.classify(batch)
    assert sorted(calls) == [0, 1]
