"""The last fit: every member on all rows to learn from, put together as scikit-learn would have fitted it.

Members of one style share one fitted preparation, so that it is computed, pickled and served once.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from sklearn.base import clone
from sklearn.pipeline import Pipeline

from projects.counted import counted
from projects.learning.attempt import Conditions, hook
from projects.learning.configuration import Configuration
from projects.learning.matrices import Prepare, Values, as_matrix, codes_of, names_of, some
from projects.learning.quiet import fitting_quietly

MOST_MATRIX_BYTES = 700_000_000
"""A style whose matrix would be larger learns from a sample of the rows."""


Fitter = Callable[[Any, Any, Values, Callable[[str], None]], Any]
"""Fits a model on a matrix and its truth; says what a person should know; returns the model, fitted."""


def fit_here(model: Any, matrix: Any, truth: Values, _say: Callable[[str], None]) -> Any:
    """Fit in this process."""
    return model.fit(matrix, truth)


@dataclass(frozen=True)
class Member:
    """What is fitted.

    Attributes:
        configuration: Its candidate and parameters.
        rounds: How many, where they were found.
        width: About how many columns its matrix has.
    """

    configuration: Configuration
    rounds: int | None
    width: int = 0


@dataclass(frozen=True)
class Fitting:
    """What all members learn from.

    Attributes:
        X: All rows to learn from.
        y: Their labels or numbers.
        classes: The labels; None for a regression.
        prepare: Makes the steps of a style.
        conditions: What is the same for all.
        say: Hears what was fitted on fewer rows.
        fitter: Who fits a model on the matrix of all rows.
    """

    X: pd.DataFrame
    y: Any
    classes: tuple[Any, ...] | None
    prepare: Prepare
    conditions: Conditions
    say: Callable[[str], None] = lambda _sentence: None
    fitter: Fitter = fit_here

    def alone(self, member: Member) -> Pipeline:
        """Fit one member as a pipeline that knows the labels themselves."""
        pipeline = self.pipelines([member])[0]
        if self.classes is None:
            return pipeline
        candidate, model = member.configuration.candidate, pipeline.named_steps["model"]
        if candidate.needs_codes:
            vote = voting_of_one(candidate.name, model, self.y)
            return Pipeline([*pipeline.steps[:-1], ("model", vote)])
        return pipeline

    def pipelines(self, members: Sequence[Member], *, as_codes: bool = False) -> list[Pipeline]:
        """Fit members; on codes 0..k-1 if they are to vote, else on the labels where a member can."""
        fitted: dict[int, Pipeline] = {}
        for style in dict.fromkeys(member.configuration.candidate.style for member in members):
            mine = [at for at, member in enumerate(members) if member.configuration.candidate.style == style]
            width = max(members[at].width for at in mine)
            rows = some(self._codes, max(1000, MOST_MATRIX_BYTES // (8 * max(1, width))), self._seed)
            if len(rows) < len(self.y):
                of = counted(len(self.y), "row")
                self.say(f"the {style} columns ({width}) learn from {len(rows):,} of {of}")
            X = self.X if len(rows) == len(self.y) else self.X.iloc[rows]
            steps = Pipeline(self.prepare(style))
            with fitting_quietly():
                matrix = as_matrix(steps.fit_transform(X, self._truth(as_codes)[rows]))
                for at in mine:
                    model = self._model(members[at], matrix, rows, names_of(steps, matrix.shape[1]), as_codes)
                    fitted[at] = Pipeline([*steps.steps, ("model", model)])
            del matrix
        return [fitted[at] for at in range(len(members))]

    def _model(
        self, member: Member, matrix: Values, rows: Values, names: tuple[str, ...], as_codes: bool
    ) -> Any:
        candidate = member.configuration.candidate
        model = member.configuration.model(self.conditions.making(len(rows)), member.rounds)
        truth = self._truth(as_codes or candidate.needs_codes)[rows]
        if candidate.adapt:
            candidate.adapt(model, names)
        if candidate.stops_itself:
            hook(model, self.conditions, np.inf, lambda _round, _loss: None)
        at = some(self._codes[rows], candidate.most_rows or len(rows), self._seed)
        if len(at) < len(rows):
            self.say(f"{candidate.name} learns from {len(at):,} of {counted(len(self.y), 'row')}")
            matrix, truth = matrix[at], truth[at]
        return on_one_thread(self.fitter(model, matrix, truth, self.say))

    @property
    def _codes(self) -> Values:
        return codes_of(self.y, self.classes)

    @property
    def _seed(self) -> int:
        return self.conditions.seed

    def _truth(self, as_codes: bool) -> Values:
        return self._codes if as_codes or self.classes is None else np.asarray(self.y)

    def vote(
        self, members: Sequence[Member], weights: Sequence[float] | None, *, voting: str = "soft"
    ) -> Any:
        """Fit members and put them into scikit-learn's vote."""
        from sklearn.ensemble import VotingRegressor

        names = named(members)
        pipelines = self.pipelines(members, as_codes=True)
        pairs = list(zip(names, pipelines, strict=True))
        given = None if weights is None else [float(weight) for weight in weights]
        if self.classes is not None:
            return _voting_classifier(pairs, given, self.y, voting)
        vote = VotingRegressor([(name, clone(pipeline)) for name, pipeline in pairs], weights=given)
        return _with_members(vote, pairs)


def named(members: Sequence[Member]) -> list[str]:
    """Name members by their candidates, numbered from the second of a kind."""
    names: list[str] = []
    for member in members:
        name = member.configuration.candidate.name
        count = sum(other == name or other.startswith(f"{name}_") for other in names)
        names.append(f"{name}_{count + 1}" if count else name)
    return names


def on_one_thread(model: Any) -> Any:
    """Make a fitted model answer on one thread: for few rows, starting threads is most of the work."""
    if getattr(model, "n_jobs", None) is not None:
        model.set_params(n_jobs=1)
    return model


def voting_of_one(name: str, model: Any, classes: Any) -> Any:
    """Let a fitted model that knows classes only as 0..k-1 know the labels, by a vote of it alone."""
    return _voting_classifier([(name, model)], None, classes)


def _voting_classifier(
    pairs: list[tuple[str, Any]], weights: list[float] | None, y: Any, voting: str = "soft"
) -> Any:
    from sklearn.ensemble import VotingClassifier
    from sklearn.preprocessing import LabelEncoder

    vote = VotingClassifier([(name, clone(model)) for name, model in pairs], voting=voting, weights=weights)
    vote.le_ = LabelEncoder().fit(y)
    vote.classes_ = vote.le_.classes_
    return _with_members(vote, pairs)


def _with_members(vote: Any, pairs: list[tuple[str, Any]]) -> Any:
    """Set what scikit-learn's own `fit` sets; it would fit each member's preparation again."""
    from sklearn.utils import Bunch

    vote.estimators_ = [model for _, model in pairs]
    vote.named_estimators_ = Bunch(**dict(pairs))
    for _, model in pairs:
        if hasattr(model, "feature_names_in_"):
            vote.feature_names_in_ = model.feature_names_in_
    return vote
