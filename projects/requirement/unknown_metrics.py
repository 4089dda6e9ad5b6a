"""A bound of a metric that is known elsewhere and not here is refused, and not passed over."""

from collections.abc import Sequence

from projects.errors import BadInput
from projects.evaluation.metrics import METRICS
from projects.requirement.measures import bound_before, bound_behind
from projects.requirement.words import Token

ELSEWHERE = (
    "gini", "specificity", "ks", "kappa", "lift", "fpr", "fnr", "tnr", "iou", "smape", "wape", "wmape",
    "mase",     "rmsle", "ndcg", "bleu", "perplexity", "hit ratio", "false positive rate", "false alarm rate",
    "false negative rate",
)  # fmt: skip
SHOWN = 7


def refuse_unknown_metrics(sentence: Sequence[Token]) -> None:
    """Refuse a sentence that bounds such a metric.

    Raises:
        BadInput: With metrics that may be bounded.
    """
    for at in range(len(sentence)):
        words = " ".join(each.lower for each in sentence[at : at + 3])
        name = next((name for name in ELSEWHERE if f"{words} ".startswith(f"{name} ")), "")
        end = at + len(name.split())
        if name and (bound_behind(sentence, end) or bound_before(sentence, at)):
            known = ", ".join(metric.name for metric in METRICS[:SHOWN])
            raise BadInput(
                f"'{name}' is no metric here; bound another, such as {known}", code="unknown_metric"
            )
