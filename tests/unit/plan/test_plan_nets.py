"""The project's own nets answer from a plan as they answer themselves, without PyTorch."""

import numpy as np
import pytest

from serving.plan.load import load_plan
from serving.plan.write import write_plan
from tests.unit.plan.plan_fixtures import COLUMNS, as_columns, as_rows, scaled, table, task_of, truth

pytest.importorskip("torch")

FEW = {"hidden_size": 6, "max_epochs": 3, "random_state": 1, "device": "cpu"}


def net(kind, task):
    from projects.estimators.feed_forward import FeedForwardClassifier, FeedForwardRegressor
    from projects.estimators.sequence import SequenceClassifier, SequenceRegressor

    made = {
        ("feed_forward", True): FeedForwardClassifier,
        ("feed_forward", False): FeedForwardRegressor,
        ("sequence", True): SequenceClassifier,
        ("sequence", False): SequenceRegressor,
    }
    return made[kind, task != "regression"](**FEW)


@pytest.mark.parametrize("target", ["texts", "multiclass", "regression"])
@pytest.mark.parametrize("kind", ["feed_forward", "sequence"])
def test_a_net_answers_as_itself(tmp_path, kind, target):
    task = task_of(target)
    model = scaled(net(kind, task)).fit(table(), truth(table(), target))
    write_plan(model, COLUMNS, tmp_path, task=task)
    plan, frame = load_plan(tmp_path), table(100, seed=8)
    predictions, shares = plan.score_columns(as_columns(frame))
    if task == "regression":
        np.testing.assert_allclose(predictions, model.predict(frame), rtol=1e-12)
        return
    assert predictions.tolist() == plan.score(as_rows(frame)).predictions == model.predict(frame).tolist()
    np.testing.assert_allclose(shares, model.predict_proba(frame), atol=1e-12)


@pytest.mark.parametrize("kind", ["feed_forward", "sequence"])
def test_a_net_is_one_small_file(tmp_path, kind):
    model = scaled(net(kind, "binary")).fit(table(), truth(table(), "texts"))
    write_plan(model, COLUMNS, tmp_path, task="binary")
    assert [path.name for path in sorted(tmp_path.iterdir())] == [f"0-{kind}.npz", "plan.json"]
