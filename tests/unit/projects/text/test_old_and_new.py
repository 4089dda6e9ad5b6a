"""An old and a new extractor on one test set."""

import re
from collections.abc import Sequence

import numpy as np
import pytest

from projects.errors import BadInput
from projects.text.article import Article
from projects.text.cache import FeatureCache
from projects.text.old_and_new import compare_extractors
from projects.text.part import Numbers

RNG = np.random.default_rng(0)
LABELS = RNG.choice(["sport", "money"], 300)
TEXTS = [f"{label if RNG.random() < 0.9 else 'other'} {n}" for n, label in enumerate(LABELS)]


class Words:
    """An extractor that sees certain words."""

    roles = ("text",)
    cache: FeatureCache | None = None

    def __init__(self, *words: str) -> None:
        self.words = words
        self.fingerprint_ = " ".join(words)
        self.n_features_out_ = len(words)

    def extract(self, articles: Sequence[Article]) -> Numbers:
        return np.array([[float(word in one.text) for word in self.words] for one in articles])

    def transform(self, article: object, use_cache: bool | None = None) -> Numbers:
        raise AssertionError("the comparison times what is made, not what is kept")


def test_a_new_extractor_that_sees_more_is_better():
    came = compare_extractors(Words("7", "3"), Words("sport", "money", "7"), TEXTS, LABELS)

    assert came.duel.is_better
    assert came.duel.challenger > 0.9 > came.duel.champion
    assert came.features == (2, 3)


def test_a_new_extractor_that_sees_less_is_not():
    came = compare_extractors(Words("sport", "money"), Words("7"), TEXTS, LABELS)

    assert not came.duel.is_better
    assert came.duel.gain.high < 0


def test_an_extractor_is_not_better_than_itself():
    came = compare_extractors(Words("sport"), Words("sport"), TEXTS, LABELS)

    assert (came.duel.gain.low, came.duel.gain.high) == (0, 0)
    assert not came.duel.is_better


def test_the_sentence_says_scores_numbers_and_times():
    sentence = compare_extractors(Words("7"), Words("sport", "money"), TEXTS, LABELS).sentence

    assert re.fullmatch(
        r"the new extractor is better beyond chance: macro F1 0\.9\d+ against 0\.\d+ on 300 articles \(gain "
        r"\+0\.\d+ to \+0\.\d+\), with 2 numbers against 1, in \d+\.\d\d ms an article against \d+\.\d\d",
        sentence,
    )


def test_a_class_of_one_article_is_compared_too():
    labels = [*LABELS[:-1], "weather"]

    assert compare_extractors(Words("7"), Words("sport"), TEXTS, labels).duel.rows == 300


def test_a_label_too_few_is_told():
    with pytest.raises(BadInput, match=r"^300 articles came with 299 labels; give one label an article$"):
        compare_extractors(Words("7"), Words("8"), TEXTS, LABELS[1:])


def test_one_class_is_no_comparison():
    with pytest.raises(
        BadInput, match=r"^a comparison needs 10 articles or more, of two classes or more; 300 of 1 came$"
    ):
        compare_extractors(Words("7"), Words("8"), TEXTS, ["same"] * 300)
