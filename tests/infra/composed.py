"""docker-compose.yml as compose reads it: its variables at their defaults or as given."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

REPO = Path(__file__).parents[2]
VARIABLE = re.compile(r"(?<!\$)\$\{(\w+)(?::-([^}]*))?\}")


def composed(given: Mapping[str, str] = {}) -> dict[str, Any]:
    """The file's document.

    Args:
        given: Values of variables, such as the lines of an `.env`.
    """
    text = (REPO / "docker-compose.yml").read_text(encoding="utf-8")
    filled = VARIABLE.sub(lambda match: given.get(match[1]) or match[2] or "", text)
    return yaml.safe_load(filled.replace("$$", "$"))


def env_file(name: str) -> dict[str, str]:
    """The lines of a file of variables."""
    lines = (REPO / name).read_text(encoding="utf-8").splitlines()
    return dict(line.split("=", 1) for line in lines if "=" in line and not line.startswith("#"))
