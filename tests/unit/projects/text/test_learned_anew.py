"""Folds whose held-back texts taught nothing."""

import numpy as np
import pandas as pd
import pytest
from sklearn.model_selection import StratifiedKFold

from penstock import AdaptiveFeatureExtractor
from projects.text.learned_anew import folds_learned_anew

WORDS = np.array([f"word{number}" for number in range(60)])


@pytest.fixture(scope="module")
def taught():
    rng = np.random.default_rng(0)
    truth = rng.choice(["a", "b"], 120)
    texts = [" ".join([label * 3, *rng.choice(WORDS, 6)]) for label in truth]
    table = pd.DataFrame({"text": texts})
    extractor = AdaptiveFeatureExtractor(dataset_size=300)
    numbers = extractor.fit_transform(table, truth)
    pairs = list(StratifiedKFold(4, shuffle=True, random_state=0).split(texts, truth))
    return extractor, table, numbers, truth, pairs


def test_the_labels_of_held_back_texts_change_none_of_their_folds_numbers(taught):
    extractor, table, numbers, truth, pairs = taught
    others = truth.copy()
    others[pairs[0][1]] = np.where(truth[pairs[0][1]] == "a", "b", "a")

    first = next(folds_learned_anew(extractor, table, numbers, truth, pairs))
    second = next(folds_learned_anew(extractor, table, numbers, others, pairs))

    np.testing.assert_array_equal(first.known, second.known)
    np.testing.assert_array_equal(first.new, second.new)


def test_each_fold_has_the_numbers_of_the_whole_scaled_by_its_rows_to_fit_on(taught):
    extractor, table, numbers, truth, pairs = taught
    folds = list(folds_learned_anew(extractor, table, numbers, truth, pairs))
    assert [fold.known.shape for fold in folds] == [(len(fit), numbers.shape[1]) for fit, _ in pairs]
    assert all(np.abs(fold.known.mean(axis=0)).max() < 1e-9 for fold in folds)


def test_a_fold_of_one_class_is_made_of_what_labels_do_not_teach(taught):
    extractor, table, numbers, truth, _ = taught
    one = np.flatnonzero(truth == "a"), np.flatnonzero(truth == "b")
    fold = next(folds_learned_anew(extractor, table, numbers, truth, [one]))
    assert 0 < fold.known.shape[1] < numbers.shape[1]
