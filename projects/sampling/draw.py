"""The rows of a sample: the same seed draws the same rows, without shuffling the table.

A row's place in the lot is the hash of its position and the seed: a smaller sample is part of a larger one.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from projects.errors import BadInput
from projects.hints import did_you_mean
from projects.ingest.engine import name_of
from projects.sampling.decide import Decision
from projects.sampling.frame import chosen, frame_of, read_frame
from projects.sampling.rows_file import ROW, Kind, column_kinds, connected, fetch, row_count, scan
from projects.sampling.strata import quotas, stratum

if TYPE_CHECKING:
    import duckdb


def draw(
    rows_parquet: Path,
    decision: Decision,
    *,
    target: str,
    columns: Sequence[str] | None = None,
    say: Callable[[str], None] = lambda _: None,
) -> pd.DataFrame:
    """Read the rows that were decided on, as `frame_of` reads all.

    Args:
        rows_parquet: The file.
        decision: How many, and how.
        target: The column to predict; a stratified sample keeps its shares.
        columns: Which columns; by default all.
        say: Told what was assumed.

    Returns:
        In the file's order; for `time_based` in time order. The index is each row's position in the file.

    Raises:
        BadInput: The file cannot be read, or a column is not there.
    """
    if not decision.is_sample and decision.strategy != "time_based":
        return frame_of(rows_parquet, columns)
    with connected() as connection:
        kinds = column_kinds(connection, rows_parquet)
        read = chosen(connection, rows_parquet, columns)
        picked = _picked(_Source(connection, rows_parquet, kinds), decision, target, say)
        connection.execute(f"CREATE TEMP TABLE drawn AS {picked}")
        query = (
            f"SELECT rows.* FROM {scan(rows_parquet, numbered=True)} rows"
            f" JOIN drawn ON rows.{ROW} = drawn.row ORDER BY drawn.place"
        )
        frame = read_frame(connection, query, {**read, ROW: "number"}, decision.rows)
        return frame.set_index(frame.pop(ROW).astype("int64").to_numpy())


@dataclass(frozen=True)
class _Source:
    connection: "duckdb.DuckDBPyConnection"
    path: Path
    kinds: Mapping[str, Kind]


def _picked(source: _Source, decision: Decision, target: str, say: Callable[[str], None]) -> str:
    """Return the SQL of the rows' positions, and of the order they are wanted in."""
    if decision.strategy == "time_based":
        return _newest(source, decision, say)
    if decision.strategy == "stratified" and target:
        return _stratified(source, decision, target)
    if decision.strategy == "stratified":
        say("no target is named to keep the shares of: the sample is drawn at random")
    return _random(row_count(source.connection, source.path), decision)


def lot(row: str, seed: int) -> str:
    """Return the SQL of a row's place in the lot, from its position."""
    return f"hash({row}, {seed})"


def _random(rows: int, decision: Decision) -> str:
    return (
        f"SELECT row, row AS place FROM (SELECT range AS row FROM range({rows})"
        f" ORDER BY {lot('range', decision.seed)}, row LIMIT {decision.rows})"
    )


def _stratified(source: _Source, decision: Decision, target: str) -> str:
    connection, path, kinds = source.connection, source.path, source.kinds
    if target not in kinds:
        raise BadInput(f"there is no column '{target}' to keep the shares of; {did_you_mean(target, kinds)}")
    layer = stratum(connection, path, target, kinds[target])
    rows = f"SELECT {ROW} AS row, {layer} AS layer FROM {scan(path, numbered=True)}"
    counts = fetch(
        connection, f"SELECT layer, count(*) FROM ({rows}) WHERE layer IS NOT NULL GROUP BY 1 ORDER BY 1"
    )
    quota = quotas([count for _, count in counts], decision.rows)
    connection.execute("CREATE TEMP TABLE quota (layer VARCHAR, rows BIGINT)")
    pairs = [(layer, rows) for (layer, _), rows in zip(counts, quota, strict=True)]
    if pairs:
        connection.executemany("INSERT INTO quota VALUES (?, ?)", pairs)
    return (
        f"SELECT ranked.row, ranked.row AS place FROM (SELECT row, layer, row_number() OVER"
        f" (PARTITION BY layer ORDER BY {lot('row', decision.seed)}, row) AS rank FROM ({rows})) ranked"
        " JOIN quota ON ranked.layer = quota.layer WHERE ranked.rank <= quota.rows"
    )


def _newest(source: _Source, decision: Decision, say: Callable[[str], None]) -> str:
    time = _time_column(decision, source.kinds, say)
    key = f"{name_of(time)} DESC NULLS LAST, " if time else ""
    return (
        "SELECT row, row_number() OVER (ORDER BY place DESC) AS place FROM (SELECT row, row_number() OVER"
        f" (ORDER BY {key}row DESC) AS place FROM (SELECT {f'{name_of(time)}, ' if time else ''}{ROW} AS row"
        f" FROM {scan(source.path, numbered=True)})) WHERE place <= {decision.rows}"
    )


def _time_column(decision: Decision, kinds: Mapping[str, Kind], say: Callable[[str], None]) -> str | None:
    if decision.time_column is not None:
        if decision.time_column not in kinds:
            found = did_you_mean(decision.time_column, kinds)
            raise BadInput(
                f"there is no column '{decision.time_column}' to order the rows in time by; {found}"
            )
        return decision.time_column
    dates = [name for name, kind in kinds.items() if kind == "date"]
    if len(dates) == 1:
        say(f"no time column is named: the newest rows are those by '{dates[0]}', the only date")
        return dates[0]
    several = f" (it may be one of {', '.join(dates)})" if dates else ""
    say(
        "no time column is named: the last rows of the table are taken for the newest; name one with"
        f" sampling.time_column{several}"
    )
    return None
