"""What a person is told when a sentence does not say which column to predict: the choices."""

from collections.abc import Sequence

from projects.errors import BadInput
from projects.requirement.seen import ColumnSeen, listed
from projects.requirement.wants import Wants


def several(found: Sequence[ColumnSeen], objective: str, why: str) -> BadInput:
    """Ask which of several columns is meant."""
    are_in_tables = len({column.table for column in found}) > 1
    names = [f"{column.table}." * are_in_tables + column.described() for column in found[:8]]
    example = f"{found[0].table}." * are_in_tables + found[0].name
    return BadInput(
        f"'{objective:.120}' may ask for {' or '.join(names)}: {why};"
        f" say which with -P target={example} (or the target of the requirement)",
        code="ambiguous_target",
    )


def foreign(word: str, columns: Sequence[ColumnSeen], objective: str) -> BadInput:
    """Refuse a sentence that is not English."""
    return BadInput(
        f"'{objective:.120}' holds '{word}', and only English is understood; there are {listed(columns)};"
        " say which to predict with"
        " -P target=COLUMN (or the target of the requirement)",
        code="no_target",
    )


def unlearned(wish: str, columns: Sequence[ColumnSeen], objective: str) -> BadInput:
    """Refuse a wish that is no prediction."""
    return BadInput(
        f"'{objective:.120}' asks for {wish}, which is no prediction of a column;"
        f" there are {listed(columns)}; say which to predict"
        " with -P target=COLUMN (or the target of the requirement)",
        code="no_prediction",
    )


def strange(column: ColumnSeen, unknown: Sequence[str], objective: str) -> BadInput:
    """Ask whether a column is meant although words of the sentence are about something else."""
    words = " and ".join(f"'{word}'" for word in unknown)
    return BadInput(
        f"'{objective:.120}' may ask for {column.described()}, but nothing in the data is about"
        f" {words}; say -P target={column.name} if it is meant, or name another",
        code="doubtful_target",
    )


def none(columns: Sequence[ColumnSeen], objective: str, likely: Sequence[ColumnSeen] = ()) -> BadInput:
    """Ask for the column, naming the likely ones."""
    if likely:
        names = " or ".join(column.described() for column in likely)
        return BadInput(
            f"'{objective:.120}' names no column for certain; likely is {names}, of {listed(columns)};"
            f" say which with -P target={likely[0].name} (or the target of the requirement)",
            code="no_target",
        )
    return BadInput(
        f"'{objective:.120}' names no column that can be predicted; there are {listed(columns)};"
        " say which with -P target=COLUMN (or the target of the requirement)",
        code="no_target",
    )


def unfit(column: ColumnSeen, wants: Wants) -> BadInput:
    """Say that the column that is meant cannot hold the answer."""
    why = f"the sentence asks for {wants.what} ({wants.why})" if wants.task else "the sentence asks for it"
    if column.is_identifier or column.kind == "date" or column.distinct < 2:
        kind = (
            "only names its row"
            if column.is_identifier
            else f"holds {column.distinct} distinct {column.kind}s"
        )
        sentence = f"'{column.name}' cannot be predicted: it {kind}; name another with -P target=COLUMN"
    else:
        sentence = (
            f"{why}, and {column.described()} holds no such thing;"
            f" ask for what it holds, make such a column, or say -P target={column.name}"
        )
    return BadInput(sentence, code="target_does_not_fit")
