"""Several tables become one: the main table's rows, each with the row of every other that belongs to it."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from projects.counted import counted
from projects.errors import BadInput
from projects.hints import did_you_mean
from projects.ingest.convert import double_text
from projects.ingest.engine import name_of
from projects.ingest.typed import TypedTable, find_name
from projects.ingest.words import listed
from projects.ingest.workspace import Workspace
from projects.requirement.sections import Join

CONTAINMENT = 0.5
"""The share of a key's distinct values that the other table must know."""
LIKELY = 0.6
GENERIC = frozenset(("id", "key", "code", "name", "index", "number", "no", "nr", "type", "date", "year"))
"""Names that say nothing of what they name: equal ones are no key by themselves."""
AVERAGED = "; a key has several rows: numbers and truths are averaged, rows counted, other columns left out"
Named = tuple[tuple[str, ...], tuple[str, ...], float]
"""Columns of both sides, and how likely their names make them a key."""


@dataclass(frozen=True)
class Key:
    """What two tables are joined by, and how sure that is.

    Attributes:
        left_on: Columns of the table joined to.
        right_on: Columns of the joined table.
        score: From 0 to 1, from the names and the values.
        is_unique: Whether no key comes twice in the joined table.
        known: The share of the left rows' keys that the joined table has.
    """

    left_on: tuple[str, ...]
    right_on: tuple[str, ...]
    score: float
    is_unique: bool
    known: float


@dataclass(frozen=True)
class Step:
    """One table joined to the main one, or to one joined before."""

    right: TypedTable
    to: TypedTable
    key: Key
    is_declared: bool

    def told(self) -> str:
        """Say what is joined, in one line."""
        keys = " and ".join(
            f"{self.to.name}.{left} = {self.right.name}.{right}"
            for left, right in zip(self.key.left_on, self.key.right_on, strict=True)
        )
        found = "declared" if self.is_declared else "found"
        share = f"{self.key.known:.1%} of the rows find theirs"
        return (
            f"joined '{self.right.name}' by {keys} ({found}; {share}{'' if self.key.is_unique else AVERAGED})"
        )


def declared_steps(
    main: TypedTable, others: Sequence[TypedTable], joins: Sequence[Join], work: Workspace
) -> list[Step]:
    """Check the joins that were asked for.

    Raises:
        BadInput: A table or a column is not there.
    """
    tables = {table.name: table for table in (main, *others)}
    steps = []
    for join in joins:
        right, to = _table(join.table, tables), _table(join.to, tables) if join.to else main
        left_on = tuple(_column(name, to) for name in join.left_on)
        right_on = tuple(_column(name, right) for name in join.right_on or join.left_on)
        if len(left_on) != len(right_on):
            sizes = f"{counted(len(left_on), 'column')} in left_on and {len(right_on)} in right_on"
            raise BadInput(f"the join of '{join.table}' has {sizes}; name as many")
        steps.append(Step(right, to, _measured(to, right, (left_on, right_on, 1.0), work), is_declared=True))
    return steps


def found_steps(
    main: TypedTable, others: Sequence[TypedTable], work: Workspace
) -> tuple[list[Step], list[TypedTable]]:
    """Find the joins, nearest tables first; return also the tables that nothing leads to."""
    steps: list[Step] = []
    joined, left = [main], list(others)
    while left:
        found = [
            Step(right, to, key, is_declared=False)
            for right in left
            for to in joined
            if (key := find_key(to, right, work)) is not None
        ]
        if not found:
            break
        best = max(found, key=lambda step: (step.to is main, step.key.score))
        steps.append(best)
        if best.key.is_unique:
            joined.append(best.right)
        left = [table for table in left if table is not best.right]
    order = [table.name for table in others]
    return sorted(steps, key=lambda step: (step.to is not main, order.index(step.right.name))), left


def find_key(to: TypedTable, right: TypedTable, work: Workspace) -> Key | None:
    """Find what two tables are joined by, None if nothing is likely."""
    likely = sorted(_pairs(to, right), key=lambda pair: -pair[2])[:12]
    keys = []
    for left, other, score in likely:
        key = _measured(to, right, ((left,), (other,), score), work)
        if key.known >= CONTAINMENT and (key.is_unique or (score >= 0.9 and _is_id(other))):
            keys.append(key)
    shared = tuple(left for left, other, _ in likely if left.casefold() == other.casefold())
    if len(shared) > 1 and not any(key.is_unique for key in keys):
        key = _measured(to, right, (shared, shared, 0.9), work)
        if key.is_unique and key.known >= CONTAINMENT:
            keys.append(key)
    return max(keys, key=lambda key: (key.is_unique, key.score * key.known), default=None)


def _pairs(to: TypedTable, right: TypedTable) -> Iterator[tuple[str, str, float]]:
    for left in to.readings:
        for other in right.readings:
            same_type = left.conversion.type == other.conversion.type
            is_key = left.conversion.type in {"number", "text", "date"} and not _is_fraction(
                left.conversion.form
            )
            score = likeness(to.name, left.name, right.name, other.name)
            if same_type and is_key and score >= LIKELY:
                yield left.name, other.name, score


def _is_id(name: str) -> bool:
    return _words(name)[-1:] in {("id",), ("key",), ("code",), ("number",), ("no",), ("nr",)}


def _is_fraction(form: str) -> bool:
    return form == "styled"


def likeness(left_table: str, left: str, right_table: str, right: str) -> float:
    """How likely two columns mean the same thing, from their names alone.

    >>> likeness("shuttles", "company_id", "companies", "id")
    1.0
    >>> likeness("shuttles", "id", "reviews", "shuttle_id")
    1.0
    >>> likeness("shuttles", "id", "companies", "id")
    0.3
    """
    ours, theirs = _words(left), _words(right)
    if ours == theirs:
        return 0.3 if set(ours) <= GENERIC else 0.95
    full_ours = ours if set(ours) - GENERIC else (*_words(left_table), *ours)
    full_theirs = theirs if set(theirs) - GENERIC else (*_words(right_table), *theirs)
    if full_ours == full_theirs:
        return 1.0
    common = set(full_ours) & set(full_theirs)
    if common - GENERIC and set(full_ours) - common <= GENERIC and set(full_theirs) - common <= GENERIC:
        return 0.8 if len(common) > 1 else 0.6
    return 0.0


def _words(name: str) -> tuple[str, ...]:
    parts = re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+|[^\W\d_]+", name)
    return tuple(_singular(part.casefold()) for part in parts)


def _singular(word: str) -> str:
    if word.endswith("ies") and len(word) > 4:
        return word[:-3] + "y"
    return word[:-1] if word.endswith("s") and not word.endswith("ss") and len(word) > 3 else word


def _measured(to: TypedTable, right: TypedTable, named: Named, work: Workspace) -> Key:
    """Count how unique a key is in the joined table, and how many rows find theirs."""
    left_on, right_on, score = named
    rights = ", ".join(map(name_of, right_on))
    pairs = [
        key_pair(name_of(left), type_of(to, left), name_of(other), type_of(right, other))
        for left, other in zip(left_on, right_on, strict=True)
    ]
    ours = ", ".join(f"{left} AS k{at}" for at, (left, _) in enumerate(pairs))
    theirs = ", ".join(f"{other} AS k{at}" for at, (_, other) in enumerate(pairs))
    filled = " AND ".join(f"{name_of(name)} IS NOT NULL" for name in right_on)
    asked = " AND ".join(f"{name_of(name)} IS NOT NULL" for name in left_on)
    is_unique = bool(
        work.rows(f"SELECT count(*) = count(DISTINCT ({rights})) FROM {right.view} WHERE {filled}")[0][0]
    )
    same = " AND ".join(f"l.k{at} = r.k{at}" for at in range(len(left_on)))
    known = work.rows(
        f"SELECT count(*), count(*) FILTER (WHERE EXISTS (SELECT 1 FROM (SELECT DISTINCT {theirs} FROM"
        f" {right.view} WHERE {filled}) r WHERE {same})) FROM (SELECT {ours} FROM {to.view}"
        f" WHERE {asked}) l"
    )[0]
    return Key(left_on, right_on, score, is_unique, known[1] / known[0] if known[0] else 0.0)


def key_pair(left: str, left_type: str, right: str, right_type: str) -> tuple[str, str]:
    """Write both sides of a key, given as SQL, so that equal values are equal."""
    if left_type == right_type:
        return left, right
    return _key_text(left, left_type), _key_text(right, right_type)


def _key_text(column: str, column_type: str) -> str:
    return (
        double_text(f"CAST({column} AS DOUBLE)") if column_type == "number" else f"CAST({column} AS VARCHAR)"
    )


def type_of(table: TypedTable, name: str) -> str:
    """Tell the type of a table's column."""
    reading = table.reading(name)
    return reading.conversion.type if reading else ""


def _table(name: str, tables: dict[str, TypedTable]) -> TypedTable:
    found = find_name(name, list(tables))
    if found is None:
        raise BadInput(f"there is no table '{name}' to join; {did_you_mean(name, tables)}")
    return tables[found]


def _column(name: str, table: TypedTable) -> str:
    reading = table.reading(name)
    if reading is None:
        names = [reading.name for reading in table.readings]
        raise BadInput(
            f"the table '{table.name}' has no column '{name}' to join by; {did_you_mean(name, names)}"
        )
    return reading.name


def told_unused(tables: Sequence[TypedTable], main: TypedTable) -> list[str]:
    """Say which tables are left aside."""
    return [
        f"the table '{table.name}' ({counted(table.table.rows, 'row')}; columns"
        f" {listed([reading.name for reading in table.readings])}) is left aside: nothing in it is a key of"
        f" '{main.name}' (declare one with tables.join)"
        for table in tables
    ]
