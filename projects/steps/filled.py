"""Every row of a clean table with its gaps filled and its outliers pulled in, by one SQL statement.

What is learned here is learned from all rows, which is right for a table and wrong for a model: a training
fits the same strategies on its training rows alone, inside the pipeline.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from projects.ingest.engine import name_of, text_of
from projects.requirement.model import Cleaning
from projects.sampling.rows_file import ROW, Kind, column_kinds, connected, fetch, row_count, scan

if TYPE_CHECKING:
    import duckdb

ALONG = {"forward_fill": "ASC", "backward_fill": "DESC"}
ROUNDING = 1e-12
AVERAGES = {"mean": "avg", "median": "median"}


@dataclass(frozen=True)
class Filled:
    """What came of a table.

    Attributes:
        original_rows: Rows before.
        cleaned_rows: Rows after.
        filled: Gaps filled, by column.
        pulled: Outliers pulled to a bound, by column.
        repeated: Rows left out because they repeat another.
    """

    original_rows: int
    cleaned_rows: int
    filled: Mapping[str, int]
    pulled: Mapping[str, int]
    repeated: int = 0


def fill(source: Path, target: Path, cleaning: Cleaning, *, keep: str = "") -> Filled:
    """Write a cleaned copy of a Parquet file.

    Args:
        source: Clean rows.
        target: The file to write, Parquet.
        cleaning: The strategies: of gaps for all columns and for single ones, and of outliers.
        keep: A column that stays as it is: the target of a model. Rows without it are left out.

    Raises:
        BadInput: The source cannot be read.
    """
    with connected() as connection:
        kinds = column_kinds(connection, source)
        table, repeated = prepared(connection, scan(source, numbered=True), kinds, cleaning, keep=keep)
        connection.execute(
            f"COPY ({table.query(list(kinds))} ORDER BY {ROW}) TO {text_of(str(target))} (FORMAT parquet)"
        )
        before, after = row_count(connection, source), row_count(connection, target)
        return Filled(before, after, table.gaps(scan(target)), table.outliers(), repeated)


def prepared(
    connection: "duckdb.DuckDBPyConnection",
    rows: str,
    kinds: Mapping[str, Kind],
    cleaning: Cleaning,
    *,
    keep: str = "",
) -> "tuple[Filling, int]":
    """Learn what fills and what bounds from rows; return that, and how many rows repeat others.

    Args:
        connection: Where the rows can be read.
        rows: SQL that can stand after FROM; it has a column ROW beside those of `kinds`.
        kinds: What each column is.
        cleaning: As for `fill`.
        keep: As for `fill`.
    """
    repeated = 0
    if cleaning.duplicates == "drop":
        rows, repeated = _without_repeats(connection, rows, list(kinds))
    if keep:
        rows = f"(SELECT * FROM {rows} WHERE {name_of(keep)} IS NOT NULL)"
    others = {name: kind for name, kind in kinds.items() if name != keep}
    return Filling(connection, rows, others, cleaning), repeated


def _without_repeats(
    connection: "duckdb.DuckDBPyConnection", rows: str, columns: Sequence[str]
) -> tuple[str, int]:
    """Return the SQL of the first of equal rows, told by two digests of 64 bits, and how many go."""
    names = ", ".join(map(name_of, columns))
    connection.execute(
        f"CREATE TEMP TABLE firsts AS SELECT min({ROW}) AS first, count(*) AS times FROM {rows}"
        f" GROUP BY hash({names}), hash('again', {names})"
    )
    repeated = int(fetch(connection, "SELECT coalesce(sum(times - 1), 0) FROM firsts")[0][0])
    return f"(SELECT * FROM {rows} WHERE {ROW} IN (SELECT first FROM firsts))", repeated


def write_lines(source: Path, target: Path) -> None:
    """Write the rows of a Parquet file as JSON lines too."""
    with connected() as connection:
        connection.execute(
            f"COPY (SELECT * FROM {scan(source)}) TO {text_of(str(target))}"
            " (FORMAT json, DATEFORMAT '%Y-%m-%d', TIMESTAMPFORMAT '%Y-%m-%dT%H:%M:%S')"
        )


@dataclass
class Filling:
    """What was learned of a table's columns, as expressions over its rows.

    Attributes:
        connection: Where the rows can be read.
        rows: SQL that can stand after FROM.
        kinds: What each column is that is filled.
        cleaning: How.
    """

    connection: "duckdb.DuckDBPyConnection"
    rows: str
    kinds: Mapping[str, Kind]
    cleaning: Cleaning

    def __post_init__(self) -> None:
        self._bounds = self._found_bounds()

    def query(self, names: Sequence[str]) -> str:
        """Write the query of these columns: the filled ones filled, any other as it is."""
        cells = {name: self.cell(name) if name in self.kinds else name_of(name) for name in names}
        selected = ", ".join(f"{cell} AS {name_of(name)}" for name, cell in cells.items())
        return f"SELECT {selected} FROM {self.rows}{self.complete()}"

    def cell(self, name: str) -> str:
        """Write the expression of a column's cells: pulled in, then filled."""
        pulled, strategy = self._pulled(name), self._strategy(name)
        if strategy == "drop":
            return pulled
        if strategy in ALONG:
            order = f"ORDER BY {ROW} {ALONG[strategy]} ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW"
            return f"last_value({pulled} IGNORE NULLS) OVER ({order})"
        return f"coalesce({pulled}, {self._fill_value(name, pulled, strategy)})"

    def complete(self) -> str:
        """Write the condition that leaves out rows with gaps where `drop` was asked for."""
        whole = [f"{name_of(name)} IS NOT NULL" for name in self.kinds if self._strategy(name) == "drop"]
        return f" WHERE {' AND '.join(whole)}" if whole else ""

    def gaps(self, written: str) -> dict[str, int]:
        """Count the gaps that were filled: those before, without the ones that nothing could fill."""
        conditions = {name: f"{name_of(name)} IS NULL" for name in self.kinds}
        before = self._counts(conditions, f"{self.rows}{self.complete()}")
        after = self._counts(conditions, written)
        return {name: before[name] - after[name] for name in conditions if before[name] > after[name]}

    def outliers(self) -> dict[str, int]:
        """Count the numbers that were pulled in."""
        beyond = {
            name: f"{name_of(name)} < {low!r} OR {name_of(name)} > {high!r}"
            for name, (low, high) in self._bounds.items()
        }
        counts = self._counts(beyond, f"{self.rows}{self.complete()}")
        return {name: count for name, count in counts.items() if count}

    def _strategy(self, name: str) -> str:
        column = self.cleaning.columns.get(name)
        return (column and column.missing_strategy) or self.cleaning.missing_strategy

    def _pulled(self, name: str) -> str:
        if name not in self._bounds:
            return name_of(name)
        low, high = self._bounds[name]
        quoted = name_of(name)  # without the condition a gap would become a bound
        return f"CASE WHEN {quoted} IS NOT NULL THEN least(greatest({quoted}, {low!r}), {high!r}) END"

    def _fill_value(self, name: str, pulled: str, strategy: str) -> str:
        if self.kinds[name] == "number" and strategy in AVERAGES:
            return f"(SELECT {AVERAGES[strategy]}({pulled}) FROM {self.rows})"
        held = f"SELECT {pulled} AS cell FROM {self.rows}"
        return (
            f"(SELECT cell FROM ({held}) WHERE cell IS NOT NULL"
            " GROUP BY cell ORDER BY count(*) DESC, cell LIMIT 1)"
        )

    def _found_bounds(self) -> dict[str, tuple[float, float]]:
        method, threshold = self.cleaning.outlier_method, self.cleaning.outlier_threshold
        names = [name for name, kind in self.kinds.items() if kind == "number"]
        if method == "none" or not names:
            return {}
        ask = {"iqr": _quartiles, "zscore": _deviations}[method]
        found = iter(
            fetch(self.connection, f"SELECT {', '.join(ask(name_of(n)) for n in names)} FROM {self.rows}")[0]
        )
        bounds = {}
        for name, (first, second) in zip(names, zip(found, found, strict=True), strict=True):
            if first is None or second is None:
                continue
            spread = second - first if method == "iqr" else second
            if spread <= ROUNDING * max(abs(first), abs(second)):  # any other value would be an outlier
                continue
            low, high = (first, second) if method == "iqr" else (first, first)
            bounds[name] = (float(low - threshold * spread), float(high + threshold * spread))
        return bounds

    def _counts(self, conditions: Mapping[str, str], source: str) -> dict[str, int]:
        if not conditions:
            return {}
        cells = ", ".join(f"count(*) FILTER ({condition})" for condition in conditions.values())
        row: Any = fetch(self.connection, f"SELECT {cells} FROM {source}")[0]
        return {name: int(count) for name, count in zip(conditions, row, strict=True)}


def _quartiles(name: str) -> str:
    return f"quantile_cont({name}, 0.25), quantile_cont({name}, 0.75)"


def _deviations(name: str) -> str:
    return f"avg({name}), stddev_pop({name})"
