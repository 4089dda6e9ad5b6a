"""A file of YAML or JSON becomes plain values, with the line of each key; what cannot be read is said.

YAML is read by the rules of its version 1.2: `yes`, `no`, `on` and dates stay text, `1e-3` is a number. Keys
given twice are refused, and so is a file whose aliases unfold to more than a person would write.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from projects.errors import BadInput
from projects.hints import did_you_mean

LARGEST_BYTES = 1_000_000
MOST_VALUES = 100_000
EXAMPLE = "write it like 'data_source: customers.csv' and 'target: churn', a line each"
TOO_DEEP = "'{}' is nested too deep to be read; a requirement has three levels"
Path_ = tuple[str | int, ...]


@dataclass(frozen=True)
class Document:
    """What a file holds.

    Attributes:
        name: The file's name, for sentences.
        values: Its mapping.
        lines: The line of each key, by its path; empty for JSON.
    """

    name: str
    values: dict[str, Any]
    lines: dict[Path_, int]


class _Plain(yaml.SafeLoader):
    """YAML 1.2's core schema."""

    yaml_implicit_resolvers: dict[str, list[Any]] = {}  # noqa: RUF012 - as PyYAML has it


_Plain.add_implicit_resolver(
    "tag:yaml.org,2002:bool", re.compile(r"(?:true|True|TRUE|false|False|FALSE)\Z"), None
)
_Plain.add_implicit_resolver("tag:yaml.org,2002:null", re.compile(r"(?:~|null|Null|NULL|)\Z"), None)
_Plain.add_implicit_resolver("tag:yaml.org,2002:int", re.compile(r"[-+]?[0-9]+\Z"), None)
_Plain.add_implicit_resolver(
    "tag:yaml.org,2002:float",
    re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+\.[0-9]*|[0-9]+(?=[eE]))(?:[eE][-+]?[0-9]+)?\Z|[-+]?\.inf\Z|\.nan\Z"),
    None,
)


def read_document(path: Path) -> Document:
    """Read a file of YAML or JSON.

    Raises:
        BadInput: There is none, it is too large, not UTF-8, broken, empty, or no mapping.
    """
    text = _text(path)
    if not text.strip():
        raise BadInput(f"'{path}' is empty; {EXAMPLE}", code="empty_file")
    if path.suffix.casefold() == ".json" or _is_json(text):
        values: Any = _from_json(path, text)
        lines: dict[Path_, int] = {}
    else:
        values, lines = _from_yaml(path, text)
    if not isinstance(values, dict):
        came = "a list" if isinstance(values, list) else "a single value"
        raise BadInput(f"'{path}' must hold keys and values, not {came}; {EXAMPLE}", code="wrong_type")
    _check_size(path, values)
    return Document(path.name, values, lines)


def _text(path: Path) -> str:
    if not path.exists():
        raise BadInput(f"there is no file '{path}'{_nearest(path)}", code="missing_file")
    if not path.is_file():
        raise BadInput(f"'{path}' is no file; name a requirement in YAML or JSON", code="missing_file")
    if (size := path.stat().st_size) > LARGEST_BYTES:
        raise BadInput(
            f"'{path}' has {size:,} bytes, which is no requirement (at most {LARGEST_BYTES:,});"
            " give data with data_source",
            code="too_large",
        )
    raw = path.read_bytes()
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw[: error.start].count(b"\n") + 1
        raise BadInput(
            f"'{path}' must be UTF-8 text; line {line} has the byte 0x{raw[error.start]:02x};"
            " save it again as UTF-8",
            code="not_utf8",
        ) from error


def _nearest(path: Path) -> str:
    if not path.parent.is_dir():
        return f"; there is no folder '{path.parent}' either"
    names = sorted(
        other.name for other in path.parent.iterdir() if other.suffix in {".yaml", ".yml", ".json"}
    )
    return f"; {did_you_mean(path.name, names)}" if names else "; its folder holds no YAML or JSON file"


def _is_json(text: str) -> bool:
    if not text.lstrip().startswith("{"):
        return False
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return False
    return True


def _from_json(path: Path, text: str) -> Any:
    def unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        keys = [key for key, _ in pairs]
        for key in keys:
            if keys.count(key) > 1:
                raise BadInput(f"'{path}' gives the key '{key}' twice; keep one", code="duplicate_key")
        return dict(pairs)

    def no_number(word: str) -> Any:
        raise BadInput(
            f"'{path}' holds {word}, which is no number of JSON; give a number", code="broken_file"
        )

    try:
        return json.loads(text, object_pairs_hook=unique, parse_constant=no_number)
    except json.JSONDecodeError as error:
        raise BadInput(
            f"'{path}' is no JSON: {error.msg} in line {error.lineno}, column {error.colno}; mend that line",
            code="broken_file",
        ) from error
    except RecursionError as error:
        raise BadInput(TOO_DEEP.format(path), code="broken_file") from error
    except ValueError as error:
        raise BadInput(f"'{path}' is no JSON that can be read: {error}", code="broken_file") from error


def _from_yaml(path: Path, text: str) -> tuple[Any, dict[Path_, int]]:
    try:
        loader = _Plain(text)
        try:
            node = loader.get_single_node()
            if node is None:
                raise BadInput(f"'{path}' holds comments only; {EXAMPLE}", code="empty_file")
            lines: dict[Path_, int] = {}
            for where, key in _keys(node, (), path):
                lines[where] = key.start_mark.line + 1
            return loader.construct_document(node), lines
        finally:
            loader.dispose()
    except yaml.YAMLError as error:
        raise BadInput(_broken(path, text, error), code="broken_file") from error
    except RecursionError as error:
        raise BadInput(TOO_DEEP.format(path), code="broken_file") from error
    except ValueError as error:
        raise BadInput(f"'{path}' is no YAML that can be read: {error}", code="broken_file") from error


def _keys(node: yaml.Node, where: Path_, path: Path) -> Iterator[tuple[Path_, yaml.Node]]:
    """Walk the mappings with a bound: aliases may unfold to billions, or hold themselves."""
    left = [MOST_VALUES]

    def walk(at: yaml.Node, place: Path_) -> Iterator[tuple[Path_, yaml.Node]]:
        left[0] -= 1
        if left[0] < 0:
            raise BadInput(f"'{path}' unfolds to over {MOST_VALUES:,} values; {EXAMPLE}", code="too_large")
        if isinstance(at, yaml.SequenceNode):
            for index, item in enumerate(at.value):
                yield from walk(item, (*place, index))
        if not isinstance(at, yaml.MappingNode):
            return
        seen: dict[str, int] = {}
        for key, value in at.value:
            name = str(key.value) if isinstance(key, yaml.ScalarNode) else ""
            if not name:
                raise BadInput(
                    f"'{path}' line {key.start_mark.line + 1} has no name before the colon; give one",
                    code="broken_file",
                )
            if name in seen and name != "<<":
                raise BadInput(
                    f"'{path}' gives the key '{name}' twice, in lines {seen[name]} and"
                    f" {key.start_mark.line + 1}; keep one",
                    code="duplicate_key",
                )
            seen[name] = key.start_mark.line + 1
            yield (*place, name), key
            yield from walk(value, (*place, name))

    yield from walk(node, where)


def _broken(path: Path, text: str, error: yaml.YAMLError) -> str:
    mark = getattr(error, "problem_mark", None)
    if mark is None:
        reason = getattr(error, "reason", "") or str(error)
        return f"'{path}' is no YAML: {reason.splitlines()[0]}; save it as plain UTF-8 text"
    line = text.splitlines()[mark.line] if mark.line < len(text.splitlines()) else ""
    if "\t" in line[: mark.column + 1]:
        return f"'{path}' line {mark.line + 1} has a tab in front, which YAML does not take; use spaces"
    problem = getattr(error, "problem", None) or "it cannot be read"
    return f"'{path}' is no YAML: {problem} in line {mark.line + 1}, column {mark.column + 1}; mend that line"


def _check_size(path: Path, values: dict[str, Any]) -> None:
    # Keys that are no text (numbers, true) cannot be named by a path.
    for key in values:
        if not isinstance(key, str):
            raise BadInput(f"'{path}' has the key {key!r}, which is no name; write it in quotes")
