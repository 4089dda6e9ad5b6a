"""The text extractors inside of a fitted model, however deep in pipelines, votes and columns they lie."""

from collections.abc import Iterator, Mapping
from typing import Any

EXTRACTOR = "AdaptiveFeatureExtractor"
"""By name: one that came out of a registered version's pickle is a class of its own."""


def extractors_in(model: Any) -> Iterator[Any]:
    """Find the fitted extractors of a model, each once, in the order in which its parts hold them.

    Args:
        model: A fitted scikit-learn model, or what one is made of.
    """
    return _found(model, set())


def _found(part: Any, seen: set[int]) -> Iterator[Any]:
    if id(part) in seen:
        return
    seen.add(id(part))
    if type(part).__name__ == EXTRACTOR:
        if hasattr(part, "parts_"):
            yield part
        return
    for inner in _inner(part):
        yield from _found(inner, seen)


def _inner(part: Any) -> list[Any]:
    if isinstance(part, Mapping):
        return list(part.values())
    if isinstance(part, list | tuple):
        return list(part)
    return list(vars(part).values()) if hasattr(part, "get_params") and not isinstance(part, type) else []
