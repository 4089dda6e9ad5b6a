"""The words that a class uses more than the others, found from labels; or a person's own lists.

A word's excess is a log-odds ratio against all texts, with all texts as the prior, over its own error
(Monroe, Colaresi and Quinn 2008, "Fightin' Words"): rare words need more than luck to be on a list.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from projects.errors import BadInput
from projects.hints import shown
from projects.text.article import Article
from projects.text.measured import Measured, measured
from projects.text.part import Labels, Numbers
from projects.text.weighing import Weighing
from serving.plan.text.keywords import Keywords
from serving.plan.text.reading import WORD, Reading

LONGEST = 40
"""Words and phrases of a list that was found."""
EXCESS = 1.64
"""How many errors above the other classes: 5 % on one side."""
MOST_LISTS = 10
"""Lists that are found: of the classes with most texts."""


class FoundKeywords:
    """Densities of lists that are found from labels.

    Args:
        weighing: Shared with the parts that read the same weights.

    Attributes:
        measure: With the lists of all training texts.
    """

    def __init__(self, weighing: Weighing) -> None:
        self.weighing = weighing
        self.measure = Keywords({})
        self.names: tuple[str, ...] = ()

    def fit(self, articles: Sequence[Article], labels: Labels | None) -> Self:
        """Find a list for each class; for numbers, those of the low and of the high half."""
        self.weighing.learn(articles)
        if labels is not None and self.weighing.first == "words":
            strata, names = _strata(labels)
            self.measure = Keywords(self._found(strata, names, None))
            self.names = tuple(f"keywords_{name}" for name in self.measure.names)
        else:
            self.measure, self.names = Keywords({}), ()
        return self

    def fit_transform(self, articles: Sequence[Article], labels: Labels | None) -> Numbers:
        """Fit, and return the training texts' densities of the lists that the other folds gave."""
        self.fit(articles, labels)
        numbers = np.zeros((len(articles), len(self.names)))
        if labels is None or not self.names:
            return numbers
        strata, names = _strata(labels)
        for fitted_on, scored in labels.folds:
            lists = Keywords(self._found(strata, names, fitted_on))
            numbers[scored] = measured(lists, [Reading(articles[row].text) for row in scored])
        return numbers

    def transform(self, articles: Sequence[Article]) -> Numbers:
        """Return the densities, (texts, lists + 1); nothing where no lists were found."""
        if not self.names:
            return np.zeros((len(articles), 0))
        return measured(self.measure, [Reading(article.text) for article in articles])

    def _found(self, strata: NDArray[Any], names: Mapping[int, str], rows: Any) -> dict[str, list[str]]:
        weights = self.weighing.weights("words")
        if rows is not None:
            weights, strata = weights[rows], strata[rows]
        excess = excess_of(weights, strata, list(names))
        groups = self.weighing.vectorizers["words"].get_feature_names_out()
        return {name: _top(groups, excess[place]) for place, name in enumerate(names.values())}


def excess_of(weights: Any, strata: NDArray[Any], codes: Sequence[int]) -> Numbers:
    """Return how many errors each group is commoner in a stratum than in the others, (codes, groups)."""
    held = (weights > 0).astype(np.float64)
    inside = np.vstack([np.asarray(held[strata == code].sum(axis=0)).ravel() for code in codes])
    whole = np.asarray(held.sum(axis=0)).ravel()
    prior = np.maximum(whole, 0.5) / max(whole.sum(), 1.0) * 100
    outside = whole - inside
    here, there = inside + prior, outside + prior
    all_here = inside.sum(axis=1, keepdims=True) + prior.sum()
    all_there = outside.sum(axis=1, keepdims=True) + prior.sum()
    odds = np.log(here / (all_here - here)) - np.log(there / (all_there - there))
    excess: Numbers = odds / np.sqrt(1 / here + 1 / there)
    return excess


def _top(groups: Any, excess: Numbers) -> list[str]:
    best = np.argsort(-excess, kind="stable")[:LONGEST]
    return [str(groups[place]) for place in best if excess[place] > EXCESS]


def _strata(labels: Labels) -> tuple[NDArray[Any], dict[int, str]]:
    if labels.classes is None:
        high = (labels.y > np.median(labels.y)).astype(np.int64)
        return high, {0: "low", 1: "high"}
    counts = np.bincount(labels.y, minlength=len(labels.classes))
    common = sorted(np.argsort(-counts, kind="stable")[:MOST_LISTS].tolist())
    return labels.y, {code: str(labels.classes[code]) for code in common}


def declared_keywords(lists: Any) -> Measured:
    """Make the part of a person's own lists.

    Args:
        lists: A mapping from a list's name to its words and phrases.

    Raises:
        BadInput: It is no such mapping, or a list has no words.
    """
    if not isinstance(lists, Mapping):
        raise BadInput(
            "keywords must be a mapping from a list's name to its words, such as {'sport': ['goal']}"
        )
    for name, words in lists.items():
        if isinstance(words, str) or not isinstance(words, Sequence) or not words:
            raise BadInput(f"keyword list {str(name)!r} must be a list of words; it is {shown(words)}")
        if strange := [word for word in words if not isinstance(word, str) or not WORD.search(word)]:
            raise BadInput(f"keyword list {str(name)!r} must hold words; it has {shown(strange[0])}")
    return Measured(Keywords({str(name): tuple(words) for name, words in lists.items()}))
