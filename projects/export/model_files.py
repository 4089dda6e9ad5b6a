"""The saved model: the whole as a pickle, its scalers as another, its boosters in their own formats."""

import pickle
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from projects.export.custom import Custom
from projects.export.model_file import write_model

MODEL, SCALER = "production_model.pkl", "scaler.pkl"
SCALERS = ("StandardScaler", "MinMaxScaler", "RobustScaler")


@dataclass(frozen=True)
class Saved:
    """What was written.

    Attributes:
        modules: The modules that loading the model imports, under their names in the export.
        by_value: Modules of a person whose functions are in the pickle by value.
        told: Lines of a table of files.
    """

    modules: frozenset[str]
    by_value: frozenset[str]
    told: tuple[str, ...]


def save_model(model: Any, folder: Path, custom: Custom) -> Saved:
    """Write a fitted model into an export's folder."""
    modules, by_value = write_model(model, folder / MODEL, custom.modules)
    told = [f"| `{MODEL}` | the registered version's fitted model, a pickle |"]
    scalers = dict(_scalers(model, ()))
    if scalers:
        one = next(iter(scalers.values())) if len(scalers) == 1 else scalers
        (folder / SCALER).write_bytes(pickle.dumps(one, protocol=5))
        what = "the scaler" if len(scalers) == 1 else f"the {len(scalers)} scalers by the parts that they end"
        told.append(f"| `{SCALER}` | {what}; the model holds the same, so this is for other uses |")
    told += [_booster(booster, folder) for booster in _unique(_boosters(model))]
    return Saved(frozenset(modules), frozenset(by_value), tuple(told))


def _booster(booster: Any, folder: Path) -> str:
    kind = "lightgbm" if type(booster).__module__.startswith("lightgbm") else "xgboost"
    suffix, number = "txt" if kind == "lightgbm" else "ubj", 1
    while (folder / (name := f"{kind}{'' if number == 1 else f'_{number}'}.{suffix}")).exists():
        number += 1
    if kind == "lightgbm":
        booster.booster_.save_model(str(folder / name))
    else:
        booster.get_booster().save_model(str(folder / name))
    return (
        f"| `{name}` | the booster alone in {'LightGBM' if kind == 'lightgbm' else 'XGBoost'}'s own format |"
    )


def _scalers(part: Any, path: tuple[str, ...]) -> Iterator[tuple[str, Any]]:
    if type(part).__name__ in SCALERS and hasattr(part, "n_features_in_"):
        words = [word for word in path if word not in ("scale", "columns")]
        yield " / ".join(words) or "scale", part
        return
    for name, inner in _fitted_inside(part):
        yield from _scalers(inner, (*path, name))


def _boosters(part: Any) -> Iterator[Any]:
    if type(part).__name__.startswith(("LGBM", "XGB")):
        yield part
        return
    for _, inner in _fitted_inside(part):
        yield from _boosters(inner)


def _unique(parts: Iterator[Any]) -> list[Any]:
    return list({id(part): part for part in parts}.values())


def _fitted_inside(part: Any) -> Iterator[tuple[str, Any]]:
    """Go through the fitted parts of a fitted part, by name."""
    if type(part).__name__ == "FrozenEstimator":
        yield "frozen", part.estimator
    elif hasattr(part, "transformers_"):
        yield from ((name, inner) for name, inner, _ in part.transformers_ if not isinstance(inner, str))
    elif hasattr(part, "named_steps"):
        yield from part.steps
    elif hasattr(part, "calibrated_classifiers_"):
        yield from (("calibrated", each.estimator) for each in part.calibrated_classifiers_)
    elif hasattr(part, "named_estimators_"):
        yield from part.named_estimators_.items()
        if hasattr(part, "final_estimator_"):
            yield "final", part.final_estimator_
    elif type(part).__name__.startswith("Bagging") and hasattr(part, "estimators_"):
        yield from ((f"member {number}", each) for number, each in enumerate(part.estimators_, 1))
    elif hasattr(part, "estimator_") and hasattr(part.estimator_, "get_params"):
        yield "model", part.estimator_
