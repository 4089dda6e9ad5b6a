"""How a column's cells become values: one conversion a column, the same in training and in prediction.

It is written as SQL once. A frame is converted by running that SQL over it: both ways agree by construction.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from typing import TYPE_CHECKING, Any, Literal

from projects.errors import BadInput
from projects.hints import did_you_mean
from projects.ingest import date_formats, styled
from projects.ingest.engine import is_one_of, name_of
from projects.ingest.marks import IN_TEXTS, is_mark_sql
from projects.ingest.raw import TEXT

if TYPE_CHECKING:
    import pandas as pd

ColumnType = Literal["number", "text", "date", "boolean"]
TYPES: tuple[ColumnType, ...] = ("number", "text", "date", "boolean")
Form = Literal["plain", "styled", "iso", "formats", "words"]
TRUE_WORDS, FALSE_WORDS = ("t", "true"), ("f", "false")
YES_WORDS, NO_WORDS = ("yes", "y", "1"), ("no", "n", "0")
NUMBERS = frozenset(("BIGINT", "DOUBLE"))


@dataclass(frozen=True)
class Conversion:
    """How the cells of a column are read.

    Attributes:
        type: What they become.
        form: How they are written: `plain` numbers and texts, `styled` numbers with currencies, percents and
            thousands, `iso` dates, dates in `formats`, booleans as `words`.
        decimal: The mark before the decimals of styled numbers.
        whole: Whether all numbers are whole (BIGINT, else DOUBLE).
        has_time: Whether dates have a time of day (TIMESTAMP, else DATE).
        formats: Of dates, in the order in which they are tried.
        true: The words for true, in lower case.
        false: The words for false.
        missing: The texts that stand for a gap.
    """

    type: ColumnType
    form: Form = "plain"
    decimal: Literal[".", ","] = "."
    whole: bool = False
    has_time: bool = False
    formats: tuple[str, ...] = ()
    true: tuple[str, ...] = TRUE_WORDS
    false: tuple[str, ...] = FALSE_WORDS
    missing: tuple[str, ...] = IN_TEXTS

    @property
    def sql_type(self) -> str:
        """The DuckDB type of the values."""
        if self.type == "number":
            return "BIGINT" if self.whole else "DOUBLE"
        if self.type == "date":
            return "TIMESTAMP" if self.has_time else "DATE"
        return "BOOLEAN" if self.type == "boolean" else TEXT

    def sql(self, column: str, kind: str = TEXT, *, has_marks: bool = True) -> str:
        """Write the SQL that converts a column.

        Args:
            column: The column's SQL.
            kind: Its DuckDB type.
            has_marks: False spares the look for marks of gaps, where a count has shown that there are none.
        """
        if kind != TEXT:
            return self._from_typed(column, kind)
        if self.type == "text":
            marks = is_mark_sql(column, self.missing, folds=False)
            return f"(CASE WHEN {marks} THEN NULL ELSE {column} END)" if has_marks else column
        value = self.value_sql(column, is_guarded=has_marks)
        if self.missing != IN_TEXTS and has_marks:
            value = f"(CASE WHEN {is_mark_sql(column, self.missing, folds=False)} THEN NULL ELSE {value} END)"
        return f"CAST({value} AS {self.sql_type})" if self.type != "boolean" else value

    def value_sql(self, column: str, *, is_guarded: bool = True) -> str:
        """Write the value of a text, NULL where it is none of this type."""
        if self.type == "text":
            return column
        if self.type == "number":
            return self._number_sql(column, is_guarded=is_guarded)
        if self.type == "date":
            iso = date_formats.iso_sql(column)
            return (
                iso
                if self.form == "iso"
                else f"coalesce({date_formats.value_sql(column, self.formats)}, {iso})"
            )
        return self._truth_sql(column)

    def _number_sql(self, column: str, *, is_guarded: bool) -> str:
        if self.form == "styled":
            return finite(styled.value_sql(column, self.decimal))
        number = f"TRY_CAST({column} AS {self.sql_type})"
        if not is_guarded:
            return number
        return (
            f"(CASE WHEN {PLAIN_GUARD.format(x=column)} THEN {number if self.whole else finite(number)} END)"
        )

    def _truth_sql(self, column: str) -> str:
        cell = f"lower(trim({column}))"
        true, false = is_one_of(cell, self.true), is_one_of(cell, self.false)
        return f"(CASE WHEN {true} THEN true WHEN {false} THEN false END)"

    def _from_typed(self, column: str, kind: str) -> str:
        if self.type == "text":
            return f"CAST({column} AS VARCHAR)" if kind != "DOUBLE" else double_text(column)
        if self.type == "number" and kind in {*NUMBERS, "BOOLEAN"}:
            value = f"CAST({column} AS {self.sql_type})"
            return finite(value) if kind == "DOUBLE" and not self.whole else value
        if self.type == "date" and kind in {"DATE", "TIMESTAMP"}:
            return f"CAST({column} AS {self.sql_type})"
        if self.type == "boolean" and kind == "BOOLEAN":
            return column
        return self.sql(self._from_typed_text(column, kind))

    @staticmethod
    def _from_typed_text(column: str, kind: str) -> str:
        return double_text(column) if kind == "DOUBLE" else f"CAST({column} AS VARCHAR)"

    def to_dict(self) -> dict[str, Any]:
        """Give the conversion as JSON holds it."""
        return {
            name: list(value) if isinstance(value, tuple) else value for name, value in asdict(self).items()
        }

    @classmethod
    def from_dict(cls, told: Mapping[str, Any]) -> "Conversion":
        """Read a conversion from JSON.

        Raises:
            BadInput: It has a key or a type that is not known.
        """
        known = [field.name for field in fields(cls)]
        for key in told:
            if key not in known:
                raise BadInput(f"a conversion has no '{key}'; {did_you_mean(key, known)}")
        if told.get("type") not in TYPES:
            raise BadInput(f"a conversion's type must be one of {', '.join(TYPES)}, not {told.get('type')!r}")
        given: dict[str, Any] = {
            key: tuple(value) if isinstance(value, list) else value for key, value in told.items()
        }
        return cls(**given)


PLAIN_GUARD = "NOT contains({x}, '_')"
"""DuckDB takes 1_000 for a number; people write such only in names."""


def finite(number: str) -> str:
    """Write a number that is NULL where it is infinite or not a number."""
    return f"(CASE WHEN isfinite({number}) THEN {number} END)"


def double_text(column: str) -> str:
    """Write a DOUBLE as text, whole ones without a point."""
    return (
        f"(CASE WHEN {column} = trunc({column}) AND abs({column}) < 1e15"
        f" THEN CAST(CAST({column} AS BIGINT) AS VARCHAR) ELSE CAST({column} AS VARCHAR) END)"
    )


def convert_frame(frame: "pd.DataFrame", conversions: Mapping[str, Conversion]) -> "pd.DataFrame":
    """Convert a frame of raw cells as the columns of a clean table were.

    Args:
        frame: Cells as files hold them: texts, or numbers, truths and dates.
        conversions: By column; other columns stay as they are, columns that the frame lacks are passed over.

    Returns:
        A frame of the same rows and columns: numbers as float64 (NaN where missing), texts as objects
        (str or None), dates as ISO texts, truths as objects (bool or None).
    """
    import duckdb
    import pandas as pd

    asked = [name for name in frame.columns if name in conversions]
    if not asked or frame.empty:
        return frame.copy()
    columns = {f"c{at}": _cells(frame[name]) for at, name in enumerate(asked)}
    exprs = []
    with duckdb.connect(config={"threads": "1"}) as engine:
        engine.execute("SET TimeZone = 'UTC'")
        raw = _arrow(columns)
        engine.register("raw", raw)
        kinds = {row[0]: row[1] for row in engine.execute("DESCRIBE raw").fetchall()}
        for at, name in enumerate(asked):
            exprs.append(f"{served_sql(conversions[name], name_of(f'c{at}'), str(kinds[f'c{at}']))} AS c{at}")
        done = engine.sql(f"SELECT {', '.join(exprs)} FROM raw").to_arrow_table()
    out = {name: _series(done.column(f"c{at}"), conversions[name]) for at, name in enumerate(asked)}
    return pd.DataFrame(
        {name: out.get(name, frame[name].reset_index(drop=True)) for name in frame.columns}
    ).set_index(frame.index)


def served_sql(conversion: Conversion, column: str, kind: str) -> str:
    """Write the conversion of rows to come: a number may have decimals that no row of training had."""
    if conversion.type == "number":
        wide = Conversion.from_dict(conversion.to_dict() | {"whole": False})
        return wide.sql(column, kind)
    value = conversion.sql(column, kind)
    if conversion.type == "date":
        form = "%Y-%m-%dT%H:%M:%S" if conversion.has_time else "%Y-%m-%d"
        return f"strftime({value}, '{form}')"
    return value


def _cells(column: "pd.Series[Any]") -> Any:
    import pyarrow as pa

    from projects.ingest.staging import as_text

    if column.dtype.kind in "iu":
        return pa.array(column.to_numpy(), pa.int64())
    if column.dtype.kind == "f":
        return pa.array(column.to_numpy(dtype="float64"), pa.float64(), from_pandas=True)
    if column.dtype.kind == "b":
        return pa.array(column.to_numpy(dtype="bool"), pa.bool_())
    return pa.array([as_text(cell) for cell in column], pa.string())


def _arrow(columns: Mapping[str, Any]) -> Any:
    import pyarrow as pa

    return pa.table(dict(columns))


def _series(column: Any, conversion: Conversion) -> "pd.Series[Any]":
    import numpy as np
    import pandas as pd

    if conversion.type == "number":
        return pd.Series(column.to_numpy(zero_copy_only=False).astype("float64"))
    cells = np.empty(len(column), dtype="object")
    cells[:] = column.to_pylist()
    return pd.Series(cells, dtype="object")


def convert_columns(
    names: Sequence[str], kinds: Sequence[str], conversions: Sequence[Conversion], marked: Sequence[bool]
) -> list[str]:
    """Write the SELECT list that converts raw columns c0, c1 ... into named ones."""
    return [
        f"{conversion.sql(f'c{at}', kinds[at], has_marks=marked[at])} AS {name_of(names[at])}"
        for at, conversion in enumerate(conversions)
    ]
