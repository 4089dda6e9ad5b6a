"""What a clean folder says of its columns: schema.json, which prediction reads to convert new rows alike."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from projects.errors import BadInput
from projects.ingest.convert import ColumnType, Conversion
from projects.ingest.plan import Plan, PlannedColumn

FORMAT = 1


@dataclass(frozen=True)
class ColumnSchema:
    """A column of a clean table.

    Attributes:
        name: Its name.
        original: Its name in the files.
        table: The table that it comes from.
        type: What its values are.
        sql_type: Their type in rows.parquet.
        conversion: How cells become values.
        missing: Cells without a value before any row was dropped.
        odd: Cells among these that held something which is no such value.
        marks: Texts among these that stand for a gap, and how often.
        examples: Some cells as they came, and their values.
        notes: What a person should know.
    """

    name: str
    original: str
    table: str
    type: ColumnType
    sql_type: str
    conversion: Conversion
    missing: int
    odd: int
    marks: Mapping[str, int]
    examples: tuple[tuple[str, str], ...]
    notes: tuple[str, ...]


def columns_of(plan: Plan) -> tuple[ColumnSchema, ...]:
    """Give the schema of the columns that a plan keeps."""
    return tuple(_column(column) for column in plan.kept)


def _column(column: PlannedColumn) -> ColumnSchema:
    reading, conversion = column.reading, column.conversion
    return ColumnSchema(
        column.name,
        reading.name if reading else column.original,
        column.column.table,
        conversion.type,
        conversion.sql_type,
        conversion,
        reading.missing if reading else 0,
        reading.odd if reading else 0,
        dict(reading.marks) if reading else {},
        reading.examples if reading else (),
        column.notes,
    )


def write_schema(path: Path, table: str, rows: int, target: str, columns: tuple[ColumnSchema, ...]) -> None:
    """Write schema.json."""
    told = {
        "format": FORMAT,
        "table": table,
        "rows": rows,
        "target": target,
        "columns": [_told(column) for column in columns],
    }
    path.write_text(json.dumps(told, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


def _told(column: ColumnSchema) -> dict[str, Any]:
    return {
        "name": column.name,
        "original": column.original,
        "table": column.table,
        "type": column.type,
        "sql_type": column.sql_type,
        "conversion": column.conversion.to_dict(),
        "missing": column.missing,
        "odd": column.odd,
        "marks": dict(column.marks),
        "examples": [list(pair) for pair in column.examples],
        "notes": list(column.notes),
    }


def read_schema(folder: Path) -> tuple[ColumnSchema, ...]:
    """Read the columns of a clean folder.

    Raises:
        BadInput: The folder is none.
    """
    path = folder / "schema.json"
    try:
        told = json.loads(path.read_text("utf-8"))
        return tuple(_read(column) for column in told["columns"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise BadInput(f"'{folder}' is no folder of clean rows; {error}") from error


def _read(told: Mapping[str, Any]) -> ColumnSchema:
    examples = tuple((str(raw), str(value)) for raw, value in told["examples"])
    return ColumnSchema(
        told["name"], told["original"], told["table"], told["type"], told["sql_type"],
        Conversion.from_dict(told["conversion"]), told["missing"], told["odd"], told["marks"], examples,
        tuple(told["notes"]),
    )  # fmt: skip


def conversions_of(columns: tuple[ColumnSchema, ...]) -> dict[str, Conversion]:
    """Give the conversions by the columns' names in raw files and, where it differs, by their own names."""
    return {column.original: column.conversion for column in columns} | {
        column.name: column.conversion for column in columns
    }
