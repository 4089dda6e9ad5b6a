"""Which Penstock this is."""

import tomllib
from functools import lru_cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

_PROJECT = Path(__file__).parents[1] / "pyproject.toml"


@lru_cache(maxsize=1)
def release() -> str:
    """The number of the release: the installed package's, else the checkout's."""
    try:
        return version("penstock")
    except PackageNotFoundError:
        number: str = tomllib.loads(_PROJECT.read_text(encoding="utf-8"))["project"]["version"]
        return number
