"""A table: raw tables of the same columns, one under the other in the order of their names."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby

from projects.ingest.convert import NUMBERS, double_text
from projects.ingest.engine import files_of
from projects.ingest.raw import TEXT, RawTable


@dataclass(frozen=True)
class Table:
    """Raw tables read as one.

    Attributes:
        name: What it is called, for joins and for a model.
        parts: The raw tables, in order.
        names: The columns: those of the first part, then what others have beside.
        kinds: Their DuckDB types; where parts disagree, text.
        notices: What a person should know of how it came to be.
    """

    name: str
    parts: tuple[RawTable, ...]
    names: tuple[str, ...]
    kinds: tuple[str, ...]
    notices: tuple[str, ...] = ()

    @property
    def rows(self) -> int:
        """How many rows the parts hold."""
        return sum(part.facts.rows for part in self.parts)

    @property
    def sql(self) -> str:
        """A SELECT of the columns c0, c1 ... of all parts."""
        return " UNION ALL ".join(self._selects(self.parts))

    def sample_sql(self, rows: int) -> str:
        """Write a SELECT of about as many rows, from the parts alike (at most 50 of them)."""
        step = max(len(self.parts) // 50, 1)
        parts = self.parts[::step]
        each = max(rows // len(parts), 1)
        return " UNION ALL ".join(
            f"(SELECT * FROM ({one}) LIMIT {each})" for p in parts for one in self._selects([p])
        )

    def select_of(self, part: RawTable, reading: str) -> str:
        """Write the SELECT of this table's columns from one of its parts, read in another way."""
        return f"SELECT {', '.join(self._exprs(part.names, part.kinds))} FROM ({reading})"

    def as_texts(self, columns: Collection[str]) -> "Table":
        """Read some columns as texts, whatever type the files gave them."""
        kinds = [TEXT if name in columns else kind for name, kind in zip(self.names, self.kinds, strict=True)]
        return replace(self, kinds=tuple(kinds))

    def _selects(self, parts: Sequence[RawTable]) -> Iterator[str]:
        for (reading, names, kinds), same in groupby(parts, key=lambda p: (p.reading, p.names, p.kinds)):
            files = files_of(path for part in same for path in part.paths)
            yield self._select(reading.format(files=files), names, kinds)

    def _select(self, source: str, names: Sequence[str], kinds: Sequence[str]) -> str:
        exprs = self._exprs(names, kinds)
        if exprs == [f"c{index} AS c{index}" for index in range(len(names))]:
            return source
        return f"SELECT {', '.join(exprs)} FROM ({source})"

    def _exprs(self, names: Sequence[str], kinds: Sequence[str]) -> list[str]:
        at = {name.casefold(): index for index, name in enumerate(names)}
        exprs = []
        for index, (name, kind) in enumerate(zip(self.names, self.kinds, strict=True)):
            found = at.get(name.casefold())
            if found is None:
                exprs.append(f"CAST(NULL AS {kind}) AS c{index}")
            elif kinds[found] == kind:
                exprs.append(f"c{found} AS c{index}")
            else:
                is_number = kind == TEXT and kinds[found] == "DOUBLE"
                cast = double_text(f"c{found}") if is_number else f"CAST(c{found} AS {kind})"
                exprs.append(f"{cast} AS c{index}")
        return exprs


def stack(name: str, parts: Sequence[RawTable], notices: Sequence[str] = ()) -> Table:
    """Put raw tables under each other."""
    names: dict[str, str] = {}
    kinds: dict[str, str] = {}
    for part in parts:
        for column, kind in zip(part.names, part.kinds, strict=True):
            key = column.casefold()
            names.setdefault(key, column)
            kinds[key] = _common(kinds.get(key, kind), kind)
    told = tuple(f"{part.facts.shown}: {notice}" for part in parts for notice in part.notices)
    return Table(name, tuple(parts), tuple(names.values()), tuple(kinds.values()), (*told, *notices))


def _common(one: str, other: str) -> str:
    if one == other:
        return one
    if {one, other} == NUMBERS:
        return "DOUBLE"
    return "TIMESTAMP" if {one, other} == {"DATE", "TIMESTAMP"} else TEXT
