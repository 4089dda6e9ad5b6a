"""What free text becomes is chosen once a problem, on the rows that are learned from, before any fit.

choose a configuration -> fit it on all those rows -> fit it on each fold's rows -> the search finds them kept
"""

import time
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import pandas as pd

from projects.article_columns import ArticleColumns
from projects.article_parts import Articles, extractor_of
from projects.counted import counted
from projects.kept_texts import KeptTexts, reading
from projects.problem import Problem
from projects.progress import Progress
from projects.read_text import Alternative, ReadText

FEWEST_SECONDS = 20.0
FOLDS_TIMES = 3.0
"""Reading the folds' texts may take so many times as long as the search, which begins only then."""
PROBED = 100
"""Texts by which it is seen how long sentence embeddings take."""
Clock = Callable[[], float]


def with_articles(problem: Problem, progress: Progress, clock: Clock = time.monotonic) -> Problem:
    """Choose what a problem's free text becomes, and read its texts; nothing is done where it has none.

    Raises:
        BadInput: A file of rules or of vectors, or a model that the requirement names, cannot be used.
    """
    if not problem.inputs.articles:
        return problem
    progress.total += 1
    names = ", ".join(f"'{name}'" for name in problem.inputs.free_texts)
    with progress.step(f"reading the texts of {names}") as step:
        kept = KeptTexts(len(problem.inputs.articles) * (len(problem.rows.folds) + 4))
        made = [_Reading(problem, article, kept, clock).chosen() for article in problem.inputs.articles]
        articles = Articles(problem.inputs.articles, tuple(extractor for extractor, _ in made), kept)
        texts = tuple(text for _, text in made)
        folds = _read_folds(problem, articles, clock)
        step.result = ", ".join(f"{one.name}, {counted(one.features, 'number')} a row" for one in texts)
        for sentence in (sentence for one in texts for sentence in one.sentences):
            progress.note(sentence)
        if folds < len(problem.rows.folds):
            of = counted(len(problem.rows.folds), "fold")
            progress.note(f"candidates are compared on {folds} of {of}: reading all texts takes long")
    rows = replace(problem.rows, folds=problem.rows.folds[:folds])
    return replace(problem, articles=articles, texts=texts, rows=rows)


def bound_of(problem: Problem) -> float:
    """Return the seconds that reading the folds' texts, or what is dear in it, may take."""
    return max(FEWEST_SECONDS, FOLDS_TIMES * problem.asked.tuning.seconds)


@dataclass(frozen=True)
class _Reading:
    problem: Problem
    article: ArticleColumns
    kept: KeptTexts
    clock: Clock

    def chosen(self) -> tuple[Any, ReadText]:
        """Return the unfitted extractor with what was chosen, and what it becomes."""
        from sklearn.base import clone

        from projects.text.article import read_articles
        from projects.text.choice import choose
        from projects.text.labels import read_labels
        from projects.text.making import Options

        problem, article = self.problem, self.article
        asked, task = problem.asked.features.text, problem.target.task
        extractor = extractor_of(article, asked, task, problem.asked.seed)
        X = problem.features.frame.iloc[problem.learned][list(article.columns)].reset_index(drop=True)
        y = problem.target.truth[problem.learned]
        articles = read_articles(X, article.roles)
        labels = read_labels(y, articles, task=extractor.task, seed=problem.asked.seed)
        options = Options(
            extractor.keywords, extractor.rules, extractor.sentence_model, extractor.word2vec,
            extractor.entities, extractor.language, extractor.use_gpu, extractor.random_state,
        )  # fmt: skip
        seconds = max(FEWEST_SECONDS, problem.asked.tuning.seconds)
        with warnings.catch_warnings(record=True) as caught, reading():
            warnings.simplefilter("always")
            dear = (
                {} if asked.configuration != "auto" or asked.sentence_model else self._dear(articles, options)
            )
            choice = choose(
                articles, labels, options, name=extractor.configuration, left_out=dear, seconds=seconds
            )
            extractor.set_params(configuration=choice.configuration)
            unfitted = clone(extractor)
            numbers = extractor.fit_transform(X, y)
        self.kept.keep(extractor, X, y, numbers)
        told = [str(each.message) for each in caught if issubclass(each.category, UserWarning)]
        return unfitted, self._told(extractor, choice, len(articles), told)

    def _dear(self, articles: Sequence[Any], options: Any) -> dict[Any, str]:
        """Say why sentence embeddings are left out, where those of all rows would take too long."""
        from projects.text.making import make_parts
        from projects.text.part import PartMissingError

        step = max(1, len(articles) // PROBED)
        some = list(articles[::step][:PROBED])
        try:
            part = dict(make_parts(["sentences"], options))["sentences"]
            part.fit(some[:1], None)
            started = self.clock()
            part.transform(some)
        except PartMissingError:
            return {}
        rows = len(self.problem.features.frame)
        expected = (self.clock() - started) / len(some) * rows
        if expected <= bound_of(self.problem):
            return {}
        long = f"they would take about {expected / 60:.0f} minutes for {counted(rows, 'text')}"
        waits = "features.text.configuration: maximum waits for them"
        return {"sentences": f"sentence embeddings are left out: {long}; {waits}"}

    def _told(self, fitted: Any, choice: Any, labelled: int, warned: Sequence[str]) -> ReadText:
        chosen = choice.configuration
        return ReadText(
            self.article,
            name=chosen.extended_to or chosen.name,
            by_size=chosen.name,
            reason=chosen.reason,
            parts=tuple(name for name, _ in fitted.parts_),
            features=fitted.n_features_out_,
            labelled=labelled,
            metric="R2" if self.problem.target.classes is None else "macro F1",
            alternatives=tuple(
                Alternative(one.name, float(one.score), float(one.error), int(one.features))
                for one in choice.alternatives
            ),
            missing=tuple(dict.fromkeys([*choice.missing.values(), *fitted.missing_.values(), *warned])),
        )


def _read_folds(problem: Problem, articles: Articles, clock: Clock) -> int:
    """Fit on each fold's rows while there is time; return how many folds were read, two at least."""
    from projects.learning.matrices import codes_of
    from projects.learning.quiet import fitting_quietly

    rows = problem.rows
    codes = codes_of(rows.y, rows.classes)
    bound = bound_of(problem)
    started = clock()
    for number, (at, _) in enumerate(rows.folds):
        if number >= 2 and (clock() - started) * (number + 1) / number > bound:
            return number
        for _, extractor, columns in articles:
            with fitting_quietly():
                X: pd.DataFrame = rows.X.iloc[at][list(columns)]
                articles.pipeline(extractor, ()).fit_transform(X, codes[at])
    return len(rows.folds)
