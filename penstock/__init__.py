"""The face of Penstock: what a program of yours imports, each name fetched from its room when it is used.

>>> from penstock import MLClassifier
>>> MLClassifier.__module__
'projects.text.classifier'
"""

from importlib import import_module
from typing import Any

from penstock.names import PLACES

__all__ = sorted(PLACES)  # noqa: PLE0605 - the table is the one list of names


def __getattr__(name: str) -> Any:
    if name not in PLACES:
        raise AttributeError(f"module 'penstock' has no attribute '{name}'; it has {', '.join(__all__)}")
    return getattr(import_module(PLACES[name]), name)


def __dir__() -> list[str]:
    return __all__
