"""Every transformer keeps scikit-learn's own rules."""

import importlib
import inspect
import pkgutil

from sklearn.base import BaseEstimator
from sklearn.utils.estimator_checks import parametrize_with_checks

import projects.transformers
from projects.transformers.apply_function import ApplyFunction
from projects.transformers.clean_levels import CleanLevels
from projects.transformers.clip_outliers import ClipOutliers
from projects.transformers.date_parts import DateParts
from projects.transformers.derive import Derive
from projects.transformers.fill_along import FillAlong
from projects.transformers.group_rare import GroupRare
from projects.transformers.interactions import Interactions
from projects.transformers.level_counts import LevelCounts
from projects.transformers.ordinal_levels import OrdinalLevels
from projects.transformers.relevance import METHODS
from projects.transformers.select_columns import SelectColumns
from projects.transformers.target_levels import TargetLevels
from projects.transformers.text_vectors import TextVectors

SUBTRACTS = "the check subtracts outputs, and these are texts"
GIVES_TEXTS = dict.fromkeys(
    (
        "check_pipeline_consistency",
        "check_estimators_pickle",
        "check_transformer_data_not_an_array",
        "check_transformer_general",
        "check_methods_sample_order_invariance",
        "check_methods_subset_invariance",
        "check_fit_idempotent",
    ),
    SUBTRACTS,
)
COUNTS_OTHERS = dict.fromkeys(
    ("check_transformer_data_not_an_array", "check_transformer_general"),
    "a row that is learned from is not counted among its own others",
)
EVERY = [
    ClipOutliers(),
    ClipOutliers("zscore"),
    ClipOutliers("none"),
    FillAlong(),
    FillAlong("backward"),
    DateParts(),
    DateParts(cycles=True),
    TextVectors(),
    TextVectors("words"),
    CleanLevels(),
    GroupRare(),
    OrdinalLevels(),
    OrdinalLevels("target"),
    LevelCounts(),
    TargetLevels(),
    Derive(),
    ApplyFunction(),
    Interactions(),
    *(SelectColumns(method) for method in METHODS),
]


def excused(estimator: BaseEstimator) -> dict[str, str]:
    if isinstance(estimator, LevelCounts):
        return COUNTS_OTHERS
    return GIVES_TEXTS if isinstance(estimator, CleanLevels | GroupRare) else {}


@parametrize_with_checks(EVERY, expected_failed_checks=excused)
def test_scikit_learns_own_checks(estimator, check):
    check(estimator)


def test_every_transformer_is_checked():
    checked = {type(estimator) for estimator in EVERY}
    modules = pkgutil.iter_modules(projects.transformers.__path__, "projects.transformers.")
    found = {
        kind
        for module in modules
        for kind in vars(importlib.import_module(module.name)).values()
        if inspect.isclass(kind) and issubclass(kind, BaseEstimator) and kind.__module__ == module.name
    }
    assert found - checked == set()
