"""JSON: objects in a list or a line each, and tables written by columns; one level of nesting is laid out."""

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from itertools import zip_longest
from pathlib import Path
from typing import Any

from projects.ingest.encoding import read_bytes, transcode
from projects.ingest.engine import files_of, list_of, text_of
from projects.ingest.names import clean_names, table_name
from projects.ingest.raw import TEXT, Facts, FoundFile, RawTable, Unreadable
from projects.ingest.staging import READING, as_text, stage
from projects.ingest.text_file import plain_stem
from projects.ingest.workspace import Workspace

LARGEST_OBJECT = 1 << 27
LARGEST_WHOLE = 128 * 1024 * 1024
"""A table written column by column must fit in memory; rows may be any number."""


def read_json_file(file: FoundFile, facts: Facts, work: Workspace) -> RawTable:
    """Read a JSON or JSON lines file into a staged table of texts.

    Raises:
        Unreadable: It is no JSON, or holds no objects.
    """
    told = read_bytes(file.path)
    path = file.path
    if not told.is_plain or told.encoding == "utf-8-sig":
        path = work.new_path(".json")
        transcode(file.path, told.encoding.replace("-sig", ""), path)
    staged, target = work.new_path(".parquet"), path
    found = _by_rows(target, staged, work) or _by_python(target, staged, file)
    names = clean_names(found[0])
    if not names.clean or not found[1]:
        raise Unreadable(f"'{file.shown}' holds no rows")
    notices = (f"columns renamed: {', '.join(names.changes[:5])}",) if names.changes else ()
    facts = Facts(file.shown, facts.format, told.sha256, told.size, told.encoding, rows=found[1])
    name = table_name(plain_stem(file.shown))
    return RawTable(name, facts, READING, (staged,), names.clean, (TEXT,) * len(names.clean), notices)


def _by_rows(path: Path, staged: Path, work: Workspace) -> tuple[list[str], int] | None:
    """Let DuckDB read objects, in a list or a line each; None if the file is not like that."""
    import duckdb

    source = (
        f"read_json_objects({files_of([path])}, format='auto', maximum_object_size={LARGEST_OBJECT},"
        " compression='uncompressed')"
    )
    with suppress(duckdb.Error):
        if _is_one_object(work.rows(f"SELECT json FROM {source} LIMIT 2")):
            return None
        paths = _paths(source, work)
        if not paths:
            return None
        kept = ", ".join(f"v[{at + 1}] AS c{at}" for at in range(len(paths)))
        pointers = list_of([pointer for _, pointer in paths])
        done = work.rows(
            f"COPY (SELECT {kept} FROM (SELECT json_extract_string(json, {pointers}) AS v FROM {source}))"
            f" TO {text_of(str(staged))} (FORMAT parquet)"
        )
        return [name for name, _ in paths], int(done[0][0])
    return None


def _is_one_object(rows: Sequence[tuple[Any, ...]]) -> bool:
    """Whether a file holds a single object whose values are rows or columns."""
    if len(rows) != 1:
        return False
    value = json.loads(rows[0][0])
    return isinstance(value, dict) and any(isinstance(inner, list | dict) for inner in value.values())


def _paths(source: str, work: Workspace) -> list[tuple[str, str]]:
    """Name every key of all rows, in the order of its first coming; those of inner objects with a dot."""
    kinds = work.rows(f"SELECT DISTINCT json_type(json) FROM {source}")
    if [kind for (kind,) in kinds] != ["OBJECT"]:
        return []
    keys = work.rows(
        "SELECT k, bool_and(t IN ('OBJECT', 'NULL')) AND bool_or(t = 'OBJECT') FROM"
        " (SELECT unnest(json_keys(json)) AS k, json FROM " + source + "), LATERAL"
        " (SELECT json_type(json, '/' || replace(replace(k, '~', '~0'), '/', '~1')) AS t) GROUP BY k"
    )
    nested = {key for key, is_object in keys if is_object}
    order = _order(source, work)
    paths: list[tuple[str, str]] = []
    for key in order:
        if key not in nested:
            paths.append((key, _pointer(key)))
            continue
        inner = work.rows(
            f"SELECT DISTINCT unnest(json_keys(json, {text_of(_pointer(key))})) AS k FROM {source} ORDER BY k"
        )
        paths += [(f"{key}.{child}", _pointer(key) + _pointer(child)) for (child,) in inner]
    return paths


def _order(source: str, work: Workspace) -> list[str]:
    first = work.rows(f"SELECT json_keys(json) FROM {source} LIMIT 1000")
    order = list(dict.fromkeys(key for (keys,) in first for key in keys))
    rest = work.rows(f"SELECT DISTINCT unnest(json_keys(json)) AS k FROM {source} ORDER BY k")
    return list(dict.fromkeys([*order, *(key for (key,) in rest)]))


def _pointer(key: str) -> str:
    return "/" + key.replace("~", "~0").replace("/", "~1")


def _by_python(path: Path, staged: Path, file: FoundFile) -> tuple[list[str], int]:
    """Read what DuckDB does not: columns in lists, NaN, and what is broken, to say where."""
    with path.open(encoding="utf-8") as text:
        start = text.read(4096).lstrip()
    whole = _whole(path) if start[:1] in "[{" and path.stat().st_size <= LARGEST_WHOLE else None
    rows = _records(whole) if whole is not None else None
    if rows is None:
        if start[:1] == "[":
            raise Unreadable(f"'{file.shown}' must hold a list of JSON objects, or one JSON object a line")
        if path.stat().st_size > LARGEST_WHOLE:
            raise _too_large(path, file)
        rows = list(_lines(path, file))
    flattened = [_flat(row) for row in rows]
    names = list(dict.fromkeys(key for row in flattened for key in row))
    return names, stage(staged, ([row.get(name) for name in names] for row in flattened), len(names))


def _too_large(path: Path, file: FoundFile) -> Unreadable:
    for _ in _lines(path, file):
        pass
    return Unreadable(f"'{file.shown}' is too large to be read as a whole; write one JSON object a line")


def _whole(path: Path) -> Any:
    with suppress(ValueError), path.open(encoding="utf-8") as text:
        return json.load(text)
    return None


def _records(value: Any) -> list[Mapping[str, Any]] | None:
    """Find the rows in a JSON value, or None."""
    if isinstance(value, list):
        return value if value and all(isinstance(row, dict) for row in value) else None
    if not isinstance(value, dict) or not value:
        return None
    if {"columns", "data"} <= set(value) and isinstance(value["data"], list):
        return [dict(zip(value["columns"], row, strict=False)) for row in value["data"]]
    if all(isinstance(inner, list) for inner in value.values()) and not _holds_objects(value):
        return [dict(zip(value, cells, strict=True)) for cells in zip_longest(*value.values())]
    if all(isinstance(inner, dict) for inner in value.values()):
        keys = dict.fromkeys(key for inner in value.values() for key in inner)
        return [{name: inner.get(key) for name, inner in value.items()} for key in keys]
    lists = [inner for inner in value.values() if _is_objects(inner)]
    return max(lists, key=len) if lists else [value]


def _holds_objects(value: Mapping[str, Any]) -> bool:
    return any(_is_objects(inner) for inner in value.values())


def _is_objects(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(row, dict) for row in value)


def _lines(path: Path, file: FoundFile) -> Iterator[Mapping[str, Any]]:
    with path.open(encoding="utf-8") as text:
        for at, line in enumerate(text, start=1):
            if not line.strip():
                continue
            with suppress(ValueError):
                record = json.loads(line)
                if isinstance(record, dict):
                    yield record
                    continue
            raise Unreadable(
                f"'{file.shown}' must hold one JSON object a line; line {at} is '{line.strip():.60}'"
            )


def _flat(row: Mapping[str, Any]) -> dict[str, str | None]:
    flattened: dict[str, str | None] = {}
    for key, value in row.items():
        if isinstance(value, dict) and value:
            flattened |= {f"{key}.{inner}": as_text(cell) for inner, cell in value.items()}
        else:
            flattened[key] = as_text(value)
    return flattened
