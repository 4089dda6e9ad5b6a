"""What scores are called: by the pipelines' names, and by a second one that people look for."""

from collections.abc import Mapping

ALIASES = {"f1": "f1_score", "r2": "r2_score"}


def with_aliases(scores: Mapping[str, float]) -> dict[str, float]:
    """Return scores by both of their names.

    >>> with_aliases({"accuracy": 0.9, "f1": 0.5})
    {'accuracy': 0.9, 'f1': 0.5, 'f1_score': 0.5}
    """
    told = {}
    for name, value in scores.items():
        told[name] = float(value)
        if name in ALIASES:
            told[ALIASES[name]] = float(value)
    return told
