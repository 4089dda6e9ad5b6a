"""How much one request may hold beside its bytes: rows, columns, and the depth of its JSON.

A body of few megabytes can hold a million columns or be nested a million deep, which costs a parser, or
pandas, far more than its bytes.
"""

import re
from dataclasses import dataclass
from io import BytesIO
from typing import Any

import numpy as np
import orjson

from serving.protocol.errors import RequestError

# A text that does not end goes to the body's end: trying again at each of its quotes would take for ever.
_TEXTS = re.compile(rb'"(?:[^"\\]++|\\.?)*+"?', re.DOTALL)
_NO_BRACKETS = bytes(set(range(256)) - set(b"[]{}"))
_STEPS = np.zeros(256, np.int8)
_STEPS[list(b"[{")] = 1
_STEPS[list(b"]}")] = -1


@dataclass(frozen=True, slots=True)
class Bounds:
    """The most that a request may hold."""

    rows: int = 100_000
    columns: int = 10_000
    depth: int = 64

    def check(self, rows: int, columns: int) -> None:
        """Refuse a table that is too large.

        Raises:
            RequestError: 413.
        """
        if rows > self.rows:
            raise RequestError(413, f"a request must have at most {self.rows} rows, not {rows}; send several")
        if columns > self.columns:
            raise RequestError(413, f"a request must have at most {self.columns} columns, not {columns}")

    def check_json(self, body: bytes) -> None:
        """Refuse a JSON body that is nested too deep, or whose table is too large, before pandas sees it.

        Raises:
            RequestError: 400 or 413.
        """
        if self.is_deep(body):
            raise RequestError(400, f"the body must be nested at most {self.depth} deep")
        try:
            table = orjson.loads(body)
        except orjson.JSONDecodeError:
            return
        if type(table) is dict:
            for key in ("dataframe_split", "dataframe_records", "instances", "inputs"):
                self.check(*_size(table.get(key)))

    def is_deep(self, body: bytes) -> bool:
        """Whether brackets are nested too deep, in texts aside."""
        if body.count(b"[") + body.count(b"{") <= self.depth:
            return False
        brackets = _TEXTS.sub(b"", body).translate(None, _NO_BRACKETS)
        if len(brackets) <= self.depth:
            return False
        depths = np.cumsum(_STEPS[np.frombuffer(brackets, np.uint8)], dtype=np.int32)
        return int(depths.max()) > self.depth

    def check_csv(self, body: bytes) -> None:
        """Refuse a CSV body whose first line has too many columns.

        Raises:
            RequestError: 413.
        """
        first = body[: body.find(b"\n")] if b"\n" in body else body
        self.check(0, _TEXTS.sub(b"", first).count(b",") + 1)

    def check_parquet(self, body: bytes) -> None:
        """Refuse a Parquet body by its footer, before it is unpacked.

        Raises:
            RequestError: 413.
        """
        import pyarrow as pa
        import pyarrow.parquet as pq

        try:
            metadata = pq.ParquetFile(BytesIO(body)).metadata
        except (pa.ArrowException, OSError, ValueError):
            return
        self.check(metadata.num_rows, metadata.num_columns)


DEFAULT_BOUNDS = Bounds()


def _size(value: Any) -> tuple[int, int]:
    """Rows and columns of what stands under a key, as far as it looks like a table."""
    if type(value) is list:
        return len(value), max((len(row) for row in value if type(row) in (list, dict)), default=0)
    if type(value) is not dict:
        return 0, 0
    columns, data = value.get("columns"), value.get("data")
    if type(columns) is list and type(data) is list:
        return len(data), max(len(columns), max((len(row) for row in data if type(row) is list), default=0))
    return max((len(cells) for cells in value.values() if type(cells) is list), default=0), len(value)
