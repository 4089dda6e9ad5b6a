"""The conversions of training, applied to a batch's columns in any thread.

They are the SQL that training ran. Most cells need none of it: plain numbers are read by Arrow, and of texts
that come again and again only the distinct ones are converted.
"""

import threading
from collections.abc import Mapping
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc

from projects.ingest.convert import Conversion, served_sql
from projects.ingest.marks import IN_TEXTS
from projects.ingest.raw import TEXT

if TYPE_CHECKING:
    import duckdb

FEW = 0.5
"""Up to this share of distinct cells, converting only these is worth finding them."""
MOST_KNOWN = 10_000
"""Distinct cells of a column that a thread remembers."""
KINDS = {pa.int64(): "BIGINT", pa.float64(): "DOUBLE", pa.bool_(): "BOOLEAN", pa.date32(): "DATE"}


class Converter:
    """Applies conversions by the columns' names.

    Args:
        conversions: How training read the model's columns.
    """

    def __init__(self, conversions: Mapping[str, Conversion]) -> None:
        self._conversions = dict(conversions)
        self._marks = {
            name: frozenset(mark.casefold() for mark in conversion.missing)
            for name, conversion in conversions.items()
        }
        self._local = threading.local()

    @property
    def conversions(self) -> Mapping[str, Conversion]:
        """The conversions by the columns' names."""
        return self._conversions

    def __contains__(self, name: object) -> bool:
        return name in self._conversions

    def marks(self, name: str) -> frozenset[str]:
        """Return the texts in lower case that stand for a missing value in a column."""
        return self._marks[name]

    def is_text(self, name: str) -> bool:
        """Whether a column's values are texts (or dates, which are written as such)."""
        return self._conversions[name].type in ("text", "date")

    def convert(self, name: str, cells: pa.Array) -> pa.Array:
        """Convert a column: numbers and truths to float64, texts and dates to strings, perhaps encoded.

        Args:
            name: The column.
            cells: As they were read.
        """
        conversion = self._conversions[name]
        if pa.types.is_floating(cells.type):
            cells = pc.if_else(pc.is_nan(cells), None, cells)
        if _may_be_plain(conversion) and (numbers := _plain_numbers(cells)) is not None:
            return numbers
        distinct = cells.dictionary_encode()
        if len(distinct.dictionary) <= FEW * len(cells) or conversion.type == "text":
            converted = self._levels(name, distinct.dictionary)
            if pa.types.is_string(converted.type):
                return pa.DictionaryArray.from_arrays(distinct.indices, converted)
            return converted.take(distinct.indices)
        return self._by_sql(conversion, cells)

    def _levels(self, name: str, levels: pa.Array) -> pa.Array:
        """Convert distinct cells, of which a thread remembers those it has met."""
        conversion = self._conversions[name]
        if len(levels) > MOST_KNOWN or not pa.types.is_string(levels.type):
            return self._by_sql(conversion, levels)
        known: dict[str, object] = vars(self._local).setdefault(f"known {name}", {})
        cells = levels.to_pylist()
        unknown = [cell for cell in cells if cell not in known]
        if len(known) + len(unknown) > MOST_KNOWN:
            known.clear()
            unknown = cells
        if unknown:
            known.update(zip(unknown, self._by_sql(conversion, pa.array(unknown)).to_pylist(), strict=True))
        return pa.array([known[cell] for cell in cells], _type_of(conversion))

    def _by_sql(self, conversion: Conversion, cells: pa.Array) -> pa.Array:
        kind = "TIMESTAMP" if pa.types.is_timestamp(cells.type) else KINDS.get(cells.type, TEXT)
        texts = cells.cast(pa.string()) if kind == TEXT else cells
        query = f"SELECT {served_sql(conversion, 'cell', kind)} AS cell FROM cells"
        found = self._engine().from_arrow(pa.table({"cell": texts})).query("cells", query)
        converted = found.to_arrow_table().column(0)
        kept = _type_of(conversion)
        return pa.concat_arrays([chunk.cast(kept) for chunk in converted.chunks] or [pa.array([], kept)])

    def _engine(self) -> "duckdb.DuckDBPyConnection":
        """Open one DuckDB a thread: they are not shared, and go with the thread."""
        import duckdb

        if not hasattr(self._local, "engine"):
            self._local.engine = duckdb.connect(config={"threads": "1"})
            self._local.engine.execute("SET TimeZone = 'UTC'; SET enable_progress_bar = false")
        engine: duckdb.DuckDBPyConnection = self._local.engine
        return engine


def _type_of(conversion: Conversion) -> pa.DataType:
    return pa.string() if conversion.type in ("text", "date") else pa.float64()


def _may_be_plain(conversion: Conversion) -> bool:
    """Whether the SQL reads a number in plain writing as Arrow does."""
    is_written_alike = conversion.form == "plain" or conversion.decimal == "."
    return conversion.type == "number" and is_written_alike and conversion.missing == IN_TEXTS


def _plain_numbers(cells: pa.Array) -> pa.Array | None:
    """Read cells that are all finite numbers in plain writing, or gaps; None leaves them to the SQL."""
    kind = cells.type
    is_number = pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_boolean(kind)
    if not is_number and not pa.types.is_string(kind):
        return None
    numbers = _cast(cells)
    return _cast(_without_marks(cells)) if numbers is None else numbers


def _cast(cells: pa.Array) -> pa.Array | None:
    try:
        numbers = pc.cast(cells, pa.float64(), safe=False)
    except pa.ArrowInvalid:
        return None
    return numbers if pc.all(pc.is_finite(numbers)).as_py() is not False else None


def _without_marks(cells: pa.Array) -> pa.Array:
    if not pa.types.is_string(cells.type):
        return cells
    return pc.if_else(pc.is_in(cells, pa.array(IN_TEXTS)), None, cells)
