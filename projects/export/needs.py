"""The packages that an export needs, pinned: what its code and its pickles import, and nothing else."""

import importlib.metadata
import re
import sys
from collections.abc import Iterable

from projects.pickled import distribution_of

ALWAYS = ("numpy", "pandas", "scikit-learn")
BROUGHT_ALONG = {"scipy": "scikit-learn", "joblib": "scikit-learn", "threadpoolctl": "scikit-learn"}
"""What comes with another that is always there."""


def pinned(modules: Iterable[str], own: Iterable[str]) -> list[str]:
    """Pin distributions.

    Args:
        modules: Modules that are imported.
        own: Top-level modules that the export itself holds.

    Returns:
        Lines of a requirements file, sorted.
    """
    tops = {name.split(".")[0] for name in modules} - set(sys.stdlib_module_names) - set(own)
    found = {name for top in tops if (name := distribution_of(top))} - set(BROUGHT_ALONG)
    return [f"{name}=={importlib.metadata.version(name)}" for name in sorted({*ALWAYS, *found})]


def with_dependencies(lines: Iterable[str]) -> set[str]:
    """Name the distributions of pinned lines and all that they need, as they are installed here."""
    found: set[str] = set()
    left = [line.partition("==")[0] for line in lines]
    while left:
        name = re.sub(r"[-_.]+", "-", left.pop()).lower()
        if name in found:
            continue
        try:
            needs = importlib.metadata.requires(name) or []
        except importlib.metadata.PackageNotFoundError:
            continue
        found.add(name)
        left += [need for line in needs if (need := _needed(line))]
    return found


def _needed(line: str) -> str | None:
    from packaging.requirements import Requirement

    requirement = Requirement(line)
    if requirement.marker is not None and not requirement.marker.evaluate({"extra": ""}):
        return None
    return requirement.name
