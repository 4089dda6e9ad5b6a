"""A folder for each model version and lane, whatever their names are."""

import hashlib
from pathlib import Path
from urllib.parse import quote

from monitoring.lane import Lane

LONGEST_NAME = 200
"""Bytes; file systems allow 255."""


def version_dir(folder: Path, model: str, version: str) -> Path:
    """The version's folder under `folder`; names that are too long are cut and told apart by their hash."""
    return folder / _name(model) / _name(version)


def lane_dir(folder: Path, lane: Lane) -> Path:
    """The lane's folder under its version's."""
    return version_dir(folder, lane.model, lane.version) / _name(lane.variant)


def _name(text: str) -> str:
    quoted = quote(text, safe=" ").replace(".", "%2E")
    if len(quoted) <= LONGEST_NAME:
        return quoted
    return f"{quoted[:150]}-{hashlib.sha256(text.encode()).hexdigest()[:16]}"
