"""Whether a challenger is better is told from chance, also where errors come in runs."""

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from projects.errors import BadInput
from projects.evaluation.answers import Answers
from projects.evaluation.metrics import BY_NAME
from projects.retraining.duel import DRAWS, compare, draw_blocks, scores_of


def binary(truth, share):
    shares = np.column_stack([1 - share, share])
    return Answers(truth, (share > 0.5).astype(int), shares, (0, 1))


def noisy(truth, rng, noise, runs=0.0):
    """Answers whose errors come in runs if `runs` is above 0."""
    errors = rng.normal(0, 1, len(truth))
    for at in range(1, len(errors)):
        errors[at] = runs * errors[at - 1] + np.sqrt(1 - runs**2) * errors[at]
    return binary(truth, 1 / (1 + np.exp(-(truth - 0.5 + noise * errors))))


@pytest.fixture
def rng():
    return np.random.default_rng(3)


def test_the_scores_are_scikit_learns(rng):
    truth = rng.integers(0, 2, 300)
    one, other = noisy(truth, rng, 2.0), noisy(truth, rng, 1.0)
    duel = compare(one, other, BY_NAME["roc_auc"], seed=1)
    assert duel.champion == pytest.approx(roc_auc_score(truth, one.probabilities[:, 1]))
    assert duel.challenger == pytest.approx(roc_auc_score(truth, other.probabilities[:, 1]))


def test_a_clearly_better_one_is_better(rng):
    truth = rng.integers(0, 2, 300)
    duel = compare(noisy(truth, rng, 2.0), noisy(truth, rng, 0.5), BY_NAME["roc_auc"], seed=1)
    assert duel.is_better
    assert duel.sentence.startswith("better beyond chance: roc_auc is ")


def test_the_same_model_is_not_better(rng):
    truth = rng.integers(0, 2, 300)
    one = noisy(truth, rng, 1.0)
    duel = compare(one, one, BY_NAME["roc_auc"], seed=1)
    assert (duel.is_better, duel.gain.low, duel.chance) == (False, 0.0, 1.0)


def test_less_is_better_where_the_metric_is_an_error(rng):
    truth = rng.normal(0, 1, 200)
    worse, better = (Answers(truth, truth + rng.normal(0, s, 200), None, None) for s in (2.0, 0.5))
    assert compare(worse, better, BY_NAME["rmse"], seed=1).is_better
    assert not compare(better, worse, BY_NAME["rmse"], seed=1).is_better


def test_the_same_seed_gives_the_same_answer(rng):
    truth = rng.integers(0, 2, 100)
    pair = noisy(truth, rng, 2.0), noisy(truth, rng, 1.0)
    assert compare(*pair, BY_NAME["roc_auc"], seed=4) == compare(*pair, BY_NAME["roc_auc"], seed=4)


@pytest.mark.parametrize("runs", [0.0, 0.7])
def test_equally_good_ones_are_seldom_called_better(runs):
    """5 of 100 are expected; 11 or more would come once in 30 times by chance. Runs cost a little more."""
    rng, metric = np.random.default_rng(11), BY_NAME["brier"]
    called = 0
    for _ in range(100):
        truth = rng.integers(0, 2, 200)
        called += compare(
            noisy(truth, rng, 1.0, runs), noisy(truth, rng, 1.0, runs), metric, seed=1, draws=100
        ).is_better
    assert called <= (10 if runs == 0 else 15)


def test_blocks_are_of_rows_that_follow_one_another(rng):
    drawn = draw_blocks(1000, rng)
    assert len(drawn) == 1000
    assert (np.diff(drawn.reshape(-1, 10), axis=1) % 1000 == 1).all()


def test_one_class_alone_is_refused(rng):
    truth = np.zeros(50, dtype=int)
    with pytest.raises(BadInput, match="roc_auc cannot be computed on the 50 newest labelled rows"):
        compare(noisy(truth, rng, 1.0), noisy(truth, rng, 1.0), BY_NAME["roc_auc"], seed=1)


def test_all_scores_of_both_are_told(rng):
    truth = rng.integers(0, 2, 100)
    found = scores_of(noisy(truth, rng, 2.0), noisy(truth, rng, 1.0), "binary")
    assert {"roc_auc", "log_loss", "f1", "accuracy"} <= set(found)


def test_there_are_enough_draws_for_a_bound_of_5_percent():
    assert DRAWS * 0.05 >= 50
