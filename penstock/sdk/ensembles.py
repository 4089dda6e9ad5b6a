"""Votes, stacks and bags of named models and estimators, unfitted: one preparation, the members behind it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from penstock.sdk.given import TaskType
from penstock.sdk.models import Named
from penstock.sdk.table import READ, ReadColumns, Table
from projects.errors import BadInput
from serving.plan.model import Task


@dataclass(frozen=True)
class Bench:
    """What an ensemble is made for.

    Attributes:
        table: The rows that were compared on; None before.
        task_type: The task.
        seed: For everything random.
    """

    table: Table | None
    task_type: TaskType
    seed: int

    @property
    def task(self) -> Task:
        """The task; classes count as several where no rows are known, which suits two as well."""
        if self.table is not None:
            return self.table.target.task
        return "regression" if self.task_type == "regression" else "multiclass"

    def members(self, models: Sequence[Named]) -> list[tuple[str, Any]]:
        """Make the members."""
        return [(each.name, self.member(each)) for each in models]

    def member(self, named: Named) -> Any:
        """Make one member, which takes a matrix.

        Raises:
            BadInput: It prepares its columns itself.
        """
        if named.prepares_itself:
            raise BadInput(
                f"'{named.name}' prepares its columns itself, and an ensemble prepares them for all; name the"
                " algorithm, or give the estimator behind the columns"
            )
        table = self.table
        deviation = (
            float(table.target.truth.std()) if table is not None and self.task == "regression" else 0.0
        )
        made = named.make(
            self.task, seed=self.seed, rows=0 if table is None else len(table.frame), deviation=deviation
        )
        if table is None and named.candidate is not None and named.candidate.in_deviations:
            from sklearn.compose import TransformedTargetRegressor
            from sklearn.preprocessing import StandardScaler

            # Its parameters are in the target's deviations, which are not known before the fit.
            return TransformedTargetRegressor(made, transformer=StandardScaler())
        return made

    def whole(self, model: Any) -> Any:
        """Put the preparation before a model: of the known columns, or of whatever columns there will be."""
        from sklearn.pipeline import Pipeline

        if self.table is None:
            columns = ("columns", _any_columns(self.task, self.seed))
            return Pipeline([(READ, ReadColumns()), columns, ("model", model)])
        steps = self.table.preparing(self.seed)("linear")
        return Pipeline([self.table.reading(), *steps, ("model", model)])


def voting(members: Sequence[Named], bench: Bench, *, voting: Literal["soft", "hard"], weights: Any) -> Any:
    """Make a vote.

    Raises:
        BadInput: The weights are not one a member.
    """
    from sklearn.ensemble import VotingClassifier, VotingRegressor

    given = None if weights is None else [float(weight) for weight in weights]
    if given is not None and len(given) != len(members):
        raise BadInput(f"weights must be one a model: {len(members)}, not {len(given)}")
    pairs = bench.members(members)
    if bench.task == "regression":
        return bench.whole(VotingRegressor(pairs, weights=given))
    return bench.whole(VotingClassifier(pairs, voting=voting, weights=given))


def stacking(members: Sequence[Named], meta: Named, bench: Bench, *, folds: int) -> Any:
    """Make a stack."""
    from sklearn.ensemble import StackingClassifier, StackingRegressor
    from sklearn.model_selection import KFold, StratifiedKFold

    pairs, final = bench.members(members), bench.member(meta)
    if bench.task == "regression":
        cv: Any = KFold(folds, shuffle=True, random_state=bench.seed)
        return bench.whole(StackingRegressor(pairs, final_estimator=final, cv=cv))
    cv = StratifiedKFold(folds, shuffle=True, random_state=bench.seed)
    return bench.whole(StackingClassifier(pairs, final_estimator=final, cv=cv))


def bagging(member: Named, bench: Bench, *, count: int) -> Any:
    """Make a bag."""
    from sklearn.ensemble import BaggingClassifier, BaggingRegressor

    kind = BaggingRegressor if bench.task == "regression" else BaggingClassifier
    return bench.whole(kind(bench.member(member), n_estimators=count, random_state=bench.seed))


def _any_columns(task: Task, seed: int) -> Any:
    from projects.article_parts import unchosen
    from projects.column_parts import Recipe, column_parts
    from projects.requirement.model import Cleaning, FeatureSection

    features = FeatureSection()
    return column_parts(
        Recipe(features, Cleaning(), "linear", task, seed),
        numbers=(), texts={}, dates=(), has_more=True,
        articles=unchosen((), features.text, task, seed),
    )  # fmt: skip
