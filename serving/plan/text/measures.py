"""The measures by their kinds: what a plan names is made again of its JSON."""

import importlib
from collections.abc import Mapping
from typing import Any

from serving.plan.text.measure import Measure

CLASSES: Mapping[str, str] = {
    "statistics": "Statistics",
    "keywords": "Keywords",
    "rules": "Rules",
    "sentiment": "Sentiment",
    "entities": "Entities",
}
"""Each lives in the module of its kind; a module is imported when a plan names it."""


def measure_of(kind: str, document: Mapping[str, Any]) -> Measure:
    """Make a measure anew.

    Args:
        kind: Of CLASSES.
        document: What the measure's `as_json` returned.

    Raises:
        KeyError: There is no such kind.
    """
    name = CLASSES[kind]
    made: Measure = getattr(importlib.import_module(f"serving.plan.text.{kind}"), name).from_json(document)
    return made
