"""Labelled rows as the service logged them become clean rows: by training's own conversions, oldest first.

A row counts if the version knows its label. Rows may be handed over again, and outcomes may come late: which
of them the version has learned already is told by their digests.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from projects.counted import agreeing, counted
from projects.errors import BadInput
from projects.hints import did_you_mean, shown
from projects.ingest.convert import Conversion
from projects.ingest.engine import files_of, name_of, text_of
from projects.ingest.schema import ColumnSchema
from projects.quality.rules import check_rules, refuse_broken, rule_predicates
from projects.requirement.sections import Rule
from projects.sampling.rows_file import NUMBERS, connected, fetch, kind_of, scan

if TYPE_CHECKING:
    import duckdb

TIME = "penstock_ts"
"""When each row was predicted: a timestamp, or seconds since 1970."""
DIGEST = "penstock_digest"
"""Of a row's time and inputs, without its label, which may change."""
LEARNED = "penstock_learned"
"""Whether the version has learned the row."""
MOST_STRANGE = 0.2
"""From this share of labels that the version does not know on, the question itself has changed."""
SHOWN = 3
Say = Callable[[str], None]


@dataclass(frozen=True)
class Wanted:
    """What the rows are to be.

    Attributes:
        columns: The clean columns that are learned from, with the target and those that split.
        target: The column to predict.
        classes: The labels that the version knows; None for numbers.
        known: A Parquet file with the digests of logged rows that the version has learned; None for none.
        rules: What must hold for the rows.
        time_column: The column that says when; where rows lack it, the time of their prediction stands in.
    """

    columns: Sequence[ColumnSchema]
    target: str
    classes: tuple[Any, ...] | None
    known: Path | None = None
    rules: Sequence[Rule] = ()
    time_column: str = ""


@dataclass(frozen=True)
class Arrived:
    """Rows that can be learned from.

    Attributes:
        parquet: The rows, oldest first, with `penstock_ts` as seconds since 1970 (null where not known),
            `penstock_digest` and `penstock_learned`.
        rows: How many.
        lacking: Columns that none of them has.
    """

    parquet: Path
    rows: int
    lacking: tuple[str, ...]


def read_arrivals(place: str, wanted: Wanted, output: Path, say: Say) -> Arrived:
    """Read labelled rows, and write those that count as clean rows.

    Args:
        place: A Parquet file, or a folder of them.
        wanted: What they are to be.
        output: The Parquet file to write.
        say: Hears what was left out and why.

    Raises:
        BadInput: They cannot be read, lack the target, hold too many unknown labels or break a rule.
    """
    with connected() as connection:
        source, kinds = _source(connection, place)
        if wanted.target not in kinds:
            hint = did_you_mean(wanted.target, kinds)
            raise BadInput(
                f"the new rows in '{place}' have no column '{wanted.target}', which is to be learned; {hint}"
            )
        lacking = tuple(each.name for each in wanted.columns if each.name not in kinds)
        _say_columns(lacking, kinds, wanted, say)
        time = _time(kinds)
        cells = [
            f"{_value(each, kinds, wanted.time_column)} AS {name_of(each.name)}" for each in wanted.columns
        ]
        raw = f"{name_of(wanted.target)} AS raw_label"
        query = f"SELECT {', '.join(cells)}, {time} AS {TIME}, {raw} FROM {source}"
        connection.execute(f"CREATE TEMP TABLE digested AS SELECT *, {_digest(wanted)} FROM ({query})")
        connection.execute(f"CREATE TEMP VIEW converted AS SELECT *, {_learned(wanted)} FROM digested")
        rows = _counting(connection, wanted, say)
        kept = f"SELECT * EXCLUDE raw_label FROM converted WHERE {rows} ORDER BY {TIME} NULLS FIRST"
        connection.execute(f"COPY ({kept}) TO {text_of(str(output))} (FORMAT parquet)")
    _by_rules(output, wanted, lacking, say)
    with connected() as connection:
        rows_left = int(fetch(connection, f"SELECT count(*) FROM {scan(output)}")[0][0])
    return Arrived(output, rows_left, lacking)


def _source(connection: "duckdb.DuckDBPyConnection", place: str) -> tuple[str, Mapping[str, str]]:
    """Return the SQL that reads the rows, and each column's type."""
    import duckdb

    path = Path(place)
    files = sorted(path.glob("*.parquet")) if path.is_dir() else [path]
    if not files or not files[0].is_file():
        raise BadInput(
            f"there are no newly labelled rows at '{place}'; name a Parquet file with features, target and"
            f" {TIME}"
        )
    source = f"read_parquet({files_of(files)}, union_by_name = true)"
    try:
        described = fetch(connection, f"DESCRIBE SELECT * FROM {source}")
    except duckdb.Error as error:
        why = str(error).splitlines()[0]
        raise BadInput(f"'{place}' must be Parquet that can be read; {why:.200}") from error
    return source, {str(name): str(kind) for name, kind, *_ in described}


def _say_columns(lacking: Sequence[str], kinds: Mapping[str, str], wanted: Wanted, say: Say) -> None:
    if lacking:
        say(f"the new rows have no {', '.join(map(repr, lacking))}: such cells count as missing")
    known = {each.name for each in wanted.columns}
    if len(lacking) >= len(known) - 1:
        raise BadInput(
            f"the new rows have none of the columns that are learned from, such as '{lacking[0]}';"
            f" {did_you_mean(lacking[0], kinds)}"
        )
    more = [name for name in kinds if name not in known and not name.startswith("penstock_")]
    if more:
        say(f"the new rows have {', '.join(map(repr, more[:SHOWN]))}, which the version does not take")


def _time(kinds: Mapping[str, str]) -> str:
    kind = kinds.get(TIME)
    if kind is None:
        return "CAST(NULL AS DOUBLE)"
    if kind in NUMBERS:
        return f"CAST({name_of(TIME)} AS DOUBLE)"
    return f"epoch(TRY_CAST({name_of(TIME)} AS TIMESTAMPTZ))"


def _value(column: ColumnSchema, kinds: Mapping[str, str], time_column: str) -> str:
    """Return the SQL of a cell as the clean table has it."""
    conversion, name = column.conversion, name_of(column.name)
    if column.name not in kinds:
        is_time = column.name == time_column and conversion.type == "date"
        stand_in = f"make_timestamp(CAST(1e6 * {_time(kinds)} AS BIGINT))" if is_time else "NULL"
        return f"CAST({stand_in} AS {conversion.sql_type})"
    kind = kinds[column.name]
    if conversion.type == "boolean" and kind in NUMBERS:
        return f"(CASE {name} WHEN 1 THEN true WHEN 0 THEN false END)"  # as models take it
    if conversion.type == "number":
        # A number may have decimals that no row of training had.
        conversion = Conversion.from_dict(conversion.to_dict() | {"whole": False})
    return conversion.sql(name, kind if kind_of(kind) != "text" else "VARCHAR")


def _digest(wanted: Wanted) -> str:
    """Return the SQL of a row's digest; DuckDB's own hash may change with its version."""
    inputs = [name_of(each.name) for each in wanted.columns if each.name != wanted.target]
    cells = [f"coalesce(CAST({cell} AS VARCHAR), chr(0))" for cell in (TIME, *sorted(inputs))]
    return f"md5_number_lower(concat_ws(chr(31), {', '.join(cells)})) AS {DIGEST}"


def _learned(wanted: Wanted) -> str:
    if wanted.known is None:
        return f"false AS {LEARNED}"
    return f"{DIGEST} IN (SELECT {DIGEST} FROM {scan(wanted.known)}) AS {LEARNED}"


def _counting(connection: "duckdb.DuckDBPyConnection", wanted: Wanted, say: Say) -> str:
    """Return the SQL of the rows that count, and say how many do not."""
    labelled, is_known = "raw_label IS NOT NULL", _is_known(name_of(wanted.target), wanted.classes)
    there, known = fetch(
        connection,
        f"SELECT count(*) FILTER ({labelled}), count(*) FILTER ({labelled} AND {is_known}) FROM converted",
    )[0]
    if there > known:
        examples = fetch(
            connection,
            f"SELECT CAST(raw_label AS VARCHAR) FROM converted WHERE {labelled} AND NOT {is_known}"
            f" GROUP BY 1 ORDER BY count(*) DESC, 1 LIMIT {SHOWN}",
        )
        _strange(there - known, there, [str(label) for (label,) in examples], wanted, say)
    return f"{labelled} AND {is_known}"


def _is_known(target: str, classes: tuple[Any, ...] | None) -> str:
    if classes is None:
        return f"coalesce(isfinite({target}), false)"
    if isinstance(classes[0], str):
        return f"coalesce({target} IN ({', '.join(map(text_of, map(str, classes)))}), false)"
    if isinstance(classes[0], bool):
        return f"{target} IS NOT NULL"
    return f"coalesce({target} IN ({', '.join(repr(each) for each in classes)}), false)"


def _strange(strange: int, there: int, examples: Sequence[str], wanted: Wanted, say: Say) -> None:
    named = ", ".join(shown(label) for label in examples)
    known = ", ".join(shown(label) for label in (wanted.classes or ())[:12]) or "finite numbers"
    what = f"{strange:,} of {counted(there, 'new row')}"
    if strange > MOST_STRANGE * there:
        raise BadInput(
            f"{what} {agreeing(strange, 'has')} a '{wanted.target}' that the version does not know,"
            f" such as {named} (it knows {known}); train a new model with `mlflow run . -e main`, or correct"
            " the outcomes"
        )
    say(f"{what} {agreeing(strange, 'is')} left out: the version knows no '{wanted.target}' such as"
        f" {named}")  # fmt: skip


def _by_rules(parquet: Path, wanted: Wanted, lacking: Sequence[str], say: Say) -> None:
    """Hold the rows to the requirement's rules; drop those that a rule drops.

    Raises:
        BadInput: A rule that must hold is broken.
    """
    there = {each.name for each in wanted.columns} - set(lacking)
    rules = [rule for rule in wanted.rules if rule.column in there]
    for rule in wanted.rules:
        if rule.column not in there:
            say(f"the rule of '{rule.column}' is not held to: the new rows do not have it")
    if not rules:
        return
    results = check_rules(parquet, rules)
    refuse_broken(results)
    for result in results:
        if result.broken:
            say(result.sentence)
    dropping = [result.rule for result in results if result.broken and result.rule.on_fail == "drop"]
    if dropping:
        _drop(parquet, dropping)


def _drop(parquet: Path, rules: Sequence[Rule]) -> None:
    with connected() as connection:
        kinds = {str(n): kind_of(str(k)) for n, k, *_ in
                 fetch(connection, f"DESCRIBE SELECT * FROM {scan(parquet)}")}  # fmt: skip
        holds = " AND ".join(f"({text})" for _, text in rule_predicates(rules, kinds))
        held = parquet.with_name(f"held-{parquet.name}")
        tested = f"SELECT *, {holds} AS penstock_holds FROM {scan(parquet, numbered=True)}"
        query = f"SELECT * EXCLUDE (penstock_holds, file_row_number) FROM ({tested}) WHERE penstock_holds"
        connection.execute(f"COPY ({query}) TO {text_of(str(held))} (FORMAT parquet)")
    held.replace(parquet)
