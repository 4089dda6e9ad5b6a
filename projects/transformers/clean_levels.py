"""Spellings of one level become one: blanks, case and marks aside, and rare levels that are one letter off.

The key that makes spellings equal is that of OpenRefine's fingerprint without its sorting of words
(https://openrefine.org/docs/technical-reference/clustering-in-depth).
"""

import re
from collections import Counter, defaultdict
from typing import Any, Self

import numpy as np
from sklearn.base import BaseEstimator, OneToOneFeatureMixin, TransformerMixin
from sklearn.utils.validation import check_is_fitted

from projects.transformers.cells import Texts, texts_of
from serving.plan.text.composed import composed

SHORTEST_SIMILAR = 6
"""Shorter words that differ in one letter are often different words."""
TIMES_RARER = 10
MARKS = re.compile(r"[\s_.,;:!?'\"()\-/]+")
DIGITS = re.compile(r"\d+")


class CleanLevels(OneToOneFeatureMixin, TransformerMixin, BaseEstimator):  # type: ignore[misc]
    """Write each spelling of a level as its most frequent one.

    Args:
        similar: Whether a level one letter off a level that comes ten times as often is a typo of it.
            Texts below six letters, and texts whose digits differ, are never merged so.

    Attributes:
        keys_: The spelling for each known key, a mapping for each column.
        spellings_: The spelling for each known text, a mapping for each column.
    """

    def __init__(self, *, similar: bool = True) -> None:
        self.similar = similar

    def fit(self, X: Any, y: Any = None) -> Self:  # noqa: ARG002 - scikit-learn's signature
        """Learn the spellings."""
        columns = texts_of(self, X, reset=True).T
        return self.fit_counts(
            [Counter(text for text in column.tolist() if text is not None) for column in columns]
        )

    def fit_counts(self, counts: list[Counter[str]]) -> Self:
        """Learn the spellings of columns whose texts were counted, in the order of the columns."""
        self.keys_: list[dict[str, str]] = [_chosen(each, similar=self.similar) for each in counts]
        self.spellings_: list[dict[str, str]] = [
            {text: keys[key_of(text)] for text in sorted(each)}
            for keys, each in zip(self.keys_, counts, strict=True)
        ]
        return self

    def transform(self, X: Any) -> Texts:
        """Return the chosen spellings; a text of no known key stays as it is."""
        check_is_fitted(self)
        texts = texts_of(self, X, reset=False)
        columns = [
            [_spelled(text, spellings, keys) for text in column.tolist()]
            for column, spellings, keys in zip(texts.T, self.spellings_, self.keys_, strict=True)
        ]
        return np.array(columns, dtype=object).reshape(texts.shape[::-1]).T

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        tags.input_tags.string = True
        tags.input_tags.categorical = True
        tags.transformer_tags.preserves_dtype = []
        return tags


def key_of(text: str) -> str:
    """Return what spellings of one level share; the text itself where nothing of it would be left."""
    key = MARKS.sub(" ", composed(text, "NFKC").casefold()).strip()
    return key or text


def _spelled(text: Any, spellings: dict[str, str], keys: dict[str, str]) -> Any:
    if text is None:
        return None
    known = spellings.get(text)
    return keys.get(key_of(text), text) if known is None else known


def _chosen(counts: Counter[str], *, similar: bool) -> dict[str, str]:
    by_key: dict[str, list[str]] = defaultdict(list)
    for text in sorted(counts):
        by_key[key_of(text)].append(text)
    total = {key: sum(counts[text] for text in texts) for key, texts in by_key.items()}
    chosen = {key: max(texts, key=lambda text: counts[text]) for key, texts in by_key.items()}
    typos = _typos(total) if similar else {}
    return {key: chosen[typos.get(key, key)] for key in chosen}


def _typos(total: dict[str, int]) -> dict[str, str]:
    """Map each key to the far more frequent one that is one letter off."""
    near: dict[str, list[str]] = defaultdict(list)
    frequent_first = sorted(total, key=lambda key: (-total[key], key))
    found = {}
    for key in frequent_first:
        if len(key) < SHORTEST_SIMILAR:
            continue
        shorter = {key, *(key[:place] + key[place + 1 :] for place in range(len(key)))}
        likely = (other for one in sorted(shorter) for other in near[one])
        meant = next((other for other in likely if _is_typo(key, other, total)), None)
        if meant is not None:
            found[key] = meant
            continue
        for one in shorter:
            near[one].append(key)
    return found


def _is_typo(key: str, meant: str, total: dict[str, int]) -> bool:
    return total[meant] >= TIMES_RARER * total[key] and DIGITS.findall(key) == DIGITS.findall(meant)
