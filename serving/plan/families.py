"""The estimators that a plan can hold: how each is recognised, written and loaded. One line adds one."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from serving.plan import forest, light_gbm, linear, xg_boost
from serving.plan.estimator import Estimator


@dataclass(frozen=True, slots=True)
class Family:
    """One kind of estimator.

    Attributes:
        classes: The fitted classes that it can write, by name.
        write: Writes a fitted estimator into a folder and returns the file's name.
        load: Reads that file.
    """

    classes: tuple[str, ...]
    write: Callable[[Any, Path], str]
    load: Callable[[Path], Estimator]


FAMILIES = {
    "linear": Family(("LogisticRegression", "Ridge"), linear.write, linear.load),
    "forest": Family(("RandomForestClassifier", "RandomForestRegressor"), forest.write, forest.load),
    "lightgbm": Family(("LGBMClassifier", "LGBMRegressor"), light_gbm.write, light_gbm.load),
    "xgboost": Family(("XGBClassifier", "XGBRegressor"), xg_boost.write, xg_boost.load),
}
