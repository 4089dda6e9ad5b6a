"""The estimators that a plan can hold: how each is recognised, written and loaded. One line adds one.

| family                 | what it holds                                 | how it is scored                  |
|------------------------|-----------------------------------------------|-----------------------------------|
| linear                 | coefficients                                  | one matrix product                |
| support_vectors        | vectors, a weight a pair of classes           | kernel matrix, in blocks          |
| forest                 | trees (one, a forest or a bag) as flat arrays | all trees and rows step at a time |
| gradient, histogram    | the same, with a link                         | the same                          |
| ada_boost              | the same, with votes or weights               | the same                          |
| neighbours             | the training rows                             | brute force, in blocks            |
| naive_bayes            | means and variances                           | one pass a class                  |
| perceptron             | layers                                        | matrix products                   |
| feed_forward, sequence | layers, an LSTM                               | matrix products                   |
| lightgbm               | LightGBM's own text                           | its C function, on one thread     |
| xgboost                | XGBoost's UBJSON                              | its C function, on one thread     |

What falls back to the pickled model, and why: an SVC with probabilities of its own (they come from a second
model inside LIBSVM and may disagree with its label; a calibrated one is written), kernels and distances that
are functions, more than 50 MB of neighbours or support vectors (a row would take too long), trees that split
by sets of categories, gradient boosting that starts from another model, AdaBoost over anything but trees,
models of several targets at once, and every class that is not named here.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from serving.plan.estimator import Entry, Shape
from serving.plan.estimators import (
    ada_boost,
    forest,
    gradient,
    light_gbm,
    linear,
    naive_bayes,
    neighbours,
    nets,
    support_vectors,
    xg_boost,
)
from serving.plan.estimators.written import Written
from serving.plan.model import PlanUnsupported


@dataclass(frozen=True, slots=True)
class Family:
    """One kind of estimator.

    Attributes:
        classes: The fitted classes that it can write, by name.
        suffix: Of its file.
        write: Turns a fitted estimator into data.
        load: Makes of that data and its options what scores; of an npz file as it is mapped.
    """

    classes: tuple[str, ...]
    suffix: str
    write: Callable[[Any], Written]
    load: Callable[[Any, Entry, Shape], object]


def _both(*names: str) -> tuple[str, ...]:
    return tuple(f"{name}{kind}" for name in names for kind in ("Classifier", "Regressor"))


LINEAR = (
    "LogisticRegression", "LogisticRegressionCV", "LinearRegression", "Ridge", "RidgeCV", "Lasso", "LassoCV",
    "ElasticNet", "ElasticNetCV", "RidgeClassifier", "RidgeClassifierCV", "LinearSVC", "LinearSVR",
)  # fmt: skip
FOREST = _both("DecisionTree", "ExtraTree", "RandomForest", "ExtraTrees")

FAMILIES = {
    "linear": Family(LINEAR, "npz", linear.write, linear.load),
    "support_vectors": Family(("SVC", "SVR"), "npz", support_vectors.write, support_vectors.load),
    "forest": Family(FOREST, "npz", forest.write, forest.load),
    "gradient": Family(_both("GradientBoosting"), "npz", gradient.write, gradient.load),
    "histogram": Family(_both("HistGradientBoosting"), "npz", gradient.write_histogram, gradient.load),
    "ada_boost": Family(_both("AdaBoost"), "npz", ada_boost.write, ada_boost.load),
    "neighbours": Family(_both("KNeighbors"), "npz", neighbours.write, neighbours.load),
    "naive_bayes": Family(("GaussianNB",), "npz", naive_bayes.write, naive_bayes.load),
    "perceptron": Family(_both("MLP"), "npz", nets.write_perceptron, nets.load),
    "feed_forward": Family(_both("FeedForward"), "npz", nets.write_feed_forward, nets.load),
    "sequence": Family(_both("Sequence"), "npz", nets.write_sequence, nets.load),
    "lightgbm": Family(_both("LGBM"), "txt", light_gbm.write, light_gbm.load),
    "xgboost": Family(_both("XGB"), "ubj", xg_boost.write, xg_boost.load),
    "bag_of_trees": Family((), "npz", forest.write_bag, forest.load),
}


def family_of(model: Any) -> str:
    """Return the family of a fitted estimator.

    Raises:
        PlanUnsupported: It has none.
    """
    name = type(model).__name__
    if name.startswith("Bagging") and forest.is_bag_of_trees(model):
        return "bag_of_trees"
    for family, entry in FAMILIES.items():
        if name in entry.classes:
            return family
    known = ", ".join(name for entry in FAMILIES.values() for name in entry.classes)
    raise PlanUnsupported(f"the estimator {name} cannot be a plan; {known} can")
