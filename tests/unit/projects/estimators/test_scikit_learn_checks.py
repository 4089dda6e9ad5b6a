"""The nets keep scikit-learn's rules for estimators."""

import pytest
from sklearn.utils.estimator_checks import parametrize_with_checks

from projects.estimators.feed_forward import FeedForwardClassifier, FeedForwardRegressor
from projects.estimators.sequence import SequenceClassifier, SequenceRegressor

pytest.importorskip("torch")
NETS = [
    FeedForwardClassifier(hidden_size=16, n_layers=1, max_epochs=12, learning_rate=0.02),
    FeedForwardRegressor(hidden_size=16, n_layers=1, max_epochs=12, learning_rate=0.02),
    SequenceClassifier(hidden_size=8, max_epochs=12, learning_rate=0.03),
    SequenceRegressor(hidden_size=8, max_epochs=12, learning_rate=0.03),
]


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.SkipTestWarning")
@parametrize_with_checks(NETS)
def test_it_keeps_scikit_learns_rules(estimator, check):
    check(estimator)
