"""What a person should know of a table, in plain words, the gravest first, each with what to do about it."""

from collections.abc import Callable, Iterable

from projects.quality.column_findings import column_findings
from projects.quality.model import Finding, Profile, Severity
from projects.quality.target_findings import target_findings
from projects.quality.wording import amount, share

GRAVITY = {"high": 0, "medium": 1, "low": 2}
MANY_COLUMNS = 1000


def findings(profile: Profile) -> tuple[Finding, ...]:
    """Return what was found, the gravest first."""
    if not profile.rows:
        empty = Finding("high", "the table has no rows", "look at the source and at the rules that drop rows")
        return (empty,)
    parts: tuple[Callable[[Profile], Iterable[Finding]], ...] = (
        target_findings,
        _of_rows,
        column_findings,
        _of_twins,
        _of_width,
    )
    found = [finding for part in parts for finding in part(profile)]
    return tuple(sorted(found, key=lambda finding: GRAVITY[finding.severity]))


def _of_rows(profile: Profile) -> Iterable[Finding]:
    repeats, rows = profile.duplicates, profile.rows
    drop = "set cleaning.duplicates: drop if each row should be one of its kind; repeats flatter the scores"
    if repeats and repeats == rows - 1:
        yield Finding(
            "high", f"all {amount(rows)} rows are the same", "look at the source: nothing can be learned"
        )
    elif repeats:
        severity: Severity = "medium" if repeats > 0.01 * rows else "low"
        yield Finding(
            severity, f"{amount(repeats, 'row')} ({share(repeats / rows)}) repeat another in every cell", drop
        )
    others = profile.duplicates_but_ids
    if others and others > repeats:
        ids = tuple(column.name for column in profile.columns if column.is_id_like)
        what = f"{amount(others, 'row')} ({share(others / rows)}) repeat another in all but the id"
        yield Finding("low", what, "they may be one case entered twice, or two alike", ids)


def _of_twins(profile: Profile) -> Iterable[Finding]:
    for pair in profile.twins:
        what = f"'{pair.left}' and '{pair.right}' say the same: {pair.why}"
        yield Finding(
            "low", what, f"one of them is enough (features.drop: ['{pair.right}'])", (pair.left, pair.right)
        )


def _of_width(profile: Profile) -> Iterable[Finding]:
    width = len(profile.columns)
    if width > MANY_COLUMNS:
        what = f"{amount(width)} columns are many"
        yield Finding("medium", what, "keep the ones that matter: features.selection: tree_importance")
    if width > profile.rows:
        what = f"there are more columns ({amount(width)}) than rows ({amount(profile.rows)})"
        yield Finding("medium", what, "a model may learn the rows by heart; get more rows, or select columns")
