"""Whether workers can do the work that is sent: they need this Python, this project and its libraries."""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from projects.errors import BadInput

if TYPE_CHECKING:
    from distributed import Client

Packages = Mapping[str, str | None]
"""Versions by package, of Python too; None for what is not there."""
PROJECT = "projects"
NEEDED = ("dask", "distributed", "numpy", "pandas", "scikit-learn", "lightgbm", "xgboost")


def check_workers(client: "Client") -> list[str]:
    """Refuse workers that cannot do the work, and say in sentences which packages have other versions there.

    Raises:
        BadInput: A worker has another Python, or not this project.
    """
    look = look_around()
    return differences(look(), client.run(look))


def look_around() -> Callable[[], dict[str, str | None]]:
    """Return a function that lists what its process has; it is made here so that it travels by its code."""
    needed, project = NEEDED, PROJECT

    def look() -> dict[str, str | None]:
        import importlib.util
        import sys
        from importlib.metadata import PackageNotFoundError, version

        there: dict[str, str | None] = {"Python": f"{sys.version_info[0]}.{sys.version_info[1]}"}
        there[project] = "there" if importlib.util.find_spec(project) else None
        for name in needed:
            try:
                there[name] = version(name)
            except PackageNotFoundError:
                there[name] = None
        return there

    return look


def differences(mine: Packages, theirs: Mapping[str, Packages]) -> list[str]:
    """Say which packages have another version on workers than here.

    Args:
        mine: What is here.
        theirs: What workers have, by their addresses.

    Raises:
        BadInput: A worker has another Python, or lacks what is here.
    """
    said = []
    for name, version in mine.items():
        others = {address: there.get(name) for address, there in theirs.items() if there.get(name) != version}
        if not others:
            continue
        address, other = next(iter(others.items()))
        if name in ("Python", PROJECT) or other is None:
            raise BadInput(_refusal(name, version, address, other), code="no_cluster")
        different = " and ".join(sorted({str(each) for each in others.values()}))
        said.append(f"{name} is {version} here and {different} on {len(others)} of {len(theirs)} workers")
    return said


def _refusal(name: str, version: Any, address: str, other: str | None) -> str:
    what = (
        f"has Python {other}, and here it is {version}"
        if name == "Python"
        else f"lacks {'Penstock' if name == PROJECT else name}, which is installed here"
    )
    return f"the worker {address} of the Dask cluster {what}; install the same there, or leave compute out"
