"""Raw rows read again as training read its own: columns by the same names, of the same types."""

from collections.abc import Callable
from pathlib import Path

from projects.batch.source import known_of
from projects.errors import BadInput
from projects.requirement.model import ColumnCleaning, Requirement
from projects.rows import Clean, clean_rows, is_clean
from projects.served import Served


def rows_as_trained(
    requirement: Requirement, served: Served, folder: Path, say: Callable[[str], None]
) -> tuple[Clean, str]:
    """Read the rows as training read its own: columns by the same names, of the same types.

    Returns:
        The rows and the target.

    Raises:
        BadInput: They cannot be read, or the target is not known.
    """
    target = requirement.target or served.tags.get("penstock.target", "")
    if not target:
        raise BadInput(
            f"version {served.number} of '{served.name}' does not say what it predicts; say target="
        )
    trained = known_of(served.schema if served.schema.is_file() else None).columns
    source = requirement.data_source
    if isinstance(source, str) and is_clean(source):
        return clean_rows(requirement, folder / "rows", say), target
    raw_target = trained[target].original if target in trained else target
    clean = clean_rows(requirement.model_copy(update={"target": raw_target}), folder / "rows", say)
    there = {column.original: column for column in clean.columns}
    fixes = {
        each.original: ColumnCleaning(
            type=each.type, rename=each.name if each.name != each.original else None
        )
        for each in trained.values()
        if (found := there.get(each.original)) and (found.name, found.type) != (each.name, each.type)
    }
    if not fixes:
        return clean, target
    say(f"read again, as in training: {', '.join(map(repr, fixes))}")
    columns = {**fixes, **requirement.cleaning.columns}
    cleaning = requirement.cleaning.model_copy(update={"columns": columns})
    again = requirement.model_copy(update={"cleaning": cleaning, "target": raw_target})
    return clean_rows(again, folder / "again", lambda _: None), target
