"""Fits of text features are made once for the same texts and labels, and leave no trace in a pickle."""

import copy
import pickle

import numpy as np
import pandas as pd
import pytest
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import StandardScaler

from projects.kept_texts import KeptTexts
from projects.text.extractor import AdaptiveFeatureExtractor
from tests.unit.projects.test_free_text import notes

X = pd.DataFrame({"note": notes()})
Y = np.array(["a", "b"] * 32)
SAME = (AdaptiveFeatureExtractor(parts=("statistics",)), X, Y)


class Fit:
    def __init__(self):
        self.count = 0

    def __call__(self, transformer, X, y):
        self.count += 1
        return transformer.fit_transform(X, y), transformer


def test_the_same_is_fitted_once():
    fit, kept = Fit(), KeptTexts()
    first, again = kept.cache(fit)(*SAME), kept.cache(fit)(*SAME)
    assert fit.count == 1
    assert again[1] is first[1]


def test_codes_are_the_same_as_their_labels():
    fit = Fit()
    call = KeptTexts().cache(fit)
    call(*SAME)
    call(SAME[0], X, np.array([0, 1] * 32))
    assert fit.count == 1


@pytest.mark.parametrize(
    "other",
    [
        (SAME[0], X.iloc[::-1], Y),
        (SAME[0], X, Y[::-1]),
        (SAME[0], X, np.arange(64.0)),
        (AdaptiveFeatureExtractor(parts=("statistics",), random_state=3), X, Y),
        (SAME[0], X.rename(columns={"note": "answer"}), Y),
    ],
    ids=["texts", "labels", "numbers", "parameters", "columns"],
)
def test_anything_else_is_fitted_anew(other):
    fit = Fit()
    call = KeptTexts().cache(fit)
    call(*SAME)
    call(*other)
    assert fit.count == 2


def test_the_oldest_goes_first():
    fit = Fit()
    call = KeptTexts(most=1).cache(fit)
    call(*SAME)
    call(SAME[0], X, Y[::-1])
    call(*SAME)
    assert fit.count == 3


def test_other_steps_are_not_kept():
    fit = Fit()
    call = KeptTexts().cache(fit)
    for _ in range(2):
        call(StandardScaler(), np.eye(3), None)
    assert fit.count == 2


def test_a_pipeline_asks_it_and_a_copy_does_too():
    kept = KeptTexts()
    steps = [("articles", SAME[0]), ("scale", "passthrough")]
    first = Pipeline(steps, memory=kept).fit(X, Y)
    again = Pipeline(steps, memory=copy.deepcopy(kept)).fit(X, Y)
    assert again["articles"] is first["articles"]


def test_a_pickle_holds_none_of_it():
    assert pickle.loads(pickle.dumps(KeptTexts())) is None
