"""An estimator's own compiled library, opened without importing its Python package.

The packages import pandas and scikit-learn, which scoring does not need: opening the library alone takes
milliseconds, and its C functions answer one row in microseconds.
"""

import ctypes
import importlib.util
import weakref
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

from serving.plan.model import PlanBroken

SUFFIXES = (".so", ".dylib", ".dll")


@cache
def open_library(package: str, stem: str) -> ctypes.CDLL:
    """Open the library `stem` that the installed distribution of `package` brings.

    Raises:
        PlanBroken: The package is not installed, or brings no such library.
    """
    spec = importlib.util.find_spec(package)
    for root in (spec.submodule_search_locations or []) if spec else []:
        for path in sorted(Path(root).glob(f"*/*{stem}.*")):
            if path.suffix in SUFFIXES:
                return ctypes.CDLL(str(path))
    raise PlanBroken(
        f"this plan is scored by the package '{package}', which is not installed here; install it"
    )


def free_with(owner: object, free: Callable[[Any], Any], handle: Any) -> None:
    """Free a library's handle when its owner goes, but not when the process does: a thread may be scoring."""
    weakref.finalize(owner, free, handle).atexit = False
