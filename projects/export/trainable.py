"""The unfitted model that a version's model was fitted from.

Calibration and thresholds were put around a frozen, fitted model; here they stand around one that is fitted.
Of a fitted estimator only the parameters count, so all else is a clone's.
"""

from typing import Any

from sklearn.base import clone

from projects.export.model_file import with_present_classes


def trainable(model: Any) -> Any:
    """Return an unfitted estimator that learns what the model has learned.

    Args:
        model: A version's, fitted.
    """
    return _plain(with_present_classes(clone(_thawed(model))))


def _thawed(model: Any) -> Any:
    from sklearn.calibration import CalibratedClassifierCV
    from sklearn.frozen import FrozenEstimator
    from sklearn.model_selection import FixedThresholdClassifier

    if isinstance(model, FrozenEstimator):
        return _thawed(model.estimator)
    if isinstance(model, FixedThresholdClassifier):
        return FixedThresholdClassifier(
            _thawed(model.estimator), threshold=model.threshold, pos_label=model.pos_label,
            response_method=model.response_method,
        )  # fmt: skip
    if isinstance(model, CalibratedClassifierCV):
        # The correction was learned from answers to rows that a fit had not seen: five folds do the same.
        return CalibratedClassifierCV(_thawed(model.estimator), method=model.method, cv=5, ensemble=False)
    return _inside_vote(model)


def _inside_vote(model: Any) -> Any:
    from sklearn.ensemble import VotingClassifier
    from sklearn.frozen import FrozenEstimator

    if isinstance(model, VotingClassifier) and any(
        isinstance(one, FrozenEstimator) for _, one in model.estimators
    ):
        return VotingClassifier([(name, _thawed(one)) for name, one in model.estimators], voting=model.voting)
    return model


def _plain(model: Any) -> Any:
    """Take away what belongs to a training of Penstock alone: hooks, memories, bounds of time."""
    for name, value in model.get_params(deep=True).items():
        last = name.rpartition("__")[2]
        if last in ("memory", "on_epoch", "callbacks") and value is not None:
            model.set_params(**{name: None})
    return model
