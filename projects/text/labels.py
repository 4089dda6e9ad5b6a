"""Labels as parts learn from them: codes of classes or numbers, and folds that keep equal texts together."""

from collections.abc import Sequence
from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from projects.errors import BadInput
from projects.hints import shown
from projects.text.article import Article
from projects.text.part import Labels

Task = Literal["auto", "classes", "numbers"]
FOLDS = 5


def read_labels(
    labels: Any, articles: Sequence[Article], *, task: Task = "auto", seed: int = 0
) -> Labels | None:
    """Read labels.

    Args:
        labels: Classes of any kind, or numbers; None for texts without labels.
        articles: What they belong to.
        task: `auto` takes numbers with fractions for numbers and all else for classes.
        seed: For the folds.

    Returns:
        None without labels, or where there is only one class: nothing is to be told apart.

    Raises:
        BadInput: There are not as many labels as articles, one of them is missing, or no number where numbers
            are asked for.
    """
    if labels is None:
        return None
    values = _column(labels, len(articles))
    if (gaps := np.flatnonzero(pd.isna(values))).size:
        raise BadInput(f"label {gaps[0]} is missing; leave out articles without a label")
    if task == "numbers" or (task == "auto" and _are_fractions(values)):
        y = _finite(values)
        return Labels(y, None, made_folds(articles, strata_of(Labels(y, None, ())), seed))
    codes, classes = _coded(values)
    if len(classes) < 2:
        return None
    return Labels(codes, classes, made_folds(articles, codes, seed))


def strata_of(labels: Labels) -> NDArray[Any]:
    """Return what rows are dealt out by: the codes of classes, or tenths of numbers."""
    if labels.classes is not None:
        return labels.y
    ranks: NDArray[Any] = np.argsort(np.argsort(labels.y, kind="stable")) * 10 // len(labels.y)
    return ranks


def made_folds(
    articles: Sequence[Article], strata: NDArray[Any], seed: int, folds: int = FOLDS
) -> list[tuple[NDArray[np.intp], NDArray[np.intp]]]:
    """Deal rows out to folds, stratum by stratum; rows with the same text stay together.

    Returns:
        Pairs (rows to fit on, rows to score); each row is scored once.
    """
    places: dict[str, int] = {}
    copy_of = np.array([places.setdefault(article.text, len(places)) for article in articles], dtype=np.intp)
    firsts = np.unique(copy_of, return_index=True)[1]
    order = np.random.default_rng(seed).permutation(len(firsts))
    dealt = order[np.argsort(np.asarray(strata)[firsts[order]], kind="stable")]
    fold_of_copy = np.empty(len(firsts), dtype=np.intp)
    fold_of_copy[dealt] = np.arange(len(dealt)) % folds
    fold_of = fold_of_copy[copy_of]
    pairs = [(np.flatnonzero(fold_of != fold), np.flatnonzero(fold_of == fold)) for fold in range(folds)]
    return [pair for pair in pairs if len(pair[0]) and len(pair[1])]


def _column(labels: Any, articles: int) -> NDArray[Any]:
    if isinstance(labels, str | bytes) or not hasattr(labels, "__len__"):
        raise BadInput(f"a list of {articles} labels is wanted, one for each article, not {shown(labels)}")
    values: NDArray[Any] = (
        labels.to_numpy() if hasattr(labels, "to_numpy") else np.asarray(labels, dtype=object)
    )
    if values.ndim != 1:
        raise BadInput(f"one column of labels is wanted; their shape is {values.shape}")
    if len(values) != articles:
        raise BadInput(
            f"a label for each article is wanted; {len(values)} labels came for {articles} articles"
        )
    return values


def _finite(values: NDArray[Any]) -> NDArray[np.float64]:
    numbers: NDArray[np.float64] = pd.to_numeric(pd.Series(values), errors="coerce").to_numpy(np.float64)
    if (strange := np.flatnonzero(~np.isfinite(numbers))).size:
        raise BadInput(f"label {strange[0]} must be a finite number, not {shown(values[strange[0]])}")
    return numbers


def _are_fractions(values: NDArray[Any]) -> bool:
    try:
        numbers = values.astype(np.float64)
    except (TypeError, ValueError):
        return False
    return bool(np.any(numbers != np.round(numbers)))


def _coded(values: NDArray[Any]) -> tuple[NDArray[np.int64], tuple[Any, ...]]:
    try:
        classes, codes = np.unique(values, return_inverse=True)
    except TypeError:  # classes of several kinds have no order of their own
        classes, codes = np.unique(values.astype(str), return_inverse=True)
    return codes.astype(np.int64), tuple(classes.tolist())
