"""Models compared, tuned and put together in a notebook, on the folds and by the search of the pipelines."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import pandas as pd

from penstock.sdk import ensembles
from penstock.sdk.bar import bar
from penstock.sdk.folds import Strategy, fold
from penstock.sdk.given import TASKS, TaskType, known_word, tell, whole
from penstock.sdk.models import Named, named_candidate, read_models
from penstock.sdk.reference import remember
from penstock.sdk.search import Compared, Field, parameters_of
from penstock.sdk.table import Table, read_table
from projects.errors import BadInput
from projects.evaluation.metrics import metric_for
from projects.hints import shown
from projects.requirement.model import TuningMethod
from projects.requirement.sections import Splitting

SCORING = {"classification": "accuracy", "regression": "r2"}
BESIDE = {
    "classification": ("accuracy", "f1", "roc_auc", "log_loss"),
    "regression": ("r2", "rmse", "mae", "explained_variance"),
}
"""The further columns of a ranking."""
HEAD = ("model", "mean_score", "std_score")


@dataclass(frozen=True)
class How:
    """How parameters are looked for: the method, the most trials, and the grid."""

    method: TuningMethod
    trials: int
    grid: Mapping[str, tuple[Any, ...]] = field(default_factory=dict)


class ModelSelector:
    """Compares models, looks for better parameters, and makes ensembles.

    Rows are taken as they are: gaps, texts and dates are prepared inside each model, fitted on the rows that
    it learns from, as the pipelines do it.

    Args:
        task_type: `classification` or `regression`.
        scoring: What is compared by, such as `roc_auc` or `rmse`; by default accuracy and R2.
        random_state: The same number gives the same folds, models and searches.
        show_progress: Whether a bar is shown; by default where somebody watches, not in a file.

    Attributes:
        results_: The last comparison, best first.

    >>> from penstock import ModelSelector
    >>> table, is_large = {"size": [1, 2, 8, 9] * 30}, [0, 0, 1, 1] * 30
    >>> ranking = ModelSelector().compare_models(table, is_large, models=["decision_tree"], cv=2)
    >>> ranking[["model", "mean_score"]].to_dict("records")
    [{'model': 'decision_tree', 'mean_score': 1.0}]
    """

    def __init__(
        self,
        task_type: TaskType = "classification",
        *,
        scoring: str | None = None,
        random_state: int = 42,
        show_progress: bool | None = None,
    ) -> None:
        known_word(task_type, TASKS, "task_type")
        self.task_type: TaskType = task_type
        self.scoring = scoring or SCORING[task_type]
        self.random_state = whole(random_state, "random_state", least=0)
        self.show_progress = show_progress
        metric_for(self.scoring, "regression" if task_type == "regression" else "binary")
        self.results_: pd.DataFrame | None = None
        self._table: Table | None = None
        self._found: dict[str, Compared] = {}
        self._best: Compared | None = None
        self._model: Any = None

    def compare_models(
        self,
        X: Any,
        y: Any,
        models: Any = None,
        cv: Any = 5,
        *,
        cv_strategy: Strategy = "auto",
        max_rows: int | None = None,
    ) -> pd.DataFrame:
        """Score models on the same folds.

        Args:
            X: The table.
            y: The target, one value a row.
            models: Names such as `lightgbm`, estimators, pairs of a name and an estimator, or a mapping; by
                default all algorithms of the API.
            cv: The number of folds, or a splitter of scikit-learn's.
            cv_strategy: `auto` (`stratified` for classes), `kfold`, `stratified`, or `time_series` for rows
                in the order of time.
            max_rows: The most rows to compare on; by default 20,000.

        Returns:
            A row a model, the best first: `model`, `mean_score`, `std_score` over the folds, further metrics,
            `seconds`; a model that could not be fitted stands last, with why in the column `error`.

        Raises:
            BadInput: The rows or an option cannot be used, or no model could be fitted.
        """
        named = read_models(models, self.task_type)
        ground = self._field(X, y, cv, cv_strategy, max_rows)
        with bar("comparing models", len(named), "model", show=self.show_progress) as shown_bar:
            found = ground.compare(named, shown_bar)
        if found[0].validation is None:
            reasons = "; ".join(f"{each.named.name}: {each.reason}" for each in found)
            raise BadInput(f"no model could be fitted on these rows: {reasons}")
        self._found = {each.named.name: each for each in found if each.validation is not None}
        self._choose(found[0])
        self.results_ = _ranking(found, ground.metric.name, BESIDE[self.task_type])
        return self.results_.copy()

    def optuna_search(
        self, X: Any, y: Any, model_name: str = "lightgbm", n_trials: int = 100, **options: Any
    ) -> dict[str, Any]:
        """Look for better parameters by Optuna's tree-structured Parzen estimator.

        Args:
            X: The table.
            y: The target, one value a row.
            model_name: An algorithm by its name.
            n_trials: The most trials, beside the defaults.
            options: `cv`, `cv_strategy` and `max_rows` as for `compare_models`; `timeout` in seconds.

        Returns:
            `best_params`, `best_score`, `best_model` (fitted on all rows), and `model_name`, `metric`,
            `std_score`, `default_score`, `n_trials`, `trials` (a frame), `seconds`.

        Raises:
            BadInput: The rows or an option cannot be used.
        """
        trials = whole(n_trials, "n_trials", least=1)
        return self._search(X, y, model_name, How("optuna", trials), options)

    def random_search(
        self, X: Any, y: Any, model_name: str = "lightgbm", n_trials: int = 100, **options: Any
    ) -> dict[str, Any]:
        """Look for better parameters by chance; arguments and result are those of `optuna_search`."""
        trials = whole(n_trials, "n_trials", least=1)
        return self._search(X, y, model_name, How("random_search", trials), options)

    def grid_search(
        self,
        X: Any,
        y: Any,
        model_name: str = "lightgbm",
        param_grid: Mapping[str, Sequence[Any]] | None = None,
        **options: Any,
    ) -> dict[str, Any]:
        """Go through a grid of parameters.

        Args:
            X: The table.
            y: The target, one value a row.
            model_name: An algorithm by its name.
            param_grid: Values by parameter; by default the algorithm's own grid.
            options: As for `optuna_search`.

        Returns:
            What `optuna_search` returns.

        Raises:
            BadInput: The rows, the grid or an option cannot be used.
        """
        return self._search(X, y, model_name, How("grid_search", 0, _grid(param_grid)), options)

    @property
    def best_model(self) -> Any:
        """The best of the last comparison or search, fitted on all its rows when it is first asked for.

        Raises:
            BadInput: Nothing was compared yet.
        """
        if self._model is None:
            if self._best is None or self._table is None:
                raise BadInput("there is no best model yet; call compare_models or optuna_search first")
            self._model = remember(
                self._best.fit(), self._table.frame, self._table.target.truth, is_learned=True
            )
        return self._model

    @property
    def best_model_name(self) -> str:
        """What the best of the last comparison or search is called."""
        if self._best is None:
            raise BadInput("there is no best model yet; call compare_models or optuna_search first")
        return self._best.named.name

    @property
    def best_params(self) -> dict[str, Any]:
        """The parameters of the best of the last comparison or search."""
        if self._best is None:
            raise BadInput("there is no best model yet; call compare_models or optuna_search first")
        return dict(self._best.named.parameters)

    def create_voting_ensemble(
        self, models: Any = None, voting: Literal["soft", "hard"] = "soft", weights: Any = None
    ) -> Any:
        """Make a vote of several models, not fitted yet.

        Args:
            models: As for `compare_models`, an algorithm with the best parameters that are known of it; by
                default the best three of the last comparison.
            voting: `soft` averages probabilities, `hard` counts labels; numbers are averaged.
            weights: One a model; by default all alike.

        Raises:
            BadInput: There are fewer than two, or an option is not known.
        """
        known_word(voting, ("soft", "hard"), "voting")
        return ensembles.voting(self._members(models, 2), self._bench(), voting=voting, weights=weights)

    def create_stacking_ensemble(self, base_models: Any = None, meta_model: Any = None, cv: int = 5) -> Any:
        """Make a stack, not fitted yet: a model that learns from others' answers for rows unknown to them.

        Args:
            base_models: As for `create_voting_ensemble`.
            meta_model: A name or an estimator; by default `logistic` or `ridge`.
            cv: Folds by which the others' answers are made.

        Raises:
            BadInput: There are fewer than two, or an option cannot be used.
        """
        folds = whole(cv, "cv", least=2, most=20)
        default = "logistic" if self.task_type == "classification" else "ridge"
        meta = read_models(default if meta_model is None else [meta_model], self.task_type)[0]
        return ensembles.stacking(self._members(base_models, 2), meta, self._bench(), folds=folds)

    def create_bagging_ensemble(self, base_model: Any = None, n_estimators: int = 10) -> Any:
        """Make a bag, not fitted yet: one model many times, each of rows drawn with replacement.

        Args:
            base_model: A name or an estimator; by default the best of the last comparison.
            n_estimators: How many times.
        """
        count = whole(n_estimators, "n_estimators", least=1)
        wanted = None if base_model is None else [base_model]
        return ensembles.bagging(self._members(wanted, 1)[0], self._bench(), count=count)

    def _field(self, X: Any, y: Any, cv: Any, strategy: Strategy, max_rows: int | None) -> Field:
        most = Splitting().compare_rows if max_rows is None else whole(max_rows, "max_rows", least=100)
        table = read_table(X, y, self.task_type)
        metric = metric_for(self.scoring, table.target.task)
        rows = fold(table, cv, strategy, seed=self.random_state, most_rows=most)
        self._table = table
        return Field(table, rows, metric, self.random_state)

    def _search(self, X: Any, y: Any, name: Any, how: How, options: Mapping[str, Any]) -> dict[str, Any]:
        candidate = named_candidate(name, self.task_type)
        known = {"cv": 5, "cv_strategy": "auto", "max_rows": None, "timeout": None}
        for option in options:
            known_word(option, known, "an option of a search")
        asked = {**known, **options}
        seconds = _seconds(asked["timeout"])
        named = Named(candidate.name, candidate)
        ground = self._field(X, y, asked["cv"], asked["cv_strategy"], asked["max_rows"])
        total = None if how.method == "grid_search" else how.trials + 1
        with bar(f"tuning {candidate.name}", total, "trial", show=self.show_progress) as shown_bar:
            search = ground.searched(
                [named], shown_bar, method=how.method, trials=how.trials, seconds=seconds, grid=how.grid
            )
        best = ground.best(search, named)
        self._found[named.name] = best
        self._choose(best)
        validation, metric = best.validation, ground.metric.name
        assert validation is not None  # noqa: S101 - `best` has refused what has none
        defaults = [
            each.mean(search.folds) for each in search.tried if each.configuration.origin == "default"
        ]
        return {
            "best_params": dict(best.named.parameters),
            "best_score": validation.means[metric],
            "best_model": self.best_model,
            "std_score": validation.deviations[metric],
            "default_score": defaults[0] if defaults else float("nan"),
            "model_name": candidate.name,
            "metric": metric,
            "n_trials": sum(each.configuration.origin != "default" for each in search.tried),
            "trials": _trials(search.tried, search.folds),
            "seconds": search.budget.spent,
        }

    def _choose(self, best: Compared) -> None:
        self._best, self._model = best, None

    def _members(self, models: Any, fewest: int) -> list[Named]:
        if models is None:
            if not self._found:
                raise BadInput("name the models of the ensemble, or call compare_models first")
            found = [each.named for each in list(self._found.values())[: max(fewest, 3 if fewest > 1 else 1)]]
        else:
            found = [self._as_found(each) for each in read_models(models, self.task_type)]
        if len(found) < fewest:
            raise BadInput(f"an ensemble needs {fewest} models at least, not {len(found)}; name more")
        return found

    def _as_found(self, named: Named) -> Named:
        known = self._found.get(named.candidate.name) if named.candidate else None
        if known is None or known.named.candidate is None:
            return named
        return Named(named.name, named.candidate, None, known.named.parameters)

    def _bench(self) -> ensembles.Bench:
        return ensembles.Bench(self._table, self.task_type, self.random_state)


def _ranking(found: Sequence[Compared], metric: str, beside: Sequence[str]) -> pd.DataFrame:
    rows = []
    for each in found:
        scores = each.validation.means if each.validation else {}
        spread = each.validation.deviations if each.validation else {}
        rows.append(
            {"model": each.named.name, "mean_score": scores.get(metric), "std_score": spread.get(metric)}
            | {name: scores.get(name) for name in beside if name != metric}
            | {"seconds": each.validation.seconds if each.validation else None, "error": each.reason}
        )
    table = pd.DataFrame(rows)
    numbers = [name for name in table.columns if name not in ("model", "error")]
    table[numbers] = table[numbers].astype("float64")
    table = table.drop(columns=[name for name in beside if name != metric and table[name].isna().all()])
    if not table["error"].any():
        return table.drop(columns="error")
    for each in found:
        if each.validation is None:
            tell(f"{each.named.name} could not be fitted: {each.reason}")
    return table


def _trials(tried: Sequence[Any], folds: int) -> pd.DataFrame:
    return pd.DataFrame(
        [
            {"trial": each.number, "score": each.mean(folds), "state": each.state, "seconds": each.seconds}
            | parameters_of(each)
            for each in tried
        ]
    )


def _grid(given: Mapping[str, Sequence[Any]] | None) -> dict[str, tuple[Any, ...]]:
    if given is None:
        return {}
    if not isinstance(given, Mapping) or not given:
        raise BadInput(f"param_grid must map parameters to lists of values, not {shown(given)}")
    for name, values in given.items():
        if isinstance(values, str) or not hasattr(values, "__len__") or not len(values):
            raise BadInput(f"param_grid['{name}'] must be a list of values, not {shown(values)}")
    return {str(name): tuple(values) for name, values in given.items()}


def _seconds(timeout: Any) -> float:
    if timeout is None:
        return float("inf")
    if isinstance(timeout, bool) or not isinstance(timeout, int | float) or not timeout > 0:
        raise BadInput(f"timeout must be a number of seconds above 0, not {shown(timeout)}")
    return float(timeout)
