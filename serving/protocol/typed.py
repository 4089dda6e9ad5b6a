"""The short way from a JSON body to typed rows: no pandas, and only where there is no room for doubt.

MLflow's rules for odd bodies (numbers as text, ragged rows, nulls under `instances`, ...) are what pandas and
numpy make of them. So this parser takes only the bodies whose meaning is plain, which are nearly all, and
answers None for every other: those are judged by MLflow's own code.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from operator import itemgetter
from typing import Any

import orjson

from serving.protocol.errors import RequestError
from serving.scorers.scorer import Table

Row = Sequence[object]

Kinds = dict[str, frozenset[type]]

PLAIN_KINDS: Kinds = {
    "double": frozenset({float, int, type(None)}),
    "string": frozenset({str, type(None)}),
    "boolean": frozenset({bool}),
}
# Under `instances` and `inputs`, MLflow makes numpy arrays of texts, where None becomes the text "None".
ARRAY_KINDS: Kinds = PLAIN_KINDS | {"string": frozenset({str})}
# A tensor of booleans may bring a column of numbers, as MLflow takes true for 1.
TABLE_KINDS: Kinds = PLAIN_KINDS | {"double": frozenset({float, int, bool, type(None)})}

IF_ANY = "if_any"
"""As `probabilities`: they are wanted, and a model without them answers its predictions all the same."""
PLAIN_PARAMS = (
    {"probabilities": True},
    {"probabilities": IF_ANY},
    {"explain": True},
    {"probabilities": True, "explain": True},
)
MAX_KNOWN = 4096


@dataclass(frozen=True, slots=True)
class Request:
    """What a body asks: rows in column order, and what is wanted beside the predictions."""

    rows: Sequence[Row]
    wants_probabilities: bool = False
    wants_explanations: bool = False
    may_lack_probabilities: bool = False


class TypedParser:
    """Parses bodies for one version's columns. Safe to call from several threads.

    Args:
        columns: Pairs of name and type, in the model's order; at least one.
    """

    def __init__(self, columns: Sequence[tuple[str, str]]) -> None:
        self._names = [name for name, _ in columns]
        self._width = len(self._names)
        self._types = [kind for _, kind in columns]
        self._getter = _row_getter(self._names)
        # Tuples of value types that have been checked: a row's types are looked up at once, not one by one.
        self._plain: set[tuple[type, ...]] = set()
        self._array: set[tuple[type, ...]] = set()
        self._table: set[tuple[type, ...]] = set()

    def parse(self, body: bytes) -> Request | None:
        """Read a body; None if MLflow's own code must judge it."""
        try:
            table = orjson.loads(body)
        except orjson.JSONDecodeError:
            return None
        if type(table) is not dict:
            return None
        asked = (False, False, False)
        if "params" in table:
            params = table.pop("params")
            if params and params not in PLAIN_PARAMS:
                return None
            asked = asked_for(params)
        if len(table) != 1:
            return None
        [(key, value)] = table.items()
        rows = self._rows(key, value)
        return None if not rows else Request(rows, *asked)

    def checked(self, table: Table) -> Sequence[Row]:
        """The rows of a table in the model's order, whose values are of the columns' kinds.

        Raises:
            RequestError: 400; a column is missing, or a value is of another kind.
        """
        rows = table.rows
        if list(table.columns) != self._names:
            missing = [name for name in self._names if name not in table.columns]
            if missing:
                raise RequestError(
                    400, f"column '{missing[0]}' is missing; send it, with null where there is no value"
                )
            getter = _row_getter([table.columns.index(name) for name in self._names])
            rows = [getter(row) for row in rows]
        found = self._checked(rows, TABLE_KINDS, self._table)
        if found is None:
            raise RequestError(400, self._unfit(rows))
        return found

    def _unfit(self, rows: Sequence[Row]) -> str:
        for number, row in enumerate(rows):
            for name, kind, value in zip(self._names, self._types, row, strict=True):
                if type(value) not in TABLE_KINDS[kind]:
                    wanted = {"double": "a number", "string": "text", "boolean": "true or false"}[kind]
                    return f"column '{name}' must be {wanted}; row {number} has a value of another kind"
        return "at least one row is needed; there is none"

    def _rows(self, key: str, value: Any) -> Sequence[Row] | None:
        if key == "dataframe_split" and type(value) is dict:
            return self._checked(self._split(value), PLAIN_KINDS, self._plain)
        if key == "dataframe_records" and type(value) is list:
            return self._checked(self._records(value, is_exact=False), PLAIN_KINDS, self._plain)
        if key == "instances" and type(value) is list:
            return self._checked(self._records(value, is_exact=True), ARRAY_KINDS, self._array)
        if key == "inputs":
            rows = self._records(value, is_exact=True) if type(value) is list else self._columns(value)
            return self._checked(rows, ARRAY_KINDS, self._array)
        return None

    def _split(self, table: dict[str, Any]) -> Sequence[Row] | None:
        if len(table) != 2:
            return None
        columns, data = table.get("columns"), table.get("data")
        if type(columns) is not list or type(data) is not list:
            return None
        width = len(columns)
        for row in data:
            if type(row) is not list or len(row) != width:
                return None
        if columns == self._names:
            return data
        places = {name: place for place, name in enumerate(columns) if type(name) is str}
        if len(places) != width or not all(name in places for name in self._names):
            return None
        getter = _row_getter([places[name] for name in self._names])
        return [getter(row) for row in data]

    def _records(self, records: list[Any], *, is_exact: bool) -> Sequence[Row] | None:
        getter, width = self._getter, self._width
        try:
            rows = [getter(record) for record in records if type(record) is dict]
        except KeyError:
            return None
        if len(rows) != len(records) or (is_exact and any(len(record) != width for record in records)):
            return None
        return rows

    def _columns(self, table: Any) -> Sequence[Row] | None:
        if type(table) is not dict or len(table) != self._width:
            return None
        columns: list[Any] = [table.get(name) for name in self._names]
        if any(type(column) is not list for column in columns):
            return None
        if any(len(column) != len(columns[0]) for column in columns):
            return None
        return list(zip(*columns, strict=True))

    def _checked(
        self, rows: Sequence[Row] | None, kinds: Mapping[str, frozenset[type]], known: set[tuple[type, ...]]
    ) -> Sequence[Row] | None:
        if not rows:
            return None
        for row in rows:
            types = tuple(map(type, row))
            if types in known:
                continue
            if not all(value in kinds[kind] for value, kind in zip(types, self._types, strict=True)):
                return None
            if len(known) < MAX_KNOWN:
                known.add(types)
        return rows


def asked_for(params: object) -> tuple[bool, bool, bool]:
    """Whether parameters ask for probabilities, for explanations, and for the first only if there are any."""
    if not isinstance(params, Mapping):
        return False, False, False
    is_lenient = params.get("probabilities") == IF_ANY
    return is_lenient or params.get("probabilities") is True, params.get("explain") is True, is_lenient


def _row_getter(keys: Sequence[Any]) -> Callable[[Any], Row]:
    if len(keys) == 1:
        only = keys[0]
        return lambda row: (row[only],)
    return itemgetter(*keys)
