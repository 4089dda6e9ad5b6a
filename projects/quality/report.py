"""The quality report of a folder of clean rows: quality.html, quality.md and quality.json beside them."""

import json
import math
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from projects.quality.markdown import markdown
from projects.quality.model import Profile
from projects.quality.page import page
from projects.quality.profile import profile

FORMAT = 1


def write_report(folder: Path, *, target: str = "", title: str) -> Profile:
    """Profile rows.parquet of a folder and write the report into it.

    Args:
        folder: Holds rows.parquet, and maybe schema.json with what reading has changed.
        target: The column to predict.
        title: The report's head.

    Raises:
        BadInput: The rows cannot be read, or have no such target.
    """
    found = profile(folder / "rows.parquet", conversions(folder), target)
    (folder / "quality.html").write_text(page(found, title), encoding="utf-8")
    (folder / "quality.md").write_text(markdown(found, title), encoding="utf-8")
    told = {"format": FORMAT, "title": title, **as_dict(found)}
    (folder / "quality.json").write_text(
        json.dumps(told, ensure_ascii=False, indent=1) + "\n", encoding="utf-8"
    )
    return found


def conversions(folder: Path) -> dict[str, str]:
    """Return what reading has changed in each column, as a sentence; of none if there is no schema.json."""
    path = folder / "schema.json"
    if not path.is_file():
        return {}
    columns = json.loads(path.read_text(encoding="utf-8"))["columns"]
    return {column["name"]: said for column in columns if (said := _conversion(column))}


def as_dict(found: Profile) -> dict[str, Any]:
    """Return a profile as plain values: shares as texts for keys, and null for what is no number."""
    plain: dict[str, Any] = _plain(asdict(found))
    return plain


def _conversion(column: Mapping[str, Any]) -> str:
    said = []
    if column.get("original", column["name"]) != column["name"]:
        said.append(f"was called '{column['original']}'")
    marks = column.get("marks") or {}
    if marks:
        listed = ", ".join(
            f"{repr(mark) if mark else 'an empty cell'} ({count:,})"
            for mark, count in list(marks.items())[:4]
        )
        said.append(f"read as missing: {listed}")
    said += column.get("notes") or []
    changed = [pair for pair in column.get("examples") or [] if pair[0] != pair[1]]
    if changed and column.get("type") != "text":
        said.append(f"{changed[0][0]!r} became {changed[0][1]}")
    return "; ".join(said)


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(key): _plain(held) for key, held in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(held) for held in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value
