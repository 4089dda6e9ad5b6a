import numpy as np
import pytest
from sklearn.metrics import log_loss

from projects.learning.candidates.candidate import Making
from projects.learning.candidates.listing import BY_NAME
from projects.learning.candidates.rounds import Watch
from projects.learning.history import MOST_POINTS, History, history_of

RNG = np.random.default_rng(0)
X = RNG.normal(size=(400, 4))
Y = (X[:, 0] + RNG.normal(0, 0.5, 400) > 0).astype(int)


def told(name):
    candidate = BY_NAME[name]
    model = candidate.make(Making("binary", 0, rows=300), candidate.defaults)
    watched = candidate.rounds.fit(model, X[:300], Y[:300], Watch(X[300:], Y[300:], patience=10))
    return model, history_of(model, watched, X[:300], Y[:300], most=candidate.rounds.most)


@pytest.mark.parametrize("name", ["lightgbm", "xgboost", "gradient_boosting"])
def test_both_losses_are_told_at_the_same_rounds(name):
    _, history = told(name)
    assert 2 < len(history.rounds) <= MOST_POINTS
    assert len(history.learned) == len(history.validated) == len(history.rounds)
    assert history.learned[-1] < history.learned[0]


def test_the_last_loss_is_that_of_the_models_own_answers():
    model, history = told("lightgbm")
    assert history.learned[-1] == pytest.approx(log_loss(Y[:300], model.predict_proba(X[:300])))


def test_a_fit_that_ended_early_says_so():
    assert told("lightgbm")[1].is_stopped


def test_what_has_no_rounds_has_no_history():
    model = BY_NAME["logistic"].make(Making("binary", 0), {}).fit(X, Y)
    assert history_of(model, None, X, Y, most=0) == History()
