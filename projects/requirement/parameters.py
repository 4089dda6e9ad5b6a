"""The single parameters of the commands, and the field of the requirement that each one sets: one table.

A parameter is text, and an empty one is not given. `set` sets any field by its dotted name:
`tuning.patience=5; split.strategy=time; features.drop=[a, b]`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import yaml

from projects.errors import BadInput
from projects.hints import did_you_mean
from projects.requirement.document import Path_
from projects.requirement.wording import field_at, nearest_key


@dataclass(frozen=True)
class Parameter:
    """One parameter.

    Attributes:
        name: As the commands take it.
        field: The dotted path of the field that it sets.
        help: What it is, for `--help`.
    """

    name: str
    field: str
    help: str

    @property
    def where(self) -> Path_:
        """The field's path."""
        return tuple(self.field.split("."))


PARAMETERS = (
    Parameter("data", "data_source", "a file, a folder, a glob, s3://... or sklearn:NAME"),
    Parameter("objective", "objective", "what to predict, in a sentence"),
    Parameter("target", "target", "the column to predict"),
    Parameter("name", "name", "the registered model; by default the project's or the table's name"),
    Parameter("gate", "gate", "e.g. 'AUC > 0.85 and recall >= 0.6', on held-out rows"),
    Parameter("metric", "metric", "what candidates are compared by; by default the task's own"),
    Parameter("candidates", "candidates", "names joined by commas, or all"),
    Parameter("task", "task", "auto, classification or regression"),
    Parameter("tune_seconds", "tuning.seconds", "the time to spend on tuning; 0 for none"),
    Parameter("tune_trials", "tuning.trials", "the most tuning trials"),
    Parameter("compare_rows", "split.compare_rows", "the most rows that candidates are compared on"),
    Parameter("folds", "split.folds", "folds of the cross-validation"),
    Parameter("holdout", "split.test_size", "the share of rows that is held out"),
    Parameter("max_categories", "features.max_categories", "the most one-hot columns of a text column"),
    Parameter("seed", "seed", "the same seed gives the same split, folds and models"),
    Parameter("stage", "stage", "where a version goes that passes the gate; or None"),
    Parameter("sample_size", "sampling.sample_size", "auto, full, or a number of rows such as 100K"),
    Parameter("sample_strategy", "sampling.sample_strategy", "random, stratified or time_based"),
    Parameter("approve", "cleaning.approve", "auto, or ask to stop at the cleaning plan"),
    Parameter("plan", "cleaning.plan", "a corrected cleaning plan, applied without asking"),
    Parameter("user", "user", "whose project it is"),
    Parameter("project", "project_name", "the project"),
    Parameter("compute", "compute.cluster", "a Dask cluster: local, or a scheduler's tcp://HOST:PORT"),
)
SPEC, SET = "spec", "set"
NAMES = (SPEC, *(parameter.name for parameter in PARAMETERS), SET)


def given(parameters: Mapping[str, str]) -> dict[Path_, tuple[str, Any]]:
    """Return what each given parameter sets: the parameter's name and the value, by the field's path.

    Raises:
        BadInput: An unknown parameter, or a `set` that cannot be read.
    """
    for name in parameters:
        if name not in NAMES:
            raise BadInput(f"there is no parameter '{name}'; {did_you_mean(name, NAMES)}", code="unknown_key")
    values: dict[Path_, tuple[str, Any]] = {}
    for parameter in PARAMETERS:
        if text := str(parameters.get(parameter.name) or "").strip():
            values[parameter.where] = (parameter.name, text)
    return values | {where: (".".join(map(str, where)), value) for where, value in
                     dotted_values(str(parameters.get(SET) or "")).items()}  # fmt: skip


def dotted_values(text: str) -> dict[Path_, Any]:
    """Read `tuning.patience=5; split.strategy=time`.

    Raises:
        BadInput: A part is no `key=value`, or a key is unknown.
    """
    values: dict[Path_, Any] = {}
    for part in _parts(text):
        key, sign, value = (piece.strip() for piece in part.partition("="))
        if not (key and sign):
            raise BadInput(
                f"set must be like 'tuning.patience=5; split.strategy=time', not '{part.strip()}'",
                code="wrong_value",
            )
        where = tuple(key.split("."))
        if field_at(where) is None:
            hint = nearest_key(where)
            raise BadInput(f"set: there is no key {key}: {hint}", code="unknown_key", fix=hint)
        values[where] = _value(key, value)
    return values


def is_one_part(text: str) -> bool:
    """Whether a text stays one value where `set` is read, and ends no value to begin another key."""
    return len(_parts(text)) == 1


def _parts(text: str) -> list[str]:
    """Split at semicolons that are outside of quotes and brackets."""
    parts, quote, depth, is_escaped = [""], "", 0, False
    for mark in text:
        if is_escaped:
            is_escaped = False
        elif quote:
            quote = "" if mark == quote else quote
            is_escaped = quote == '"' and mark == "\\"
        elif mark in "\"'":
            quote = mark
        depth += (mark in "[{") - (mark in "]}") if not quote else 0
        if mark == ";" and not quote and depth <= 0:
            parts.append("")
        else:
            parts[-1] += mark
    return [part for part in parts if part.strip()]


def _value(key: str, text: str) -> Any:
    """Read lists, mappings and quoted texts as YAML; everything else stays text until it is checked."""
    if not text.startswith(("[", "{", '"', "'")):
        return text
    try:
        return yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise BadInput(
            f"set: the value of {key} cannot be read: {text}; mind its quotes and brackets"
        ) from error
