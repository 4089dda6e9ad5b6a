"""A classifier of articles: what the extractor makes of them, scaled, and a logistic regression over it."""

from collections.abc import Mapping, Sequence
from copy import copy
from pathlib import Path
from typing import Any, Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from projects.errors import BadInput
from projects.text.article import is_one, read_articles
from projects.text.inside import extractors_in
from projects.text.labels import made_folds
from projects.text.learned_anew import folds_learned_anew
from projects.text.logistic import fitted_logistic, folds_of
from projects.text.saved import load_object, save_object
from projects.text.table import table_of

KIND = "text classifier"
LEARNED_ANEW = 4_000
"""Up to so many articles each fold learns from its own labels alone; with more, that matters little."""
TEXT = "text"
"""The extractor's part of the pipeline's columns."""


class MLClassifier:
    """Sorts articles into classes.

    Args:
        feature_extractor: An AdaptiveFeatureExtractor, which training fits; None for one with its defaults.
        random_state: The same seed gives the same classifier.

    Attributes:
        feature_extractor: The extractor.
        pipeline_: The fitted scikit-learn pipeline of a table of articles, columns and then the model.
        columns_: The table's columns, of `title`, `text`, `source` and `published`.
        classes_: The labels, sorted.
        dataset_size_: How many articles it was trained on.
        cross_validated_f1_: Macro F1 over the folds that chose how far the weights may go, a little too high
            as the best of them counts, and more so with over LEARNED_ANEW articles, as what the extractor
            learned saw other folds. NaN where there were too few articles to fold.
        metadata: What is told of the version that it was loaded from; empty for one that was not.

    >>> from penstock import MLClassifier
    >>> MLClassifier().train(["rain", "snow"], ["wet"])
    Traceback (most recent call last):
    projects.errors.BadInput: 2 articles came with 1 label; give each article its label
    """

    def __init__(self, feature_extractor: Any = None, *, random_state: int = 0) -> None:
        self.feature_extractor = feature_extractor
        self.random_state = random_state
        self.metadata: Mapping[str, Any] = {}

    def train(self, articles: Any, labels: Any) -> Self:
        """Learn from labelled articles.

        Args:
            articles: Texts, mappings with `title`, `text`, `source` and `published`, or a table of these.
            labels: A class each, of one kind.

        Raises:
            BadInput: There are not as many labels as articles, one of them is missing, there is only one
                class, or an article is none.
        """
        table = table_of(articles)
        truth = labels_of(labels, len(table))
        extractor = self._extractor().set_params(roles=tuple(table.columns))
        numbers = extractor.fit_transform(table, truth)
        self._learn(extractor, table, numbers, truth)
        return self

    def predict(self, articles: Any) -> Any:
        """Return the class of one article, or of each, shape (articles,)."""
        return self._asked("predict", articles)

    def predict_proba(self, articles: Any) -> Any:
        """Return the probabilities in the order of `classes_`.

        Returns:
            Shape (classes,) for one article, (articles, classes) for many.
        """
        return self._asked("predict_proba", articles)

    def evaluate(self, articles: Any, labels: Any) -> float:
        """Return macro F1, the plain mean over the classes, on labelled articles.

        Raises:
            BadInput: There are not as many labels as articles, or they are of another kind than the learned.
        """
        from sklearn.metrics import f1_score

        table = table_of(articles, self._columns())
        truth = labels_of(labels, len(table), least_classes=1)
        learned, given = _kind(self.classes_[0]), _kind(truth[0])
        if learned != given:
            raise BadInput(f"this classifier answers {learned}, and the labels are {given}; write them alike")
        said = self.pipeline_.predict(table)
        return float(f1_score(truth, said, average="macro", zero_division=0))

    def save(self, path: str | Path) -> None:
        """Write the classifier as one file, by a rename: a reader sees the old one or the new one."""
        self._columns()
        save_object(self, path, kind=KIND)

    @classmethod
    def load(cls, path: str | Path) -> Self:
        """Read a classifier that `save` has written. The file holds code: read only what you trust.

        Raises:
            BadInput: There is none, or it is of another version.
        """
        found: Self = load_object(path, kind=KIND)
        return found

    @classmethod
    def of_pipeline(cls, pipeline: Any, columns: Sequence[str], metadata: Mapping[str, Any]) -> Self:
        """Return a classifier that answers by a fitted pipeline.

        Args:
            pipeline: One that `train` or the entry point `main` has fitted.
            columns: Its table's.
            metadata: What is told of it.

        Raises:
            BadInput: It is of a regression.
        """
        if not hasattr(pipeline, "classes_"):
            raise BadInput("this version is no classifier: it answers numbers, not classes")
        made = cls(next(extractors_in(pipeline), None))
        made.pipeline_, made.columns_, made.classes_ = pipeline, tuple(columns), pipeline.classes_
        made.dataset_size_ = int(metadata.get("dataset_size") or 0)
        made.cross_validated_f1_ = float("nan")
        made.metadata = dict(metadata)
        return made

    def _extractor(self) -> Any:
        if self.feature_extractor is None:
            from projects.text.extractor import AdaptiveFeatureExtractor

            self.feature_extractor = AdaptiveFeatureExtractor(random_state=self.random_state)
        return self.feature_extractor

    def _learn(self, extractor: Any, table: pd.DataFrame, numbers: Any, truth: NDArray[Any]) -> None:
        from sklearn.pipeline import Pipeline
        from sklearn.preprocessing import StandardScaler

        pairs = made_folds(read_articles(table, tuple(table.columns)), truth, self.random_state)
        scaler = StandardScaler()
        scaled = scaler.fit_transform(numbers)
        is_small = len(table) <= LEARNED_ANEW
        folds = (
            folds_learned_anew(extractor, table, numbers, truth, pairs)
            if is_small
            else folds_of(scaled, pairs)
        )
        model, score = fitted_logistic(scaled, truth, folds)
        # A copy: a later fit of the extractor, for another classifier perhaps, leaves this one as it is.
        columns = _columns_step(Pipeline([("features", copy(extractor)), ("scale", scaler)]), table)
        self.pipeline_ = Pipeline([("columns", columns), ("model", model)])
        self.columns_, self.classes_ = tuple(table.columns), model.classes_
        self.dataset_size_, self.cross_validated_f1_ = len(table), score
        self.metadata = {}

    def _asked(self, method: str, articles: Any) -> Any:
        one = is_one(articles)
        table = table_of([articles] if one else articles, self._columns())
        if not len(table):
            return self.classes_[:0] if method == "predict" else np.zeros((0, len(self.classes_)))
        answers = getattr(self.pipeline_, method)(table)
        return answers[0] if one else answers

    def _columns(self) -> tuple[str, ...]:
        if not hasattr(self, "columns_"):
            raise BadInput("this classifier has learned nothing yet; call train(articles, labels) first")
        return self.columns_


def labels_of(labels: Any, articles: int, *, least_classes: int = 2) -> NDArray[Any]:
    """Return labels as an array of one kind.

    Args:
        labels: A class each.
        articles: How many there must be.
        least_classes: How many different ones there must be.

    Raises:
        BadInput: There are more or fewer, one is missing or no class, or there are too few classes.
    """
    if labels is None or isinstance(labels, str):
        raise BadInput(f"a list of {articles} labels is wanted, one for each article, not {labels!r}")
    values = pd.Series(list(labels), dtype=object)
    if len(values) != articles:
        raise BadInput(
            f"{articles} {'article' if articles == 1 else 'articles'} came with {len(values)}"
            f" {'label' if len(values) == 1 else 'labels'}; give each article its label"
        )
    if not articles:
        raise BadInput("labelled articles are wanted; none came")
    if (gaps := np.flatnonzero(values.isna())).size:
        raise BadInput(f"label {gaps[0]} is missing; leave out articles without a label")
    kinds = sorted({_kind(value) for value in values})
    if len(kinds) > 1:
        raise BadInput(f"labels must be of one kind, not {' and '.join(kinds)}; write all as texts")
    found = np.asarray(values.tolist())
    if found.dtype.kind == "f" and (found != np.round(found)).any():
        raise BadInput("labels must be classes, and these are numbers with fractions; write them as ranges")
    if len(np.unique(found)) < least_classes:
        raise BadInput(f"at least {least_classes} classes are wanted; all {articles} articles have one label")
    return found


def _columns_step(part: Any, table: pd.DataFrame) -> Any:
    """Return a fitted ColumnTransformer around fitted steps: what a scoring plan knows how to read."""
    from sklearn.compose import ColumnTransformer
    from sklearn.frozen import FrozenEstimator

    names = list(table.columns)
    step = ColumnTransformer([(TEXT, FrozenEstimator(part), names)]).fit(table.head(1))
    step.transformers, step.transformers_ = [(TEXT, part, names)], [(TEXT, part, names)]
    return step


def _kind(value: object) -> str:
    if isinstance(value, str):
        return "texts"
    return "truths" if isinstance(value, bool | np.bool_) else "numbers"
