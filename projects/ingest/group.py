"""Which raw tables are one table: copies are left out, equal and nearly equal columns are stacked."""

from collections.abc import Sequence
from dataclasses import dataclass

from projects.counted import counted
from projects.ingest.infer import infer
from projects.ingest.raw import RawTable, Skipped
from projects.ingest.table import Table, stack
from projects.ingest.words import listed
from projects.ingest.workspace import Workspace

NEAR = 0.7
"""The share of all columns that two files must both have to be stacked."""
CONTAINED = 0.5
"""The same, where one file's columns are all among the other's."""
SAME_TABLE = 2 / 3
"""The share of columns that two formats of one table must have in common."""
FORMATS = ("parquet", "sas7bdat", "xport", "xlsx", "xls", "ods", "database", "json", "csv", "tsv")
"""Which of several copies is kept: the one whose format knows most of types."""


@dataclass(frozen=True)
class Grouped:
    """Tables, and what was left out on the way to them."""

    tables: tuple[Table, ...]
    skipped: tuple[Skipped, ...]


def group(found: Sequence[RawTable], source_name: str, target: str, work: Workspace) -> Grouped:
    """Make tables of raw tables, in the order of their names."""
    distinct, copies = _without_copies(found)
    kept, formats = _without_formats(distinct, work)
    clusters: list[list[RawTable]] = []
    for raw in kept:
        near = max(clusters, key=lambda cluster: _closeness(raw, cluster), default=None)
        if near is not None and _closeness(raw, near) > 0:
            near.append(raw)
        else:
            clusters.append([raw])
    tables: list[Table] = []
    untargeted: list[Skipped] = []
    for cluster in clusters:
        parts, left_out = _with_target(cluster, target)
        untargeted += left_out
        name = _stack_name(parts, source_name, is_all=len(clusters) == 1)
        tables.append(_stacked(_free(name, tables), parts))
    return Grouped(tuple(tables), (*copies, *formats, *untargeted))


def _without_copies(found: Sequence[RawTable]) -> tuple[list[RawTable], list[Skipped]]:
    kept: dict[tuple[str, str, tuple[str, ...]], RawTable] = {}
    copies: list[Skipped] = []
    for raw in found:
        shown = raw.facts.shown
        part = shown[max(shown.rfind("#"), shown.rfind("!")) :] if "#" in shown or "!" in shown else ""
        first = kept.setdefault((raw.facts.sha256, part, raw.names), raw)
        if first is not raw:
            copies.append(Skipped(shown, f"it is a copy of '{first.facts.shown}'"))
    return list(kept.values()), copies


def _without_formats(found: Sequence[RawTable], work: Workspace) -> tuple[list[RawTable], list[Skipped]]:
    """Leave out tables that hold the same cells as another one in another format."""
    ranked = sorted(found, key=lambda raw: (_rank(raw), -len(raw.names)))
    kept: list[RawTable] = []
    same: list[Skipped] = []
    prints: dict[int, dict[str, tuple[str, str]]] = {}
    for raw in ranked:
        twin = next((other for other in kept if _is_same(raw, other, prints, work)), None)
        if twin is None:
            kept.append(raw)
        else:
            reason = f"it holds the same {counted(raw.facts.rows, 'row')} as '{twin.facts.shown}'"
            same.append(Skipped(raw.facts.shown, reason))
    return [raw for raw in found if any(raw is other for other in kept)], same


def _rank(raw: RawTable) -> int:
    last = raw.facts.format.rsplit(" ", 1)[-1]
    return FORMATS.index(last) if last in FORMATS else len(FORMATS)


def _is_same(
    one: RawTable, other: RawTable, prints: dict[int, dict[str, tuple[str, str]]], work: Workspace
) -> bool:
    if one.facts.rows != other.facts.rows or one.facts.format == other.facts.format:
        return False
    shared = _keys(one) & _keys(other)
    if len(shared) < max(SAME_TABLE * min(len(one.names), len(other.names)), 1):
        return False
    ours, theirs = (prints.setdefault(id(raw), {}) or _prints(raw, prints, work) for raw in (one, other))
    return all(ours[key] == theirs[key] for key in shared)


def _prints(
    raw: RawTable, prints: dict[int, dict[str, tuple[str, str]]], work: Workspace
) -> dict[str, tuple[str, str]]:
    """Tell each column's type and a sum over its cells that no order changes."""
    table = stack(raw.name, [raw])
    readings = infer(table, {}, "", work)
    sums = []
    for at, reading in enumerate(readings):
        value = reading.conversion.sql(f"c{at}", reading.kind)
        cell = (
            f"CAST({value} AS DOUBLE)"
            if reading.conversion.type == "number"
            else f"trim(CAST({value} AS VARCHAR))"
        )
        sums.append(f"CAST(sum(CAST(hash({cell}) AS HUGEINT)) AS VARCHAR)")
    row = work.rows(f"SELECT {', '.join(sums)} FROM ({table.sql})")[0]
    prints[id(raw)] = {
        reading.name.casefold(): (reading.conversion.type, str(total))
        for reading, total in zip(readings, row, strict=True)
    }
    return prints[id(raw)]


def _closeness(raw: RawTable, cluster: Sequence[RawTable]) -> float:
    """How near a raw table is to a cluster: the shared part of all columns, 0 if it is too small."""
    ours, theirs = _keys(raw), frozenset().union(*(_keys(part) for part in cluster))
    if ours == theirs:
        return 1.0
    if all(key.startswith("column_") for key in ours | theirs):
        return 0.0
    shared = len(ours & theirs)
    share = shared / len(ours | theirs)
    is_contained = ours <= theirs or theirs <= ours
    return share if share >= NEAR or (is_contained and share >= CONTAINED and shared > 1) else 0.0


def _keys(raw: RawTable) -> frozenset[str]:
    return frozenset(name.casefold() for name in raw.names)


def _with_target(parts: list[RawTable], target: str) -> tuple[list[RawTable], list[Skipped]]:
    """Leave out the files of a table that lack the target, if others have it."""
    key = target.casefold()
    having = [part for part in parts if key in _keys(part)]
    if not target or not having or len(having) == len(parts):
        return parts, []
    reason = (
        f"it has no column '{target}', the target, unlike {listed([part.facts.shown for part in having], 3)}"
    )
    return having, [Skipped(part.facts.shown, reason) for part in parts if part not in having]


def _stacked(name: str, parts: Sequence[RawTable]) -> Table:
    table = stack(name, parts)
    if len(parts) == 1:
        return table
    shown = listed([part.facts.shown for part in parts], 3)
    told = [
        f"{len(parts)} tables of the same columns are one, '{name}', of {counted(table.rows, 'row')}: {shown}"
    ]
    for part in parts:
        lacking = [column for column in table.names if column.casefold() not in _keys(part)]
        if lacking:
            told.append(f"{part.facts.shown} has no {listed(lacking)}; its rows have gaps there")
    return Table(table.name, table.parts, table.names, table.kinds, (*told, *table.notices))


def _stack_name(parts: Sequence[RawTable], source_name: str, *, is_all: bool) -> str:
    if len(parts) == 1:
        return parts[0].name
    low, high = min(part.name for part in parts), max(part.name for part in parts)
    same = next((at for at, letter in enumerate(low) if high[at : at + 1] != letter), len(low))
    common = low[:same].rstrip("_-. 0123456789")
    return source_name if is_all and source_name else common if len(common) >= 3 else parts[0].name


def _free(name: str, tables: Sequence[Table]) -> str:
    taken = {table.name.casefold() for table in tables}
    number, free = 2, name
    while free.casefold() in taken:
        free, number = f"{name}_{number}", number + 1
    return free
