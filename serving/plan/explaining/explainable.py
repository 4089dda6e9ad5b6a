"""Models that can say what each column adds to their answers, and a sentence for those that cannot."""

from typing import Protocol, runtime_checkable

from serving.plan.estimator import Source
from serving.plan.explaining.parts import Parts
from serving.plan.model import PlanInexplicable

CALLED = {
    "Forest": "a decision tree, a forest or a bag of trees",
    "Gradient": "scikit-learn's gradient boosting",
    "AdaBoostVote": "AdaBoost",
    "AdaBoostMedian": "AdaBoost",
    "HardVote": "a vote by labels",
    "SupportVectors": "a support vector machine",
    "Neighbours": "a model of nearest neighbours",
    "Net": "a neural net",
}
"""How a model that cannot be explained is called; any other by the name of its class."""


@runtime_checkable
class Explainable(Protocol):
    """Explains its answers."""

    def explain(self, source: Source) -> Parts:
        """The probabilities if it has any, else the decisions; or the numbers. As `classify` and `estimate`.

        Raises:
            PlanInexplicable: A member cannot be explained.
        """
        ...


@runtime_checkable
class DecisionExplainable(Protocol):
    """Explains its decisions."""

    def explain_decision(self, source: Source) -> Parts:
        """The decision function, as `decide`.

        Raises:
            PlanInexplicable: A member cannot be explained.
        """
        ...


def explained(node: object, source: Source) -> Parts:
    """What a model answers, as sums.

    Raises:
        PlanInexplicable: It has no contributions of its own.
    """
    if not isinstance(node, Explainable):
        raise PlanInexplicable(_sentence(node))
    return node.explain(source)


def explained_shares(node: object, source: Source) -> Parts:
    """A classifier's probabilities, as sums.

    Raises:
        PlanInexplicable: It has no contributions of its own, or no probabilities.
    """
    parts = explained(node, source)
    if not parts.are_shares:
        raise PlanInexplicable("this model cannot be explained: one of its members has no probabilities")
    return parts


def explained_decision(node: object, source: Source) -> Parts:
    """A model's decision function, as sums.

    Raises:
        PlanInexplicable: It has no contributions of its own.
    """
    if not isinstance(node, DecisionExplainable):
        raise PlanInexplicable(_sentence(node))
    return node.explain_decision(source)


def _sentence(node: object) -> str:
    name = CALLED.get(type(node).__name__, f"a model of the kind {type(node).__name__}")
    return (
        f"this model cannot be explained: {name} has no contributions of its own; LightGBM, XGBoost, linear "
        "models, Gaussian naive Bayes, and means, calibrations and linear stacks of them have"
    )
