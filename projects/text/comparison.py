"""Configurations side by side: each learns from the same texts and answers the same held-back ones."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from projects.text.article import Article
from projects.text.configuration import Name, PartName
from projects.text.labels import made_folds, strata_of
from projects.text.making import Options, make_parts
from projects.text.part import Labels, Numbers
from projects.text.side_by_side import fitted_numbers, numbers_of
from projects.text.trial import answers, draws_of, score_of

MOST_TEXTS = 3_000
Candidates = Mapping[Name, tuple[PartName, ...]]


@dataclass(frozen=True)
class Alternative:
    """A configuration that was compared.

    Attributes:
        name: Of configuration.NAMES.
        score: Macro F1 of the answers to held-back texts; R2 for numbers.
        error: Its standard error, by drawing texts again.
        features: Numbers a text.
        draws: The scores on texts drawn again, the same texts for all alternatives.
    """

    name: Name
    score: float
    error: float
    features: int
    draws: Numbers = field(repr=False, compare=False)


@dataclass(frozen=True, slots=True)
class Held:
    """A fold's numbers: of the texts that are learned from and of those held back.

    Attributes:
        known: (texts, numbers).
        new: (texts held back, numbers).
        owner: The part of each number, (numbers,).
        labels: Of the known texts.
        rows: Those held back.
    """

    known: Numbers
    new: Numbers
    owner: NDArray[Any]
    labels: Labels
    rows: NDArray[np.intp]


def compared(
    articles: Sequence[Article],
    labels: Labels,
    candidates: Candidates,
    options: Options,
    *,
    seconds: float,
    clock: Callable[[], float] = time.monotonic,
) -> tuple[Alternative, ...]:
    """Compare configurations by cross-validation, on MOST_TEXTS texts at most.

    Args:
        articles: To learn from.
        labels: Theirs.
        candidates: The parts of each configuration; all can be made.
        options: What parts are made of.
        seconds: No further fold is begun that would end later, as long as the last ones took.
        clock: Seconds that pass.

    Returns:
        None where all texts are the same: no fold holds others back.
    """
    rows = _drawn(labels, options.random_state)
    some = [articles[row] for row in rows]
    theirs = Labels(labels.y[rows], labels.classes, ())
    start, held = clock(), list[Held]()
    for fitted_on, scored in made_folds(some, strata_of(theirs), options.random_state + 1):
        if held and (clock() - start) * (1 + 1 / len(held)) > seconds:
            break
        held.append(_held(some, theirs, (fitted_on, scored), candidates, options))
    if not held:
        return ()
    return tuple(_alternative(name, parts, theirs, held) for name, parts in candidates.items())


def _held(
    articles: Sequence[Article],
    labels: Labels,
    fold: tuple[NDArray[np.intp], NDArray[np.intp]],
    candidates: Candidates,
    options: Options,
) -> Held:
    fitted_on, scored = fold
    near = [articles[row] for row in fitted_on]
    folds = made_folds(near, strata_of(labels)[fitted_on], options.random_state)
    theirs = Labels(labels.y[fitted_on], labels.classes, folds)
    every = tuple(dict.fromkeys(part for parts in candidates.values() for part in parts))
    known, parts = fitted_numbers(make_parts(every, options), near, theirs)
    new = numbers_of(parts, [articles[row] for row in scored])
    owner = np.array([name for name, part in parts for _ in part.names])
    return Held(known, new, owner, theirs, scored)


def _alternative(name: Name, parts: Sequence[PartName], labels: Labels, held: Sequence[Held]) -> Alternative:
    by_strength: dict[float, list[NDArray[Any]]] = {}
    for fold in held:
        own = np.isin(fold.owner, parts)
        for strength, told in answers(fold.known[:, own], fold.new[:, own], fold.labels).items():
            by_strength.setdefault(strength, []).append(told)
    truth = labels.y[np.concatenate([fold.rows for fold in held])]
    whole = [np.concatenate(folds) for folds in by_strength.values()]
    best = max(whole, key=lambda one: score_of(truth, one, labels.classes))
    draws = draws_of(truth, best, labels.classes)
    features = int(np.isin(held[0].owner, parts).sum())
    return Alternative(name, score_of(truth, best, labels.classes), float(draws.std()), features, draws)


def _drawn(labels: Labels, seed: int) -> NDArray[np.intp]:
    """Draw rows, of each stratum in proportion."""
    strata = strata_of(labels)
    order = np.random.default_rng(seed).permutation(len(strata))
    dealt = order[np.argsort(strata[order], kind="stable")]
    if len(dealt) > MOST_TEXTS:
        dealt = dealt[np.linspace(0, len(dealt) - 1, MOST_TEXTS).astype(np.intp)]
    return np.sort(dealt)
