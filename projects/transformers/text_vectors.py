"""Texts become short dense vectors: TF-IDF of their letters or words, reduced by its singular vectors.

Letters tell near-equal texts apart from different ones: job titles, product names, addresses with typos.
Words serve texts of many words. The idea for dirty categories is that of skrub's StringEncoder
(https://skrub-data.org), bounded in vocabulary so that the learned tables stay small.
"""

from typing import Any, Literal, Self

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.decomposition import TruncatedSVD
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.utils.validation import _check_feature_names_in, check_is_fitted
from threadpoolctl import threadpool_limits

from projects.transformers.cells import Numbers, texts_of

LETTERS = {"analyzer": "char_wb", "ngram_range": (2, 4)}
WORDS = {"analyzer": "word", "ngram_range": (1, 2), "token_pattern": r"(?u)\b\w\w+\b"}
WORDY = 6
MOST_FITTED = 50_000
"""Distinct texts of a column that the vocabulary and the components are learned from."""


class TextVectors(TransformerMixin, BaseEstimator):  # type: ignore[misc]
    """Turn each column of texts into `n_components` numbers at most.

    Args:
        analyzer: `letters` (two to four letters within a word), `words` (one and two words), or `auto`:
            words for a column whose texts have WORDY of them on average, letters for others.
        n_components: Numbers a column, at most.
        rows_per_component: Training rows for each number, at least: few rows cannot tell what many mean.
        max_features: The most letter groups or words that are known, by how often they come.
        random_state: For the decomposition.

    Attributes:
        vectorizers_: The fitted TfidfVectorizer of each column; None where no text holds any word.
        components_: The matrix of each column, (known letter groups or words, numbers made).
    """

    def __init__(
        self,
        analyzer: Literal["letters", "words", "auto"] = "auto",
        n_components: int = 20,
        *,
        rows_per_component: int = 100,
        max_features: int = 3000,
        random_state: int | None = 0,
    ) -> None:
        self.analyzer = analyzer
        self.n_components = n_components
        self.rows_per_component = rows_per_component
        self.max_features = max_features
        self.random_state = random_state

    def fit(self, X: Any, y: Any = None) -> Self:  # noqa: ARG002 - scikit-learn's signature
        """Learn what is known of each column and its components."""
        if self.analyzer not in ("letters", "words", "auto"):
            raise ValueError(f"analyzer must be 'letters', 'words' or 'auto', not {self.analyzer!r}")
        self.vectorizers_: list[Any] = []
        self.components_: list[Numbers] = []
        for column in texts_of(self, X, reset=True).T:
            vectorizer, components = self._learn(column)
            self.vectorizers_.append(vectorizer)
            self.components_.append(components)
        return self

    def transform(self, X: Any) -> Numbers:
        """Return the vectors side by side; a gap is a vector of zeros."""
        check_is_fitted(self)
        texts = texts_of(self, X, reset=False)
        fitted = zip(texts.T, self.vectorizers_, self.components_, strict=True)
        return np.hstack([_encode(column, vectorizer, matrix) for column, vectorizer, matrix in fitted])

    def get_feature_names_out(self, input_features: Any = None) -> Any:
        """Return `COLUMN_vector_NUMBER` for every number."""
        check_is_fitted(self)
        names = _check_feature_names_in(self, input_features)
        return np.array(
            [
                f"{name}_vector_{number}"
                for name, matrix in zip(names, self.components_, strict=True)
                for number in range(matrix.shape[1])
            ],
            dtype=object,
        )

    def _learn(self, column: Any) -> tuple[Any, Numbers]:
        codes, texts = pd.factorize(column)
        counts = np.bincount(codes[codes >= 0], minlength=len(texts))
        if len(texts) > MOST_FITTED:
            chosen = np.sort(np.argsort(-counts, kind="stable")[:MOST_FITTED])
            texts, counts = texts[chosen], counts[chosen]
        options = WORDS if self._is_wordy(texts) else LETTERS
        vectorizer = TfidfVectorizer(**options, max_features=self.max_features, sublinear_tf=True)
        try:
            weights = vectorizer.fit_transform(texts.tolist())
        except ValueError:  # no text has a letter or a word: scikit-learn refuses an empty vocabulary
            return None, np.zeros((0, 1))
        # A text that comes often weighs as the rows that hold it: the same components as over all rows.
        matrix = weights.multiply(np.sqrt(counts)[:, None]).tocsr()
        return vectorizer, self._components(matrix, len(column))

    def _is_wordy(self, texts: Any) -> bool:
        if self.analyzer != "auto" or not len(texts):
            return self.analyzer == "words"
        return sum(len(text.split()) for text in texts) >= WORDY * len(texts)

    def _components(self, matrix: Any, rows: int) -> Numbers:
        worth = max(1, rows // self.rows_per_component)
        wanted = min(self.n_components, worth, matrix.shape[0], matrix.shape[1] - 1)
        if wanted < 1:
            return np.ones((matrix.shape[1], 1))
        # Matrices of this size are decomposed ten times faster without threads that wait for each other.
        with threadpool_limits(1, user_api="blas"):
            svd = TruncatedSVD(wanted, random_state=self.random_state).fit(matrix)
        return np.ascontiguousarray(svd.components_.T)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        tags.input_tags.string = True
        tags.input_tags.categorical = True
        return tags


def _encode(column: Any, vectorizer: Any, matrix: Numbers) -> Numbers:
    codes, texts = pd.factorize(column)
    table = np.zeros((len(texts) + 1, matrix.shape[1]))  # the last row is for a gap, whose code is -1
    if vectorizer is not None and len(texts):
        table[:-1] = vectorizer.transform(texts.tolist()) @ matrix
    cells: Numbers = table[codes]
    return cells
