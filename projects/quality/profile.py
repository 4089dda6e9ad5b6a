"""The profile of a table: DuckDB counts every row in bounded memory, a small frame shows what relates.

rows file -> presence of each column -> numbers, texts, dates -> duplicates -> an even frame of bounded size
-> relations with the target, twins, leakage -> findings.
"""

import re
from collections.abc import Mapping
from pathlib import Path

import pandas as pd

from projects.quality.date_columns import date_profiles
from projects.quality.distinct import Presence, presences, top_values
from projects.quality.duplicates import duplicates, duplicates_but_ids
from projects.quality.findings import findings
from projects.quality.leakage import suspects
from projects.quality.model import ColumnProfile, Profile, Suspect, TargetProfile
from projects.quality.number_columns import number_profiles
from projects.quality.relations import twins
from projects.quality.table import Table, opened
from projects.quality.target_profile import check_target, target_profile, task_of
from projects.quality.text_columns import text_profiles
from projects.sampling.frame import read_frame

RELATED_ROWS = 20_000
RELATED_CELLS = 2_000_000
ID_LIKE = 0.99
"""The share of a column's values that are distinct from which on it is taken for an id."""
CALLED_ID = re.compile(r"(?:^|[\W_])(?:id|key|uuid)$|(?<=[a-z])I[dD]$", re.ASCII)
FEWEST_IDS = 20
ID_LENGTH = 40.0
"""Marks on average; longer texts are notes or titles."""
SEED = 7


def profile(rows_parquet: Path, schema: Mapping[str, str] | None = None, target: str = "") -> Profile:
    """Profile a table.

    Args:
        rows_parquet: The rows.
        schema: How columns were converted when they were read, as a sentence by column.
        target: The column to predict; without it nothing is said of leakage and classes.

    Raises:
        BadInput: The file cannot be read, or has no such target.
    """
    with opened(rows_parquet) as table:
        check_target(table, target)
        presence = presences(table)
        columns = _columns(table, presence, schema or {})
        ids = [column.name for column in columns if column.is_id_like and column.name != target]
        frame = _frame(table)
        about, suspected = _of_target(table, target, presence, frame)
        found = Profile(
            rows=table.rows,
            columns=columns,
            duplicates=duplicates(table),
            duplicates_but_ids=duplicates_but_ids(table, ids),
            target=about,
            twins=twins(
                frame.drop(columns=[target] if target else []),
                {name: held.distinct for name, held in presence.items()},
            ),
            suspects=suspected,
            findings=(),
            sampled_rows=table.sampled_rows,
            related_rows=len(frame),
        )
    return Profile(**{**vars(found), "findings": findings(found)})


def _columns(
    table: Table, presence: Mapping[str, Presence], schema: Mapping[str, str]
) -> tuple[ColumnProfile, ...]:
    numbers = number_profiles(table, table.named("number", "boolean"))
    texts = text_profiles(table, presence)
    dates = date_profiles(table, presence)
    detailed = set(table.detailed)
    columns = []
    for name, kind in table.kinds.items():
        column = ColumnProfile(
            name=name,
            kind=kind,
            rows=table.rows,
            missing=table.rows - presence[name].held,
            distinct=presence[name].distinct,
            distinct_error=presence[name].error,
            top=top_values(table, name, presence[name]) if name in detailed else (),
            numbers=numbers.get(name),
            texts=texts.get(name),
            dates=dates.get(name),
            note=schema.get(name, ""),
        )
        columns.append(ColumnProfile(**{**vars(column), "is_id_like": _is_id_like(column)}))
    return tuple(columns)


def _is_id_like(column: ColumnProfile) -> bool:
    """Whether values hardly ever repeat, and are short texts, close whole numbers, or called an id."""
    held = column.rows - column.missing
    if held < FEWEST_IDS or column.distinct < ID_LIKE * held:
        return False
    if column.texts is not None:
        return column.texts.mean_length <= ID_LENGTH
    numbers = column.numbers
    if column.kind != "number" or numbers is None or not numbers.is_whole or column.missing:
        return False
    return numbers.max - numbers.min + 1 <= 2 * held or bool(CALLED_ID.search(column.name))


def _frame(table: Table) -> pd.DataFrame:
    """Read an even part of the sample, of bounded size."""
    wanted = min(RELATED_ROWS, max(RELATED_CELLS // len(table.kinds), 200))
    if table.sampled_rows <= wanted:
        return read_frame(table.connection, f"SELECT * FROM {table.sample}", table.kinds, table.sampled_rows)
    step = table.sampled_rows // wanted
    query = (
        f"SELECT * FROM (SELECT *, row_number() OVER () AS penstock_row FROM {table.sample})"
        f" WHERE penstock_row % {step} = 0"
    )
    return read_frame(table.connection, query, table.kinds, table.sampled_rows // step + 1)


def _of_target(
    table: Table, target: str, presence: Mapping[str, Presence], frame: pd.DataFrame
) -> tuple[TargetProfile | None, tuple[Suspect, ...]]:
    if not target:
        return None, ()
    task = task_of(table, target, presence[target])
    about = target_profile(table, target, presence[target], frame, task)
    if presence[target].distinct < 2:
        return about, ()
    others = frame.drop(columns=target)
    return about, suspects(others, frame[target].to_numpy(), task, seed=SEED)
