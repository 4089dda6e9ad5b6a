"""The texts that stand for a missing value."""

from projects.ingest.engine import is_one_of

IN_TEXTS = (
    "", "?", "-", "--", "N/A", "n/a", "NA", "#N/A", "#NA", "<NA>", "N.A.", "NULL", "null", "Null", "NaN",
    "nan", "None", "#DIV/0!", "#REF!", "#VALUE!",
)  # fmt: skip
"""Between texts: as written. `none`, `unknown` and `missing` are levels there."""
IN_VALUES = frozenset(
    {*(mark.casefold() for mark in IN_TEXTS), "none", "missing", ".", "nil", "#null!", "unknown"}
)
"""Between numbers, dates and truths: in any letter case."""
LONGEST = 7
BLANKS = "' ' || chr(9) || chr(10) || chr(13) || chr(160)"


def is_mark_sql(column: str, marks: "tuple[str, ...]", *, folds: bool) -> str:
    """Write the test whether a text is a mark, spaces around it aside.

    Long texts are told by their length and first letter alone, which costs next to nothing.
    """
    longest = max([LONGEST, *(len(mark.encode()) for mark in marks)])
    trimmed = f"trim({column}, {BLANKS})"
    cell = f"lower({trimmed})" if folds else trimmed
    is_short = f"(strlen({column}) <= {longest} OR {column} < '!' OR {column} >= chr(160))"
    return f"({is_short} AND {is_one_of(cell, marks)})"
