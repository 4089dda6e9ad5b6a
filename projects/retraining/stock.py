"""The rows of a retraining: a clean folder to learn from, and the newest labelled rows, held back.

The newest third of the new rows is held back, 100 rows at least and 5,000 at most, and at most half of them:
the world as it is now is what both models are asked about. Of the others the challenger learns, together with
the rows that the champion was learned from, or with nothing else where only recent days are wanted.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from projects.counted import counted
from projects.errors import BadInput
from projects.ingest.engine import name_of, text_of
from projects.ingest.lineage import digest_of, versions
from projects.ingest.publish import LINEAGE, ROWS, SCHEMA
from projects.ingest.schema import ColumnSchema, write_schema
from projects.retraining.arrivals import DIGEST, LEARNED, TIME, Arrived, Say
from projects.sampling.rows_file import ROW, connected, fetch, scan

if TYPE_CHECKING:
    import duckdb

HELD_SHARE, FEWEST_HELD, MOST_HELD = 1 / 3, 100, 5000
FEWEST_NEW = 40
"""With fewer new rows neither half says anything."""
DAY_S = 86_400.0
KNOWN = "known.parquet"
"""Digests of logged rows that a version has learned."""


@dataclass(frozen=True)
class Stock:
    """What is learned from and what is held back.

    Attributes:
        folder: Clean rows to learn from.
        held: The rows held back, a Parquet file of the same columns, oldest first.
        learned_new: How many new rows are learned from.
        held_rows: How many are held back.
        until_s: When the newest of those learned from came, in seconds since 1970; None where not known.
        known: A Parquet file with the digests of all logged rows that have been learned.
    """

    folder: Path
    held: Path
    learned_new: int
    held_rows: int
    until_s: float | None
    known: Path


def held_back(rows: int, asked: int = 0) -> int:
    """Return how many of so many new rows are held back.

    Args:
        rows: How many there are.
        asked: How many are wanted; 0 for what is usual.

    Raises:
        BadInput: There are too few rows, or too few would be left to learn from.

    >>> held_back(200), held_back(3000), held_back(90_000)
    (100, 1000, 5000)
    """
    if rows < FEWEST_NEW:
        raise BadInput(
            f"{counted(rows, 'newly labelled row')} can be learned from, and {FEWEST_NEW} are needed at"
            " least; wait for more outcomes"
        )
    if asked:
        if asked > rows - FEWEST_NEW // 2:
            raise BadInput(
                f"held_rows is {asked:,}, and of {counted(rows, 'new row')} at most"
                f" {rows - FEWEST_NEW // 2:,} can be held back; give a smaller number"
            )
        return asked
    usual = min(MOST_HELD, max(FEWEST_HELD, round(rows * HELD_SHARE)))
    return min(usual, rows // 2)


def since_of(arrived: Arrived, recent_days: float) -> float:
    """Return from when on rows are recent: so many days before the newest of them, in seconds since 1970.

    Raises:
        BadInput: The rows do not say when they came.
    """
    with connected() as connection:
        newest = fetch(connection, f"SELECT max({TIME}) FROM {scan(arrived.parquet)}")[0][0]
    if newest is None:
        raise BadInput(f"recent_days needs to know when rows came, and the new rows have no {TIME}")
    return float(newest) - recent_days * DAY_S


@dataclass(frozen=True)
class Parts:
    """What a stock is made of.

    Attributes:
        original: The rows that the champion was learned from; None for none of them.
        arrived: The new rows.
        since_s: New rows from then on alone; None for all.
        columns: The columns of both.
        target: The column to predict.
        table: The table's name.
        sources: Digests of what the rows come from, by name.
        known: A Parquet file with the digests of the logged rows among the original ones; None where there
            are none, so that new rows which the champion has learned are learned again.
    """

    original: Path | None
    arrived: Arrived
    since_s: float | None
    columns: Sequence[ColumnSchema]
    target: str
    table: str
    sources: Mapping[str, str]
    known: Path | None = None


def lay_in(parts: Parts, folder: Path, say: Say, *, held_rows: int = 0) -> Stock:
    """Write the folder to learn from, and the rows that are held back: the newest that nobody has learned.

    Args:
        parts: What it is made of.
        folder: An empty folder of this run's own.
        say: Hears what was left out.
        held_rows: How many rows are held back; 0 for what is usual.

    Raises:
        BadInput: There are too few new rows.
    """
    clean, held, known = folder / "stock", folder / "held.parquet", folder / KNOWN
    clean.mkdir()
    names = ", ".join(name_of(column.name) for column in parts.columns)
    with connected() as connection:
        learned_before = _number_new(connection, parts)
        fresh = int(fetch(connection, f"SELECT count(*) FROM new WHERE NOT {LEARNED}")[0][0])
        back = held_back(fresh, held_rows)
        connection.execute(
            f"CREATE TEMP TABLE held AS SELECT * FROM new WHERE NOT {LEARNED}"
            f" ORDER BY place DESC LIMIT {back}"
        )
        left_out = f"OR {LEARNED}" if parts.known is not None else ""
        if left_out and learned_before:
            say(f"{counted(learned_before, 'new row', 'is')} left out: the version has learned from them")
        learned = f"FROM new WHERE NOT (place IN (SELECT place FROM held) {left_out})"
        rows, until = fetch(connection, f"SELECT count(*), max({TIME}) {learned}")[0]
        both = f"SELECT {names} FROM (SELECT * {learned} ORDER BY place)"
        if parts.original is not None:
            both = f"SELECT {names} FROM {scan(parts.original)} UNION ALL BY NAME {both}"
        _write(connection, both, clean / ROWS)
        _write(connection, f"SELECT {names} FROM held ORDER BY place", held)
        digests = f"SELECT {DIGEST} {learned}"
        if parts.known is not None:
            digests += f" UNION SELECT {DIGEST} FROM {scan(parts.known)}"
        _write(connection, digests, known)
        there = int(fetch(connection, f"SELECT count(*) FROM {scan(clean / ROWS)}")[0][0])
    write_schema(clean / SCHEMA, parts.table, there, parts.target, tuple(parts.columns))
    _write_lineage(clean, parts)
    return Stock(clean, held, int(rows), back, None if until is None else float(until), known)


def _number_new(connection: "duckdb.DuckDBPyConnection", parts: Parts) -> int:
    """Give the new rows that are recent their place in time; return how many the champion has learned."""
    recent = "true" if parts.since_s is None else f"{TIME} >= {parts.since_s!r}"
    source = scan(parts.arrived.parquet, numbered=True)
    connection.execute(f"CREATE TEMP TABLE new AS SELECT *, {ROW} AS place FROM {source} WHERE {recent}")
    return int(fetch(connection, f"SELECT count(*) FROM new WHERE {LEARNED}")[0][0])


def _write(connection: "duckdb.DuckDBPyConnection", query: str, path: Path) -> None:
    connection.execute(f"COPY ({query}) TO {text_of(str(path))} (FORMAT parquet)")


def _write_lineage(folder: Path, parts: Parts) -> None:
    sources = {**parts.sources, "new rows": digest_of(parts.arrived.parquet)}
    told: dict[str, Any] = {
        "format": 2,
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
        "source": "a retraining",
        "sha256": hashlib.sha256(json.dumps(sources, sort_keys=True).encode()).hexdigest(),
        "sources": sources,
        "versions": versions(),
    }
    text = json.dumps(told, ensure_ascii=False, indent=1) + "\n"
    (folder / LINEAGE).write_text(text, encoding="utf-8")
