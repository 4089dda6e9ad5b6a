"""What is wrong with a refused body, as a sentence: column, row and kind of value, never the value."""

import difflib
import json
import math
from collections.abc import Sequence
from typing import Any

FORMATS = ("dataframe_split", "dataframe_records", "instances", "inputs")

Cells = dict[str, list[object]]


class _Fault(Exception):  # noqa: N818 - carries a sentence up a few frames, nothing else
    pass


def diagnose(body: bytes, columns: Sequence[tuple[str, str]]) -> str | None:
    """Say what a refused JSON body should have been; None if nothing in particular is seen.

    Args:
        body: What was sent as JSON.
        columns: The model's columns as pairs of name and type.
    """
    try:
        cells = _cells(_table(body))
        _check_names(cells, columns)
        for name, kind in columns:
            _check_kinds(name, kind, cells[name])
    except _Fault as fault:
        return str(fault)
    return None


def _table(body: bytes) -> dict[str, Any]:
    if not body.strip():
        raise _Fault(f"the body is empty; send a JSON object with one of {', '.join(FORMATS)}")
    try:
        table = json.loads(body)
    except UnicodeDecodeError as error:
        raise _Fault(f"the body must be UTF-8; byte {error.start} is not") from error
    except json.JSONDecodeError as error:
        raise _Fault(
            f"the body must be JSON; line {error.lineno} column {error.colno}: {error.msg}"
        ) from error
    except (RecursionError, ValueError) as error:
        raise _Fault(
            "the body must be JSON of a reasonable depth, with numbers of a reasonable length"
        ) from error
    if not isinstance(table, dict):
        raise _Fault(f"the body must be a JSON object with one of {', '.join(FORMATS)}, not {_kind(table)}")
    return table


def _cells(table: dict[str, Any]) -> Cells:
    given = [key for key in FORMATS if key in table]
    if len(given) != 1:
        came = f"it has {' and '.join(given)}" if given else f"its keys are {sorted(table)[:5]}"
        raise _Fault(f"the body must have exactly one of {', '.join(FORMATS)}; {came}")
    key, value = given[0], table[given[0]]
    if key == "dataframe_split":
        return _split(value)
    if key == "inputs" and isinstance(value, dict):
        return _even({name: cell if isinstance(cell, list) else [cell] for name, cell in value.items()})
    if not isinstance(value, list):
        wanted = "a list of objects, one a row" if key != "inputs" else "an object of lists, one a column"
        raise _Fault(f"'{key}' must be {wanted}, not {_kind(value)}")
    return _records(key, value)


def _even(cells: Cells) -> Cells:
    lengths = {name: len(values) for name, values in cells.items()}
    if len(set(lengths.values())) > 1:
        (first, wanted), *others = lengths.items()
        name, count = next((name, count) for name, count in others if count != wanted)
        raise _Fault(f"all columns must have as many values; '{first}' has {wanted}, '{name}' has {count}")
    return cells


def _split(value: object) -> Cells:
    if not isinstance(value, dict) or not isinstance(value.get("data"), list):
        raise _Fault("'dataframe_split' must be an object with 'columns' and 'data', a list of rows")
    columns, data = value.get("columns"), value["data"]
    if not isinstance(columns, list) or not all(isinstance(name, str) for name in columns):
        raise _Fault("'dataframe_split' must have 'columns', a list of the columns' names")
    if len(set(columns)) != len(columns):
        raise _Fault("'dataframe_split' must name each column once in 'columns'")
    if unknown := sorted(set(value) - {"columns", "data", "index"}):
        raise _Fault(f"'dataframe_split' takes columns, data and index, not '{unknown[0]}'")
    for number, row in enumerate(data):
        if not isinstance(row, list):
            raise _Fault(f"row {number} must be a list of {len(columns)} values, not {_kind(row)}")
        if len(row) != len(columns):
            raise _Fault(f"row {number} must have {len(columns)} values, one a column, and has {len(row)}")
    if not data:
        raise _Fault("at least one row is needed; 'data' has none")
    return {name: [row[place] for row in data] for place, name in enumerate(columns)}


def _records(key: str, records: list[Any]) -> Cells:
    if not records:
        raise _Fault(f"at least one row is needed; '{key}' has none")
    for number, record in enumerate(records):
        if not isinstance(record, dict):
            raise _Fault(f"row {number} of '{key}' must be an object of columns, not {_kind(record)}")
    names = list(dict.fromkeys(name for record in records for name in record))
    return {name: [record.get(name) for record in records] for name in names}


def _check_names(cells: Cells, columns: Sequence[tuple[str, str]]) -> None:
    missing = [name for name, _ in columns if name not in cells]
    if not missing:
        return
    extra = sorted(set(cells) - {name for name, _ in columns})
    near = difflib.get_close_matches(missing[0], extra, n=1)
    hint = f"did you mean it by '{near[0]}'?" if near else "send every column, null where there is no value"
    others = f", as are {len(missing) - 1} more" if len(missing) > 1 else ""
    raise _Fault(f"column '{missing[0]}' is missing{others}; {hint}")


def _check_kinds(name: str, kind: str, values: list[object]) -> None:
    for number, value in enumerate(values):
        if isinstance(value, float) and math.isinf(value):
            raise _Fault(f"column '{name}' must be finite; row {number} has infinity")
        if isinstance(value, list | dict):
            raise _Fault(f"column '{name}' must hold one value a row; row {number} has {_kind(value)}")
        if kind != "string" and isinstance(value, str) and not _is_numeric(value):
            raise _Fault(f"column '{name}' must be a number; row {number} has text (send a number or null)")
        if kind != "string" and isinstance(value, int) and abs(value) > 2**1023:
            raise _Fault(f"column '{name}' must be a number of 64 bits; row {number} has a larger one")


def _is_numeric(text: str) -> bool:
    try:
        return math.isfinite(float(text)) or text.strip().lower() == "nan"
    except ValueError:
        return False


def _kind(value: object) -> str:
    kinds = {dict: "an object", list: "a list", str: "text", bool: "true or false", type(None): "null"}
    return kinds.get(type(value), "a number")
