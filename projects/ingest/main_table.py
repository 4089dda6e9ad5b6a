"""Which of several tables gives the rows, and how the others are joined to it."""

from collections.abc import Sequence

from projects.counted import counted
from projects.errors import BadInput
from projects.hints import did_you_mean
from projects.ingest.join import Step, declared_steps, found_steps, told_unused
from projects.ingest.typed import TypedTable, find_name
from projects.ingest.words import listed
from projects.ingest.workspace import Workspace
from projects.requirement.sections import Tables


def choose_main(
    tables: Sequence[TypedTable], asked: Tables, target: str, work: Workspace
) -> tuple[TypedTable, list[str]]:
    """Choose the table that gives the rows; return it and what a person should know.

    Raises:
        BadInput: The table asked for is not there, or no table has the target.
    """
    names = [table.name for table in tables]
    if asked.main is not None:
        found = find_name(asked.main, names)
        if found is None:
            raise BadInput(f"there is no table '{asked.main}'; {did_you_mean(asked.main, names)}")
        return tables[names.index(found)], []
    if target:
        return _with_target(tables, target)
    if len(tables) == 1:
        return tables[0], []
    ranked = {id(table): _rank(table, tables, asked, work) for table in tables}
    best = max(tables, key=lambda table: ranked[id(table)])
    return best, [
        f"the main table is '{best.name}', as most can be joined to it; tables.main can name another"
    ]


def _with_target(tables: Sequence[TypedTable], target: str) -> tuple[TypedTable, list[str]]:
    having = [table for table in tables if table.reading(target) is not None]
    if not having:
        names = [reading.name for table in tables for reading in table.readings]
        where = f"none of the tables {listed([t.name for t in tables])}" if len(tables) > 1 else "the table"
        verb = "has a" if len(tables) > 1 else "has no"
        raise BadInput(f"{where} {verb} column '{target}', the target; {did_you_mean(target, names)}")
    best = max(having, key=lambda table: (len(table.readings), table.table.rows))
    notices = [f"the main table is '{best.name}', which has the target '{target}'"] if len(tables) > 1 else []
    if len(having) > 1:
        others = listed([table.name for table in having if table is not best])
        notices.append(f"the target '{target}' is also in {others}; tables.main can name another main table")
    return best, notices


def _rank(
    table: TypedTable, tables: Sequence[TypedTable], asked: Tables, work: Workspace
) -> tuple[int, int, int]:
    others = [other for other in tables if other is not table]
    joined = len(found_steps(table, others, work)[0]) if asked.join == "auto" else 0
    return joined, len(table.readings), table.table.rows


def plan_joins(
    main: TypedTable, tables: Sequence[TypedTable], asked: Tables, work: Workspace
) -> tuple[list[Step], list[str]]:
    """Find or check the joins; return them and what a person should know.

    Raises:
        BadInput: A declared join names what is not there.
    """
    others = [table for table in tables if table is not main]
    if asked.join == "none" or not others:
        names = listed([table.name for table in others])
        return [], [f"only '{main.name}' is read; {names} left aside, as asked"] if others else []
    if asked.join == "auto":
        steps, unused = found_steps(main, others, work)
        return steps, [step.told() for step in steps] + told_unused(unused, main)
    steps = declared_steps(main, others, asked.join, work)
    joined = {step.right.name for step in steps}
    unused = [table for table in others if table.name not in joined]
    aside = [
        f"the table '{table.name}' ({counted(table.table.rows, 'row')}) is not joined" for table in unused
    ]
    return steps, [step.told() for step in steps] + aside
