"""Texts become numbers, as many as the labelled ones can teach: a transformer for any pipeline.

    articles, labels -> which configuration (choice) -> its parts, fitted -> numbers side by side

Training rows get their numbers by what the other folds' labels tell; all other rows by what all of them do.
"""

from collections.abc import Mapping, Sequence
from hashlib import blake2b
from pathlib import Path
from typing import Any, Literal, Self

import numpy as np
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils.validation import check_is_fitted

from projects.errors import BadInput
from projects.text.article import Article, is_one, read_article, read_articles
from projects.text.cache import FeatureCache, cached_rows
from projects.text.choice import Choice, choose, warn_of_few
from projects.text.configuration import ABOUT, Configuration, Name, PartName, by_number
from projects.text.labels import Task, read_labels
from projects.text.making import Options, make_parts
from projects.text.part import Labels, Numbers, Part
from projects.text.side_by_side import fitted_numbers, numbers_of


class AdaptiveFeatureExtractor(TransformerMixin, BaseEstimator):  # type: ignore[misc]
    """Turn articles into numbers by the configuration that suits their number.

    Args:
        dataset_size: Labelled articles to choose the configuration by; None counts those of `fit` and lets
            another configuration win if it scores better.
        enable_advanced: False leaves out word vectors and sentence embeddings.
        enable_cache: Whether articles that come again are answered from memory (and `cache_dir`).
        use_gpu: For sentence embeddings: True, False, or `auto`, where PyTorch sees one.
        configuration: A name, or what `choose` returned, instead of any choice.
        parts: Exactly these parts, instead of a configuration's.
        extend: `auto` lets a configuration that scores better by cross-validation win; `never` does not.
        task: What labels are: `classes`, `numbers`, or `auto` (numbers where some have fractions).
        roles: What the columns of a table are, in their order: of title, text, source, published.
        keywords: Lists of words by name; None finds one for each class.
        rules: A file of rules (YAML or JSON), or the list.
        sentence_model: A folder or the name of a package with a sentence-transformers model.
        word2vec: A file of word vectors; None trains them on the articles.
        entities: `auto`, `patterns`, or the name of a spaCy pipeline.
        language: A code such as `en`; `auto` looks at the letters.
        cache_dir: A folder for the cache, which processes may share; None keeps it in memory.
        cache_bytes: Bound of the cache in memory.
        choice_seconds: Bound of the time that comparing configurations takes, about.
        random_state: All that is drawn is drawn by it.

    Attributes:
        parts_: Names and fitted parts, in the order of their numbers.
        configuration_: What was chosen, and why.
        alternatives_: What each configuration scored; empty where nothing was compared.
        classes_: In sorted order; None for numbers and without labels.
        n_features_out_: Numbers an article.
        fingerprint_: Of all that was fitted; another after every fit on other articles.
    """

    def __init__(
        self,
        dataset_size: int | None = None,
        enable_advanced: bool = True,
        enable_cache: bool = True,
        use_gpu: bool | str = "auto",
        *,
        configuration: Name | Configuration | None = None,
        parts: Sequence[PartName] | None = None,
        extend: Literal["auto", "never"] = "auto",
        task: Task = "auto",
        roles: Sequence[str] = ("text",),
        keywords: Mapping[str, Sequence[str]] | None = None,
        rules: str | Path | Sequence[Mapping[str, Any]] | None = None,
        sentence_model: Any = None,
        word2vec: str | Path | None = None,
        entities: str = "auto",
        language: str = "auto",
        cache_dir: str | Path | None = None,
        cache_bytes: int = 64_000_000,
        choice_seconds: float = 60.0,
        random_state: int = 0,
    ) -> None:
        self.dataset_size = dataset_size
        self.enable_advanced = enable_advanced
        self.enable_cache = enable_cache
        self.use_gpu = use_gpu
        self.configuration = configuration
        self.parts = parts
        self.extend = extend
        self.task = task
        self.roles = roles
        self.keywords = keywords
        self.rules = rules
        self.sentence_model = sentence_model
        self.word2vec = word2vec
        self.entities = entities
        self.language = language
        self.cache_dir = cache_dir
        self.cache_bytes = cache_bytes
        self.choice_seconds = choice_seconds
        self.random_state = random_state

    def fit(self, X: Any, y: Any = None) -> Self:
        """Choose a configuration and fit its parts.

        Args:
            X: Articles: texts, mappings, or a table with the columns `roles`.
            y: Their labels: classes, numbers, or None.

        Raises:
            BadInput: There are no articles, one cannot be read, or labels do not fit them.
        """
        self._learn(X, y, wants_numbers=False)
        return self

    def fit_transform(self, X: Any, y: Any = None) -> Numbers:
        """Fit, and return the training articles' numbers, each by what the other folds' labels tell."""
        return self._learn(X, y, wants_numbers=True)

    def choose(self, X: Any, y: Any = None) -> Choice:
        """Choose without fitting: what `fit` would, for callers who fit many times (`configuration=`).

        Args:
            X: Articles, as `fit` takes them.
            y: Their labels.
        """
        articles = self._read(X)
        return self._chosen(articles, read_labels(y, articles, task=self.task, seed=self.random_state))

    def transform(self, X: Any, use_cache: bool | None = None) -> Numbers:
        """Return the numbers.

        Args:
            X: One article, or several.
            use_cache: None does as `enable_cache` says.

        Returns:
            float64 of shape (n_features_out_,) for one article, (articles, n_features_out_) for several.
        """
        if not hasattr(self, "parts_"):
            # Asked for only now: it costs more than a cached article.
            check_is_fitted(self)
        if is_one(X):
            row: Numbers = self._numbers([read_article(X)], use_cache=use_cache)[0]
            return row
        return self._numbers(read_articles(X, self.roles), use_cache=use_cache)

    def extract(self, articles: Sequence[Article]) -> Numbers:
        """Return the numbers of articles that were read, without the cache; safe for threads."""
        return numbers_of(self.parts_, articles)

    async def transform_async(self, article: Any, batch_size: int = 50) -> Numbers:
        """Return the numbers of one article or several, made in a thread."""
        from projects.text.bulk import transform_async

        check_is_fitted(self)
        made = await transform_async(self, article, batch_size, use_cache=self.enable_cache)
        return made[0] if is_one(article) else made

    def transform_batch(self, articles: Any, batch_size: int = 50, show_progress: bool = False) -> Numbers:
        """Return the numbers of many articles, a batch after the other; see `projects.text.bulk`."""
        from projects.text.bulk import transform_batch

        check_is_fitted(self)
        return transform_batch(
            self, articles, batch_size, show_progress=show_progress, use_cache=self.enable_cache
        )

    def transform_parallel(
        self,
        articles: Any,
        *,
        workers: int | None = None,
        client: Any = None,
        batch_size: int = 50,
        show_progress: bool = False,
    ) -> Numbers:
        """Return the numbers of many articles, made by processes, or by a Dask cluster.

        Args:
            articles: As `transform` takes several.
            workers: Processes; the cores by default.
            client: A `distributed.Client`, for a cluster.
            batch_size: Articles a task.
            show_progress: Whether lines go to standard error.
        """
        from projects.text import workers as spread

        check_is_fitted(self)
        options: Any = {
            "batch_size": batch_size,
            "show_progress": show_progress,
            "use_cache": self.enable_cache,
        }
        if client is not None:
            return spread.over_dask(self, articles, client, **options)
        return spread.over_processes(self, articles, workers=workers, **options)

    @property
    def cache(self) -> FeatureCache | None:
        """Of its numbers; None where it keeps none."""
        return self.cache_ if self.enable_cache else None

    @property
    def feature_config(self) -> dict[str, Any]:
        """What was chosen and why, for people and reports."""
        check_is_fitted(self)
        chosen = self.configuration_
        return {
            "name": chosen.name,
            "target_features": ABOUT[chosen.extended_to or chosen.name],
            "parts": [name for name, _ in self.parts_],
            "extended_to": chosen.extended_to,
            "reason": chosen.reason,
            "alternatives": {one.name: one.score for one in self.alternatives_},
            "missing": dict(self.missing_),
            "dataset_size": self.dataset_size_,
            "features_count": self.n_features_out_,
        }

    def get_feature_names_out(self, input_features: Any = None) -> Any:  # noqa: ARG002 - scikit-learn's
        """Return `PART_WHAT` for every number."""
        check_is_fitted(self)
        return np.array([name for _, part in self.parts_ for name in part.names], dtype=object)

    def get_cache_stats(self) -> dict[str, Any]:
        """Return `enabled`, `size` (entries in memory), `memory_mb` and `hit_rate` (0 to 1)."""
        stats = self.cache_.stats() if hasattr(self, "cache_") else None
        return {
            "enabled": bool(self.enable_cache),
            "size": stats.size if stats else 0,
            "memory_mb": stats.memory_mb if stats else 0.0,
            "hit_rate": stats.hit_rate if stats else 0.0,
        }

    def clear_cache(self) -> None:
        """Forget all cached numbers."""
        if hasattr(self, "cache_"):
            self.cache_.clear()

    def save(self, path: str | Path) -> None:
        """Write the fitted extractor to a file; `load` reads it where the same libraries are."""
        from projects.text.saved import save_object

        check_is_fitted(self)
        save_object(self, path, kind="extractor")

    @classmethod
    def load(cls, path: str | Path) -> Any:
        """Read what `save` wrote: a pickle, so only from those whom you would let run code.

        Raises:
            BadInput: The file is not one, is damaged, or was written with another Python or scikit-learn.
        """
        from projects.text.saved import load_object

        return load_object(path, kind="extractor")

    def _learn(self, X: Any, y: Any, *, wants_numbers: bool) -> Numbers:
        articles = self._read(X)
        labels = read_labels(y, articles, task=self.task, seed=self.random_state)
        chosen = self._chosen(articles, labels)
        parts = make_parts(chosen.configuration.parts, self._options())
        numbers, self.parts_ = fitted_numbers(parts, articles, labels, wants_numbers=wants_numbers)
        self.configuration_, self.alternatives_ = chosen.configuration, chosen.alternatives
        self.missing_ = dict(chosen.missing)
        self.classes_ = None if labels is None or labels.classes is None else np.array(labels.classes)
        self.dataset_size_ = len(articles) if self.dataset_size is None else self.dataset_size
        self.n_features_out_ = sum(len(part.names) for _, part in self.parts_)
        self.n_features_in_ = len(self.roles)
        self.fingerprint_ = _fingerprint(self.parts_)
        self.cache_ = FeatureCache(self.cache_bytes, self.cache_dir)
        return numbers

    def _read(self, X: Any) -> Sequence[Article]:
        if not (articles := read_articles(X, self.roles)):
            raise BadInput("articles to learn from are wanted; none came")
        return articles

    def _chosen(self, articles: Sequence[Article], labels: Labels | None) -> Choice:
        size = len(articles) if self.dataset_size is None else self.dataset_size
        if size < 0:
            raise BadInput(f"a number of labelled articles must be 0 or more, not {size}")
        if isinstance(self.configuration, Configuration):
            return Choice(self.configuration)
        if self.parts is not None:
            asked = Configuration(by_number(size), tuple(self.parts), reason="these parts were asked for")
            return Choice(asked)
        if self.configuration is None:
            warn_of_few(size)
        return choose(
            articles, labels, self._options(), dataset_size=self.dataset_size, name=self.configuration,
            extend=self.extend, enable_advanced=self.enable_advanced, seconds=self.choice_seconds,
        )  # fmt: skip

    def _options(self) -> Options:
        return Options(
            self.keywords, self.rules, self.sentence_model, self.word2vec, self.entities, self.language,
            self.use_gpu, self.random_state,
        )  # fmt: skip

    def _numbers(self, articles: Sequence[Article], *, use_cache: bool | None) -> Numbers:
        if not (self.enable_cache if use_cache is None else use_cache):
            return self.extract(articles)
        width = self.n_features_out_
        kept: Numbers = cached_rows(self.cache_, articles, self.fingerprint_, width, self.extract)
        return kept

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.string = True
        tags.input_tags.allow_nan = True
        tags.input_tags.two_d_array = True
        return tags


def _fingerprint(parts: Sequence[tuple[PartName, Part]]) -> str:
    import cloudpickle

    from projects.text.code_version import code_version

    # The same parts give other numbers where the code that reads them is another.
    return blake2b(cloudpickle.dumps((code_version(), parts)), digest_size=16).hexdigest()
