"""Fitted models inside scikit-learn's wrappers: how one is put in, and how it is found again."""

from typing import Any


def unwrapped(model: Any) -> Any:
    """Return the fitted model under wrappers that only move its threshold or correct its probabilities."""
    while True:
        kind = type(model).__name__
        if kind == "FrozenEstimator":
            model = model.estimator
        elif kind in ("FixedThresholdClassifier", "TunedThresholdClassifierCV"):
            model = getattr(model, "estimator_", model.estimator)
        elif kind == "CalibratedClassifierCV" and len(model.calibrated_classifiers_) == 1:
            model = model.calibrated_classifiers_[0].estimator
        elif kind in ("VotingClassifier", "VotingRegressor") and len(model.estimators_) == 1:
            model = model.estimators_[0]
        else:
            return model
