"""What is asked of the training jobs, as values, and the parameters of the entry points that it becomes."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from penstock.problems import BadRequest
from penstock.services.algorithms import ENSEMBLES, all_named, named

LONGEST_HYPERPARAMETERS = 4_000
"""MLflow keeps at most 6,000 marks of a run's parameter."""
TUNING_SECONDS = 3_600.0
"""The longest search where nobody names another bound: the trials are what was asked for."""
SCORES = {"classification": "accuracy", "regression": "r2"}
"""What models are compared by unless a request names a metric."""
OF_ENSEMBLES = {
    "members": "members", "models": "members", "base_models": "members", "voting": "voting",
    "meta_model": "meta_model", "cv": "cv",
}  # fmt: skip
"""The hyperparameters of an ensemble, and the fields of a requirement's `ensembles` that they set."""

VOTES, MOST_FOLDS = ("soft", "hard"), 20


@dataclass(frozen=True, slots=True)
class Rows:
    """Which rows are learned from.

    Attributes:
        dataset_id: The data set.
        target_column: The column to predict; empty: the data set's own.
        task_type: `auto`, `classification` or `regression`.
        project: Where the job goes: a project's name or path; empty: the data set's project.
        sample_size: `auto`, `full` or a number; empty: the training's default.
        sample_strategy: `random`, `stratified` or `time_based`; empty: the training's default.
        seed: For everything random; None: the training's default.
    """

    dataset_id: str
    target_column: str = ""
    task_type: str = "auto"
    project: str = ""
    sample_size: str = ""
    sample_strategy: str = ""
    seed: int | None = None

    def parameters(self) -> dict[str, str]:
        """What every entry point takes of them; data and target are added by who knows the data set."""
        given = {
            "task": self.task_type,
            "sample_size": self.sample_size,
            "sample_strategy": self.sample_strategy,
            "seed": "" if self.seed is None else str(self.seed),
        }
        return {name: text for name, text in given.items() if text}

    def comparing(self) -> dict[str, str]:
        """The same where candidates are compared: a size that a person names is not cut again."""
        size = self.sample_size
        rows = {"compare_rows": "1000000000" if size == "full" else size} if size not in ("", "auto") else {}
        return self.parameters() | rows


@dataclass(frozen=True, slots=True)
class Training:
    """One algorithm is to be fitted; the defaults are the platform's."""

    rows: Rows
    algorithm: str = "random_forest"
    hyperparameters: Mapping[str, Any] = field(default_factory=dict)
    test_size: float = 0.2
    validation_size: float = 0.1
    scaling_method: str = "standard"
    selection: str = ""
    n_features: int | None = None
    early_stopping: bool = True
    early_stopping_patience: int = 10
    cv: int = 5

    def parameters(self) -> dict[str, str]:
        """Those of the entry point `train`.

        Raises:
            BadRequest: The algorithm or its hyperparameters cannot be used.
        """
        name = named(self.algorithm, self.rows.task_type, or_ensemble=True)
        given = {
            **self.rows.parameters(),
            "algorithm": name,
            "folds": str(self.cv),
            "test_size": _number(self.test_size),
            "validation_size": _number(self.validation_size),
            "scaling_method": self.scaling_method,
            "feature_selection": self.selection,
            "n_features": "" if self.n_features is None else str(self.n_features),
            "early_stopping": "true" if self.early_stopping else "false",
            "early_stopping_patience": str(self.early_stopping_patience),
            "register": "no",
        }
        if name in ENSEMBLES:
            given["set"] = self._ensemble(name)
        elif self.hyperparameters:
            given["hyperparameters"] = _as_json(self.hyperparameters)
        return {key: text for key, text in given.items() if text}

    def _ensemble(self, name: str) -> str:
        parts = [f"ensembles.method={name}"]
        for key, value in self.hyperparameters.items():
            if key not in OF_ENSEMBLES:
                known = ", ".join(OF_ENSEMBLES)
                raise BadRequest(f"{name} has no parameter '{key:.60}'; it takes {known}")
            parts.append(f"ensembles.{OF_ENSEMBLES[key]}={self._member_text(OF_ENSEMBLES[key], value)}")
        return "; ".join(parts)

    def _member_text(self, key: str, value: Any) -> str:
        if key == "members":
            names = [value] if isinstance(value, str) else value
            if not isinstance(names, list | tuple) or not all(isinstance(each, str) for each in names):
                raise BadRequest(f"an ensemble's models must be a list of names, not {value!r:.80}")
            return f"[{', '.join(named(each, self.rows.task_type) for each in names)}]"
        if key == "meta_model":
            return named(str(value), self.rows.task_type)
        if key == "voting" and value in VOTES:
            return str(value)
        if key == "cv" and type(value) is int and 2 <= value <= MOST_FOLDS:
            return str(value)
        wanted = " or ".join(VOTES) if key == "voting" else f"a whole number from 2 to {MOST_FOLDS}"
        raise BadRequest(f"an ensemble's {key} must be {wanted}, not {value!r:.80}")


@dataclass(frozen=True, slots=True)
class Comparing:
    """Several algorithms are to be compared on the same folds."""

    rows: Rows
    models: tuple[str, ...] = ("all",)
    cv: int = 5
    metric: str = ""

    def parameters(self) -> dict[str, str]:
        """Those of the entry point `compare`.

        Raises:
            BadRequest: A name is none of an algorithm.
        """
        given = {
            **self.rows.comparing(),
            "models": ",".join(all_named(self.models, self.rows.task_type)),
            "cv": str(self.cv),
            "metric": self.metric or SCORES.get(self.rows.task_type, ""),
        }
        return {key: text for key, text in given.items() if text}


@dataclass(frozen=True, slots=True)
class Tuning:
    """Better parameters of one algorithm are to be looked for."""

    rows: Rows
    algorithm: str = "random_forest"
    tuning_method: str = "optuna"
    n_trials: int = 100
    cv: int = 5
    metric: str = ""
    max_seconds: float = TUNING_SECONDS
    param_grid: Mapping[str, tuple[Any, ...]] = field(default_factory=dict)

    def parameters(self) -> dict[str, str]:
        """Those of the entry point `tune`.

        Raises:
            BadRequest: The algorithm or the grid cannot be used.
        """
        name = named(self.algorithm, self.rows.task_type)
        given = {
            **self.rows.comparing(),
            "algorithm": name,
            "tuning_method": self.tuning_method,
            "n_trials": str(self.n_trials),
            "cv": str(self.cv),
            "tune_seconds": _number(self.max_seconds),
            "metric": self.metric or SCORES.get(self.rows.task_type, ""),
        }
        if self.param_grid:
            if self.tuning_method != "grid_search":
                raise BadRequest(
                    f"param_grid is gone through by grid_search only, not by {self.tuning_method}; set"
                    " tuning_method to grid_search"
                )
            grid = {name: {key: list(values) for key, values in self.param_grid.items()}}
            given["set"] = f"tuning.grid={_as_json(grid)}"
        return {key: text for key, text in given.items() if text}


def _number(value: float) -> str:
    return f"{value:.10g}"


def _as_json(value: Mapping[str, Any]) -> str:
    try:
        text = json.dumps(value, allow_nan=False)
    except ValueError as error:
        raise BadRequest("hyperparameters must be finite numbers, texts, truths and lists of them") from error
    if len(text) > LONGEST_HYPERPARAMETERS:
        raise BadRequest(
            f"the hyperparameters take {len(text):,} marks as JSON, and at most"
            f" {LONGEST_HYPERPARAMETERS:,} are taken; give fewer"
        )
    return text
