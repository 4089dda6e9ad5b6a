"""The options of a training, as the entry point `main` passes them, read and checked before any work."""

import argparse
import hashlib
import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

from projects.errors import BadInput
from projects.evaluation.gate import Clause, parse_gate
from projects.evaluation.metrics import find_metric
from projects.learning.candidates import Candidate, parse_candidates
from projects.shell import TRACKING
from projects.target import AskedTask

Word = TypeVar("Word", bound=str)
TASKS: tuple[AskedTask, ...] = ("auto", "classification", "regression")
STAGES = ("Staging", "Production", "None")


@dataclass(frozen=True)
class Options:
    """What a person asked for."""

    data: str
    target: str
    name: str
    gate: tuple[Clause, ...]
    metric: str
    candidates: tuple[Candidate, ...]
    task: AskedTask
    tune_seconds: float
    tune_trials: int
    compare_rows: int
    folds: int
    holdout: float
    max_categories: int
    seed: int
    stage: str
    asked: dict[str, str]

    @property
    def sha256(self) -> str:
        """The digest of what was asked for, in words."""
        return hashlib.sha256(json.dumps(self.asked, sort_keys=True).encode()).hexdigest()


def parser() -> argparse.ArgumentParser:
    """Return the command line's parser; every value stays text until `parse_options`."""
    line = argparse.ArgumentParser(
        prog="python -m projects.train",
        description="Train, compare, tune and register a model of one table.",
        epilog=TRACKING,
    )
    line.add_argument("--data", default="", help="a CSV, TSV, Parquet or JSON lines file, or sklearn:NAME")
    line.add_argument("--target", default="", help="the column to predict")
    line.add_argument("--name", default="", help="the registered model; by default the table's name")
    line.add_argument("--gate", default="", help="e.g. 'AUC > 0.85 and recall >= 0.6', on held-out rows")
    line.add_argument(
        "--metric", default="", help="what candidates are compared by; by default the task's own"
    )
    line.add_argument("--candidates", default="all", help="names joined by commas, or all")
    line.add_argument("--task", default="auto", help="auto, classification or regression")
    line.add_argument("--tune-seconds", default="20", help="the time to spend on tuning the best; 0 for none")
    line.add_argument("--tune-trials", default="40", help="the most tuning trials")
    line.add_argument("--compare-rows", default="20000", help="the most rows that candidates are compared on")
    line.add_argument("--folds", default="5", help="folds of the cross-validation")
    line.add_argument("--holdout", default="0.2", help="the share of rows that is held out")
    line.add_argument("--max-categories", default="30", help="the most one-hot columns of a text column")
    line.add_argument("--seed", default="7", help="the same seed gives the same split, folds and models")
    line.add_argument("--stage", default="Staging", help="where a version goes that passes the gate; or None")
    return line


def parse_options(given: argparse.Namespace) -> Options:
    """Read and check what the command line's parser gave.

    Raises:
        BadInput: One cannot be used.
    """
    asked = {key: str(value).strip() for key, value in vars(given).items()}
    if asked["metric"]:
        find_metric(asked["metric"])
    _check_name(asked["name"])
    return Options(
        data=asked["data"],
        target=asked["target"],
        name=asked["name"],
        gate=parse_gate(asked["gate"]),
        metric=asked["metric"],
        candidates=parse_candidates(asked["candidates"]),
        task=_one_of("task", asked["task"], TASKS),
        tune_seconds=_number(asked, "tune_seconds", 0, 86_400),
        tune_trials=_whole(asked, "tune_trials", 0, 10_000),
        compare_rows=_whole(asked, "compare_rows", 100, 10**9),
        folds=_whole(asked, "folds", 2, 20),
        holdout=_number(asked, "holdout", 0.05, 0.5),
        max_categories=_whole(asked, "max_categories", 2, 1000),
        seed=_whole(asked, "seed", 0, 2**31 - 1),
        stage=_one_of("stage", asked["stage"], STAGES),
        asked=asked,
    )


def _check_name(name: str) -> None:
    if "/" in name or ":" in name or not name.isprintable() or name in {".", ".."}:
        raise BadInput(
            f"'{name}' is no name for a registered model: it may not hold '/', ':' or control marks"
        )


def _one_of(key: str, value: str, known: Sequence[Word]) -> Word:
    for word in known:
        if value.casefold() == word.casefold():
            return word
    raise BadInput(f"{key} must be one of {', '.join(known)}, not '{value}'")


def _number(asked: dict[str, str], key: str, low: float, high: float) -> float:
    try:
        value = float(asked[key])
    except ValueError as error:
        raise BadInput(f"{key} must be a number from {low:g} to {high:g}, not '{asked[key]}'") from error
    if not (math.isfinite(value) and low <= value <= high):
        raise BadInput(f"{key} must be a number from {low:g} to {high:g}, not '{asked[key]}'")
    return value


def _whole(asked: dict[str, str], key: str, low: int, high: int) -> int:
    value = _number(asked, key, low, high)
    if value != int(value):
        raise BadInput(f"{key} must be a whole number from {low} to {high}, not '{asked[key]}'")
    return int(value)
