"""Wishes that are no prediction of a column: clusters, recommendations, translations, pictures."""

from collections.abc import Sequence

from projects.requirement.cues import OUTRIGHT
from projects.requirement.words import Token, stem

WISHES = {
    "cluster": "clusters", "clustering": "clusters", "clusters": "clusters", "segment": "clusters",
    "segmentation": "clusters", "unsupervised": "clusters", "recommend": "recommendations",
    "recommender": "recommendations", "recommendation": "recommendations",
    "recommendations": "recommendations",
    "translate": "a translation", "translation": "a translation", "summarise": "a summary",
    "summarize": "a summary", "summary": "a summary", "visualise": "a picture", "visualize": "a picture",
    "plot": "a picture", "chart": "a picture", "dashboard": "a picture", "anomalies": "anomalies",
    "outliers": "anomalies", "anomaly": "anomalies", "correlation": "a correlation",
    "correlate": "a correlation",
    "correlations": "a correlation",
}  # fmt: skip
VERBS = frozenset({"cluster", "segment", "plot", "chart", "recommend", "translate", "correlate"})
"""Words that may be a column's name as well, and are a wish only where a verb may stand."""
BEFORE_VERBS = frozenset({"to", "please", "and", "can", "you", "should", "us", "we", "could", "pls", ",", ".",
                          ":", ";", "just", "let's", "must"})  # fmt: skip
LEARNED = OUTRIGHT - {stem(word) for word in ("detect", "find", "identify", "spot", "discover", "group")}
"""Words of a prediction, beside which the others name what it is of: `predict the segment`."""


def unlearned(sentence: Sequence[Token]) -> str:
    """Say what is wished for if it is no prediction; empty otherwise.

    >>> from projects.requirement.words import tokens
    >>> unlearned(tokens("cluster my customers")), unlearned(tokens("predict the cluster"))
    ('clusters', '')
    """
    words = {token.lower for token in sentence}
    if words & {"similar", "alike"} and words & {"group", "groups", "bucket", "buckets", "sort"}:
        return "clusters"
    if any(token.stem in LEARNED for token in sentence):
        return ""
    for at, token in enumerate(sentence):
        if token.lower not in WISHES:
            continue
        if token.lower not in VERBS or at == 0 or sentence[at - 1].lower in BEFORE_VERBS:
            return WISHES[token.lower]
    return ""
