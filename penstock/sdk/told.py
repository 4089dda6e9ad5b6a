"""What is told of a version: checked and brought to plain values before it is saved."""

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from penstock.sdk.given import TASKS, TaskType, known_word, whole
from penstock.sdk.models import name_of
from penstock.sdk.table import columns_of, is_own
from projects.errors import BadInput
from projects.hints import shown
from projects.requirement.check import check_name

VERSION = re.compile(r"[\w.+-]+(?: [\w.+-]+)*")
LONGEST_NAME, LONGEST_VERSION = 200, 64


@dataclass(frozen=True)
class Told:
    """What a notebook tells of a model."""

    name: str
    version: str
    task_type: TaskType
    algorithm: str
    metrics: Mapping[str, Any]
    hyperparameters: Mapping[str, Any]
    feature_names: tuple[str, ...]
    target_name: str
    training_samples: int | None
    description: str

    @property
    def scores(self) -> dict[str, float]:
        """The metrics that are finite numbers."""
        return {name: float(value) for name, value in self.metrics.items() if _is_finite(value)}


def read_told(model: Any, given: Mapping[str, Any]) -> Told:
    """Check what is told of a model.

    Args:
        model: Fitted.
        given: `Told`'s fields as they were given.

    Raises:
        BadInput: The model is not fitted, or a field cannot be used.
    """
    _check_fitted(model)
    known_word(given["task_type"], TASKS, "task_type")
    samples = given["training_samples"]
    return Told(
        name=_checked_name(given["name"]),
        version=_checked_version(given["version"]),
        task_type=given["task_type"],
        algorithm=str(given["algorithm"] or "") or name_of(model),
        metrics=_mapping(given["metrics"], "metrics"),
        hyperparameters=_mapping(given["hyperparameters"], "hyperparameters"),
        feature_names=_names(given["feature_names"], model),
        target_name=str(given["target_name"] or ""),
        training_samples=None if samples is None else whole(samples, "training_samples", least=0),
        description=str(given["description"] or ""),
    )


def plain(value: Any) -> Any:
    """Return a value as JSON holds it; what it does not know becomes a text, what is no number null."""
    if isinstance(value, Mapping):
        return {str(key): plain(each) for key, each in value.items()}
    if isinstance(value, list | tuple | set | np.ndarray):
        return [plain(each) for each in value]
    if isinstance(value, np.generic):
        return plain(value.item())
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value if value is None or isinstance(value, str | bool | int | float) else str(value)


def _checked_name(name: Any) -> str:
    if not isinstance(name, str) or not name.strip() or len(name.strip()) > LONGEST_NAME:
        raise BadInput(f"name must be a text of 1 to {LONGEST_NAME} marks, not {shown(name)}")
    plain_name = name.strip()
    check_name(plain_name)
    if any(mark in plain_name for mark in "\"'?#%\\"):
        raise BadInput(f"name {shown(plain_name)} may not hold quotes, '?', '#', '%' or '\\'; choose another")
    return plain_name


def _checked_version(version: Any) -> str:
    text = str(version)
    if len(text) > LONGEST_VERSION or not VERSION.fullmatch(text):
        raise BadInput(
            "version must be like '1.0.0', of letters, digits, '.', '-', '_' and '+', at most"
            f" {LONGEST_VERSION} of them, not {shown(version)}"
        )
    return text


def _check_fitted(model: Any) -> None:
    from sklearn.exceptions import NotFittedError
    from sklearn.utils.validation import check_is_fitted

    if isinstance(model, type) or not hasattr(model, "predict"):
        raise BadInput(f"model must be a fitted model that can predict, not {shown(model)}")
    try:
        check_is_fitted(model)
    except NotFittedError as error:
        raise BadInput(f"the {type(model).__name__} is not fitted yet; fit it before it is saved") from error
    except TypeError as error:
        raise BadInput(
            f"model must be an estimator of scikit-learn's kind, not {type(model).__name__}; {error}"
        ) from error


def _mapping(given: Any, what: str) -> dict[str, Any]:
    if given is None:
        return {}
    if not isinstance(given, Mapping):
        raise BadInput(f"{what} must map names to values, not {shown(given)}")
    return dict(plain(given))


def _names(given: Sequence[str] | None, model: Any) -> tuple[str, ...]:
    if given is not None:
        if isinstance(given, str):
            raise BadInput(f"feature_names must be a list of names, not {shown(given)}")
        names = tuple(str(name) for name in given)
        wanted = getattr(model, "n_features_in_", None)
        if not hasattr(model, "steps") and isinstance(wanted, int) and wanted != len(names):
            raise BadInput(
                f"the model takes {wanted} columns and {len(names)} feature_names came; give one a column"
            )
        return names
    if is_own(model):
        return tuple(column.name for column in columns_of(model))
    return tuple(str(name) for name in getattr(model, "feature_names_in_", ()))


def _is_finite(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
