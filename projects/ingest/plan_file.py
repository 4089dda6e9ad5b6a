"""A cleaning plan as a YAML file with comments: written for a person, read back with the corrections."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

from projects.errors import BadInput
from projects.hints import did_you_mean
from projects.ingest.convert import TYPES
from projects.ingest.fix import Fix
from projects.ingest.plan import Plan, PlannedColumn
from projects.ingest.plan_words import rule_words, words

KEYS = ("type", "keep", "rename", "missing", "date_formats", "decimal")
TOP_KEYS = ("table", "rows", "duplicates", "columns")


def save_plan(plan: Plan, path: Path) -> None:
    """Write a plan as YAML with comments, so that a person can correct it."""
    path.write_text("\n".join(_yaml_lines(plan)) + "\n", encoding="utf-8")


def _yaml_lines(plan: Plan) -> list[str]:
    lines = [
        "# What is done to every column. Correct what is wrong: type (number, text, date, boolean), keep",
        "# (true, false), rename, missing (the texts that stand for a gap), date_formats, decimal.",
        f"table: {_scalar(plan.table)}",
        f"rows: {plan.rows}",
        f"duplicates: {plan.duplicates}  # drop or keep",
    ]
    lines += [f"# {join}" for join in plan.joins]
    lines += [f"# rule for {_scalar(rule.column)}: {rule_words(rule)}" for rule in plan.rules]
    lines.append("columns:")
    for column in plan.columns:
        lines.append(f"  {_scalar(column.original)}:")
        lines += [f"    # {_one_line(part)}" for part in words(column)[1:]]
        lines += [f"    {key}: {_scalar(value)}" for key, value in editable(column).items()]
    return lines


def editable(column: PlannedColumn) -> dict[str, Any]:
    """Give what a person may change about a column."""
    reading, conversion = column.reading, column.conversion
    told: dict[str, Any] = {"type": conversion.type, "keep": column.keep}
    if column.name != column.original:
        told["rename"] = column.name
    if reading is not None and reading.marks:
        told["missing"] = list(reading.marks)
    if conversion.formats:
        told["date_formats"] = list(conversion.formats)
    if conversion.form == "styled":
        told["decimal"] = conversion.decimal
    return told


def _scalar(value: object) -> str:
    return json.dumps(value, ensure_ascii=False) if not isinstance(value, bool) else str(value).lower()


def _one_line(text: str) -> str:
    return " ".join(text.split())


def read_plan(path: Path, plan: Plan) -> tuple[dict[str, Fix], Literal["drop", "keep"], list[str]]:
    """Read a corrected plan and compare it with the one that was made.

    Returns:
        The corrections, what to do with repeated rows, and each change in words.

    Raises:
        BadInput: It cannot be read, or has a key, a column or a value that is not known.
    """
    import yaml

    try:
        told = yaml.safe_load(path.read_text("utf-8"))
    except FileNotFoundError as error:
        raise BadInput(f"there is no plan '{path}'") from error
    except (yaml.YAMLError, UnicodeDecodeError, OSError) as error:
        raise BadInput(f"the plan '{path}' cannot be read; {' '.join(str(error).split())}") from error
    if not isinstance(told, dict) or not isinstance(told.get("columns"), dict):
        raise BadInput(f"the plan '{path}' must have the key 'columns', as Penstock wrote it")
    _known(told, TOP_KEYS, f"the plan '{path}'")
    duplicates = told.get("duplicates", plan.duplicates)
    if duplicates not in {"drop", "keep"}:
        raise BadInput(f"the plan's duplicates must be drop or keep, not {duplicates!r}")
    changes = [f"duplicates: {duplicates}"] if duplicates != plan.duplicates else []
    by_name = {column.original: column for column in plan.columns}
    fixes: dict[str, Fix] = {}
    for name, asked in told["columns"].items():
        if name not in by_name:
            near = did_you_mean(str(name), by_name)
            raise BadInput(f"the plan has a column '{name}', which is not in the data; {near}")
        fix, said = _change(name, asked, by_name[name])
        fixes |= {name: fix} if said else {}
        changes += said
    return fixes, "drop" if duplicates == "drop" else "keep", changes


def _known(told: Mapping[str, Any], keys: Sequence[str], what: str) -> None:
    for key in told:
        if key not in keys:
            raise BadInput(f"{what} has no key '{key}'; {did_you_mean(str(key), keys)}")


def _change(name: str, asked: Any, column: PlannedColumn) -> tuple[Fix, list[str]]:
    if not isinstance(asked, dict):
        raise BadInput(f"the plan's column '{name}' must hold {', '.join(KEYS)}, not {asked!r}")
    _known(asked, KEYS, f"the plan's column '{name}'")
    now = editable(column)
    new = {key: value for key, value in asked.items() if value != now.get(key) and value not in (None, "")}
    if "type" in new and new["type"] not in TYPES:
        raise BadInput(f"the type of '{name}' must be one of {', '.join(TYPES)}, not {new['type']!r}")
    if "keep" in new and not isinstance(new["keep"], bool):
        raise BadInput(f"keep of '{name}' must be true or false, not {new['keep']!r}")
    if new.get("decimal", ".") not in {".", ","}:
        raise BadInput(f"decimal of '{name}' must be '.' or ',', not {new['decimal']!r}")
    marks, was = _texts(new, "missing", name), tuple(now.get("missing", ()))
    fix = Fix(
        new.get("type"), new.get("keep"), str(new["rename"]) if "rename" in new else None,
        tuple(mark for mark in marks if mark not in was) if "missing" in new else (),
        tuple(mark for mark in was if mark not in marks) if "missing" in new else (),
        _texts(new, "date_formats", name), str(new.get("decimal", "")),
    )  # fmt: skip
    return fix, [f"{name}.{key}: {now.get(key)!r} -> {value!r}" for key, value in new.items()]


def _texts(told: Mapping[str, Any], key: str, name: str) -> tuple[str, ...]:
    found = told.get(key, ())
    if isinstance(found, str) or not isinstance(found, list | tuple):
        raise BadInput(f"{key} of '{name}' must be a list of texts, not {found!r}")
    return tuple(str(text) for text in found)
