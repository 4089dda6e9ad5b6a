"""What competes in the end: single configurations, and the ensembles made of them."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.pipeline import Pipeline

from projects.counted import counted
from projects.errors import BadInput
from projects.learning.candidates.candidate import Candidate, Making, Parameters
from projects.learning.candidates.listing import BY_NAME
from projects.learning.configuration import Configuration
from projects.learning.ensemble import vote_of
from projects.learning.final import Fitting, Member, named, on_one_thread
from projects.learning.search import Search
from projects.learning.trial import Tried, evaluate
from projects.requirement.model import Ensembles

Values = NDArray[Any]
BEST_MEMBERS = 3
OF_MEMBERS = {"voting": 2, "stacking": 2, "bagging": 1}
"""The fewest members of what is made of named ones."""
BAGS = 10
LEAST = 1e-3
"""What a member of a vote must gain, as a share of what the best has over guessing."""


@dataclass(frozen=True)
class Entry:
    """One that competes.

    Attributes:
        name: What it is called.
        members: What it is made of, heaviest first.
        weights: Their shares.
        answers: For the rows to score, by fold.
        scores: By fold.
        fit: Fits it on all rows.
    """

    name: str
    members: tuple[Tried, ...]
    weights: tuple[float, ...]
    answers: tuple[Values, ...]
    scores: tuple[float, ...]
    fit: Callable[[Fitting], Any]

    @property
    def seconds_a_fold(self) -> float:
        """Of fitting all members once."""
        return sum(each.fit_seconds for each in self.members)


@dataclass(frozen=True)
class Entries:
    """Makes entries of what a search tried.

    Attributes:
        search: What was tried.
        may_join: Whether these members together are affordable.
        left_out: Why candidates that were named were not tried.
        say: Hears what a person should know.
    """

    search: Search
    may_join: Callable[[Sequence[Tried]], bool]
    left_out: Mapping[str, str] = field(default_factory=dict)
    say: Callable[[str], None] = lambda _sentence: None

    def single(self, tried: Tried) -> Entry:
        """One configuration alone."""
        folds = self.search.folds
        return Entry(
            tried.name, (tried,), (1.0,), tried.answers[:folds], tried.scores[:folds],
            lambda fitting: fitting.alone(self._member(tried)),
        )  # fmt: skip

    def weighted_vote(self) -> Entry | None:
        """The greedy vote, where it has more than one member."""
        best = self.search.gain(self.search.complete[0])
        found = vote_of(
            self.search.complete, self._gain,
            folds=self.search.folds, may_join=self.may_join, least=LEAST * abs(best - self.search.guess),
        )  # fmt: skip
        if len(found.members) < 2:
            return None
        members = [self._member(each) for each in found.members]
        return self._made(
            "vote", found.members, found.weights, self._blend(found.members, found.weights),
            lambda fitting: fitting.vote(members, found.weights),
        )  # fmt: skip

    def without_the_lightest(self, entry: Entry) -> Entry | None:
        """The same vote without its lightest member; None for what is no vote or has one member."""
        if entry.name != "vote" or len(entry.members) < 2:
            return None
        rest, total = entry.members[:-1], sum(entry.weights[:-1])
        if len(rest) == 1:
            return self.single(rest[0])
        weights = tuple(weight / total for weight in entry.weights[:-1])
        members = [self._member(each) for each in rest]
        return self._made(
            "vote", rest, weights, self._blend(rest, weights), lambda fitting: fitting.vote(members, weights)
        )

    def asked_for(self, asked: Ensembles) -> Entry | None:
        """The ensemble that a person named; None where the best stays alone."""
        if asked.method not in OF_MEMBERS:
            return self.weighted_vote() if asked.method == "auto" else None
        members, needed = self._best_of(asked), OF_MEMBERS[asked.method]
        if len(members) < needed:
            few = f"{len(members)} of the {needed} that it needs at least" if members else "none"
            self.say(f"{asked.method} is left out, for {few} can be a member: the best stays alone")
            return None
        if asked.method == "voting":
            return self._voting(members, asked.voting)
        if asked.method == "stacking":
            return self._stacking(members, asked)
        return self._bagging(members[0])

    def _best_of(self, asked: Ensembles) -> list[Tried]:
        best: dict[str, Tried] = {}
        for each in self.search.complete:
            best.setdefault(each.name, each)
        reasons = {name: self._why_not(name, best.get(name), asked) for name in asked.members or best}
        if not asked.members:
            return [each for name, each in best.items() if not reasons[name]][:BEST_MEMBERS]
        for name, why in reasons.items():
            if why:
                self.say(f"{name} is left out of the ensemble: {why}")
        return [best[name] for name, why in reasons.items() if not why]

    def _why_not(self, name: str, tried: Tried | None, asked: Ensembles) -> str:
        """Say why a candidate cannot be a member; nothing if it can."""
        if tried is None:
            tries = [each.reason for each in self.search.tried if each.name == name and each.reason]
            known = {**self.left_out, **self.search.skipped}
            return tries[0] if tries else known.get(name, "it was not tried on all folds")
        most = tried.configuration.candidate.most_rows
        if asked.method == "stacking" and most and most < self.search.rows_in_all:
            return f"in a stack it takes {counted(most, 'row')} at most"
        return ""

    def _voting(self, members: list[Tried], voting: str) -> Entry:
        weights = tuple(1 / len(members) for _ in members)
        is_hard = voting == "hard" and bool(self.search.conditions.classes)
        answers = _by_labels(members, self.search.folds) if is_hard else self._blend(members, weights)
        made = [self._member(each) for each in members]
        return self._made(
            "voting", tuple(members), weights, answers,
            lambda fitting: fitting.vote(made, None, voting=voting),
        )  # fmt: skip

    def _stacking(self, members: list[Tried], asked: Ensembles) -> Entry:
        name = asked.meta_model or ("logistic" if self.search.conditions.classes else "ridge")
        meta = _able(name, self.search)
        answers = self._stacked_answers(members, meta)
        weights = tuple(1 / len(members) for _ in members)
        made = [self._member(each) for each in members]
        return self._made(
            "stacking", tuple(members), weights, answers,
            lambda fitting: stack(fitting, made, meta, folds=asked.cv),
        )  # fmt: skip

    def _stacked_answers(self, members: list[Tried], meta: Candidate) -> tuple[Values, ...]:
        """For each fold, what a meta model says that learned from the members' answers for the others."""
        folds, conditions = self.search.folds, self.search.conditions
        inputs = [np.hstack([_columns(each.answers[at]) for each in members]) for at in range(folds)]
        truths = [self.search.matrices.codes[self.search.matrices.rows.folds[at][1]] for at in range(folds)]
        if folds == 1:
            return tuple(self._half_and_half(inputs[0], truths[0], meta))
        answers = []
        for at in range(folds):
            X = np.vstack([each for other, each in enumerate(inputs) if other != at])
            y = np.concatenate([each for other, each in enumerate(truths) if other != at])
            model = meta.make(conditions.making(len(y)), meta.defaults).fit(X, y)
            answers.append(_ask(model, inputs[at]))
        return tuple(answers)

    def _half_and_half(self, inputs: Values, truth: Values, meta: Candidate) -> list[Values]:
        at = np.arange(len(truth)) % 2 == 0
        answers: Any = None
        for learn in (at, ~at):
            making = self.search.conditions.making(int(learn.sum()))
            said = _ask(meta.make(making, meta.defaults).fit(inputs[learn], truth[learn]), inputs[~learn])
            answers = np.zeros((len(truth), *said.shape[1:])) if answers is None else answers
            answers[~learn] = said
        return [answers]

    def _bagging(self, tried: Tried) -> Entry | None:
        configuration = bagged(tried)
        found = evaluate(
            configuration, self.search.matrices, self.search.folds, self.search.conditions,
            number=len(self.search.tried) + 1,
        )  # fmt: skip
        if not found.is_complete:
            self.say(f"bagging of {tried.name} is left out: {found.reason}; the best stays alone")
            return None
        member = Member(configuration, None, self._width(tried))
        return self._made("bagging", (found,), (1.0,), found.answers, lambda fitting: fitting.alone(member))

    def _made(
        self,
        name: str,
        members: tuple[Tried, ...],
        weights: tuple[float, ...],
        answers: tuple[Values, ...],
        fit: Callable[[Fitting], Any],
    ) -> Entry:
        return Entry(name, members, weights, answers, self._scores(answers), fit)

    def _member(self, tried: Tried) -> Member:
        return Member(tried.configuration, tried.rounds, self._width(tried))

    def _width(self, tried: Tried) -> int:
        return self.search.matrices.widths.get(tried.configuration.candidate.style, 0)

    def _blend(self, members: Sequence[Tried], weights: Sequence[float]) -> tuple[Values, ...]:
        return tuple(
            np.average([each.answers[at].astype(np.float64) for each in members], axis=0, weights=weights)
            for at in range(self.search.folds)
        )

    def _scores(self, answers: Sequence[Values]) -> tuple[float, ...]:
        matrices, conditions = self.search.matrices, self.search.conditions
        return tuple(
            conditions.score(each, matrices.codes[matrices.rows.folds[at][1]])
            for at, each in enumerate(answers)
        )

    def _gain(self, answers: Sequence[Values]) -> float:
        return self.search.conditions.gain(float(np.nanmean(self._scores(answers))))


def bagged(tried: Tried) -> Configuration:
    """Return the configuration with ten of its models, each of rows drawn with replacement."""
    from sklearn.ensemble import BaggingClassifier, BaggingRegressor

    inner, rounds = tried.configuration.candidate, tried.rounds

    def make(making: Making, parameters: Parameters) -> Any:
        model = Configuration(inner, parameters, "ensemble").model(making, rounds)
        kind = BaggingRegressor if making.is_regression else BaggingClassifier
        return kind(model, n_estimators=BAGS, random_state=making.seed)

    candidate = replace(inner, make=make, rounds=None, stops_itself=False, adapt=None, needs_codes=False)
    return Configuration(candidate, tried.configuration.parameters, "ensemble")


def stack(fitting: Fitting, members: Sequence[Member], meta: Candidate, *, folds: int) -> Any:
    """Fit scikit-learn's stack of whole pipelines."""
    from sklearn.ensemble import StackingClassifier, StackingRegressor
    from sklearn.model_selection import KFold, StratifiedKFold

    conditions = fitting.conditions
    making = conditions.making(len(fitting.y))
    pairs = []
    for name, member in zip(named(members), members, strict=True):
        candidate = member.configuration.candidate
        if candidate.most_rows and candidate.most_rows < len(fitting.y):
            most = counted(candidate.most_rows, "row")
            fitting.say(f"{name} is left out of the stack: it takes {most} at most")
            continue
        model = member.configuration.model(making, member.rounds)
        pairs.append((name, Pipeline([*fitting.prepare(candidate.style), ("model", model)])))
    if not pairs:
        raise BadInput("no member of the stack can learn from so many rows; name others in ensembles.members")
    final = meta.make(making, meta.defaults)
    kind, splitter = (
        (StackingClassifier, StratifiedKFold) if fitting.classes is not None else (StackingRegressor, KFold)
    )
    cv = splitter(folds, shuffle=True, random_state=conditions.seed)
    unfitted = kind(pairs, final_estimator=final, cv=cv)
    stacked = fitting.fitter(unfitted, fitting.X, fitting.y, fitting.say)
    for pipeline in stacked.estimators_:
        on_one_thread(pipeline.named_steps["model"])
    return stacked


def _able(name: str, search: Search) -> Candidate:
    candidate: Candidate = BY_NAME[name]
    if search.conditions.task not in candidate.tasks:
        raise BadInput(f"the meta model {name} cannot do {search.conditions.task}")
    return candidate.scaled_to(float(np.std(search.matrices.codes)) if not search.conditions.classes else 0.0)


def _columns(answers: Values) -> Values:
    """Return answers as the meta model's inputs: of two classes the second one's, as scikit-learn has it."""
    wide = answers.astype(np.float64)
    if wide.ndim == 1:
        return wide[:, None]
    return wide[:, 1:] if wide.shape[1] == 2 else wide


def _ask(model: Any, inputs: Values) -> Values:
    return np.asarray(
        model.predict_proba(inputs) if hasattr(model, "predict_proba") else model.predict(inputs),
        dtype=np.float64,
    )


def _by_labels(members: Sequence[Tried], folds: int) -> tuple[Values, ...]:
    """Return 1 for the class that most members name, the first of equals."""
    answers = []
    for at in range(folds):
        shares = sum(np.eye(each.answers[at].shape[1])[each.answers[at].argmax(axis=1)] for each in members)
        answers.append(np.eye(shares.shape[1])[shares.argmax(axis=1)])
    return tuple(answers)
