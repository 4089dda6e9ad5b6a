"""Registered models as the console lists them: one line a model, from its versions."""

from collections.abc import Iterable
from dataclasses import dataclass

from penstock.console.visit import at
from penstock.console.words import number, plural
from penstock.services.models import Deployed

TONES = {"production": "good", "staged": "warn", "archived": "", "training": ""}


@dataclass(frozen=True, slots=True)
class ModelRow:
    """A model in a list.

    Attributes:
        name: The registered model.
        path: Its page.
        said: What is behind it, in a sentence.
        chips: Words and their colours.
        tone: The row's colour.
    """

    name: str
    path: str
    said: str
    chips: tuple[tuple[str, str], ...]
    tone: str


def rows_of(versions: Iterable[Deployed]) -> list[ModelRow]:
    """The models of some versions, in the versions' order."""
    grouped: dict[str, list[Deployed]] = {}
    for version in versions:
        grouped.setdefault(version.name, []).append(version)
    return [_row(name, found) for name, found in grouped.items()]


def score(version: Deployed) -> str:
    """A version's first score, in words; empty where it has none."""
    first = next(iter(version.metrics.items()), None)
    return f"{first[0]} {number(first[1])}" if first else ""


def _row(name: str, found: list[Deployed]) -> ModelRow:
    live = next((each for each in found if each.status == "production"), None)
    staged = sum(each.status == "staged" for each in found)
    if live:
        parts = [f"version {live.version} in production", live.algorithm, score(live)]
    else:
        parts = ["nothing in production"]
    parts.append(plural(len(found), "version"))
    chips = [("production", "good")] if live else []
    chips += [(f"{staged} staged", "warn")] if staged else []
    said = ", ".join(part for part in parts if part)
    return ModelRow(name, at("models", name), said, tuple(chips), "good" if live else "")
