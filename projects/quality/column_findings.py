"""What a person should know of single columns; columns with the same trouble make one finding."""

from collections.abc import Callable, Iterable, Sequence

from projects.quality.model import ColumnProfile, Finding, LabelClash, Profile, Severity
from projects.quality.wording import amount, figure, names, share

MISSING_MUCH, MISSING_SOME = 0.5, 0.05
NEARLY_CONSTANT = 0.995
NUMBER_LIKE = 0.9
FAR_SHARE = 0.01
STAND_INS = frozenset({-1.0, -9.0, -99.0, -999.0, -9999.0, 99.0, 999.0, 9999.0, 99999.0, 999999.0, -99999.0})
"""Numbers that are often written where a value is missing."""
STAND_IN_SHARE = 0.005
MANY_LEVELS = 100
LONG_TEXT = 80
EARLIEST, LATEST = "1905", "2100"
"""A date before or after is more often a stand-in or a slip than a date."""
MOST_EXAMPLES = 3


def column_findings(profile: Profile) -> Iterable[Finding]:
    """Return what was found in the columns, the target's own troubles left aside."""
    target = profile.target.name if profile.target else ""
    columns = [column for column in profile.columns if column.name != target]
    for rule in (
        _empty,
        _mostly_missing,
        _partly_missing,
        _constant,
        _nearly_constant,
        _id_like,
        _free_text,
        _far_outliers,
    ):
        yield from rule(columns)
    for each in (_stand_in, _number_like, _unusable, _odd_dates, _date_gaps):
        yield from (finding for column in columns for finding in each(column))
    for column in profile.columns:
        yield from _dirty_labels(column)
        yield from _blanks(column)


def _grouped(
    columns: Sequence[ColumnProfile],
    has: Callable[[ColumnProfile], bool],
    severity: Severity,
    what: tuple[str, str],
    advice: str,
) -> Iterable[Finding]:
    """Make one finding of the columns that have a trouble; `what` is said of one and of several."""
    hit = [column.name for column in columns if has(column)]
    if hit:
        yield Finding(severity, f"{names(hit)} {what[len(hit) > 1]}", advice, tuple(hit))


def _empty(columns: Sequence[ColumnProfile]) -> Iterable[Finding]:
    return _grouped(
        columns,
        lambda column: column.missing == column.rows,
        "medium",
        ("is empty", "are empty"),
        "nothing can be learned there; look whether the source should fill it",
    )


def _mostly_missing(columns: Sequence[ColumnProfile]) -> Iterable[Finding]:
    hit = [column for column in columns if MISSING_MUCH <= column.missing_share < 1]
    hit.sort(key=lambda column: -column.missing_share)
    if hit:
        most = share(hit[0].missing_share)
        named = tuple(column.name for column in hit)
        so_much = f"is mostly missing ({most})" if len(hit) == 1 else f"are mostly missing (up to {most})"
        what = f"{names(named)} {so_much}"
        advice = "that a cell is missing may itself tell something; else leave the column out"
        yield Finding("medium", what, advice, named)


def _partly_missing(columns: Sequence[ColumnProfile]) -> Iterable[Finding]:
    hit = [column for column in columns if 0 < column.missing_share < MISSING_MUCH]
    hit.sort(key=lambda column: -column.missing_share)
    if hit:
        named = tuple(column.name for column in hit)
        worst = hit[0].missing_share
        cells = amount(hit[0].missing, "cell")
        most = f"{share(worst)}, {cells}" if len(hit) == 1 else f"up to {share(worst)}"
        what = f"{names(named)} {'has' if len(hit) == 1 else 'have'} gaps ({most})"
        severity: Severity = "medium" if worst >= MISSING_SOME else "low"
        yield Finding(
            severity, what, "filled by cleaning.missing_strategy, from the training rows alone", named
        )


def _constant(columns: Sequence[ColumnProfile]) -> Iterable[Finding]:
    return _grouped(
        columns,
        lambda column: column.is_constant and column.missing < column.rows,
        "low",
        ("holds one value only", "hold one value only"),
        "left out of learning, unless its gaps tell something",
    )


def _nearly_constant(columns: Sequence[ColumnProfile]) -> Iterable[Finding]:
    def is_nearly(column: ColumnProfile) -> bool:
        held = column.rows - column.missing
        return column.distinct > 1 and bool(column.top) and column.top[0][1] >= NEARLY_CONSTANT * held

    return _grouped(
        columns,
        is_nearly,
        "low",
        ("holds nearly always the same value", "hold nearly always the same value"),
        "rarely of use; leave it out if it is not a rare but telling event",
    )


def _id_like(columns: Sequence[ColumnProfile]) -> Iterable[Finding]:
    return _grouped(
        columns,
        lambda column: column.is_id_like,
        "low",
        ("looks like an id: hardly a value comes twice", "look like ids: hardly a value comes twice"),
        "an id tells nothing of new rows: leave it out with features.drop where training does not by itself",
    )


def _free_text(columns: Sequence[ColumnProfile]) -> Iterable[Finding]:
    def is_wide(column: ColumnProfile) -> bool:
        is_label = column.texts is not None and not column.texts.is_free and not column.is_id_like
        return is_label and column.distinct > MANY_LEVELS

    for column in columns:
        if column.texts is not None and column.texts.is_free:
            what = f"'{column.name}' holds free text, {column.texts.words:.0f} words on average"
            yield Finding("low", what, "read by its words (features.text)", (column.name,))
    yield from _grouped(
        columns,
        is_wide,
        "low",
        (f"has more than {MANY_LEVELS} different texts", f"have more than {MANY_LEVELS} different texts"),
        "encoded by the target or by letters (features.high_cardinality)",
    )


def _stand_in(column: ColumnProfile) -> Iterable[Finding]:
    """Find a value like 999 or -1 that comes often and lies apart from the others."""
    numbers = column.numbers
    if numbers is None or column.kind != "number" or column.distinct < 10:
        return
    for text, count in column.top:
        value = float(text)
        apart = value in (numbers.min, numbers.max) and value in STAND_INS
        only_negative = value < 0 and count == numbers.negatives
        far = value > 0 and value > 5 * max(numbers.quantiles[0.75], 1) and count == numbers.outliers_far
        if apart and (only_negative or far) and count >= STAND_IN_SHARE * column.rows:
            what = (
                f"{figure(value)} in '{column.name}' ({amount(count, 'row')}) may stand for a missing value"
            )
            stated = text.removesuffix(".0")
            advice = f"if it does: cleaning.columns: {{'{column.name}': {{missing: ['{stated}']}}}}"
            yield Finding("medium", what, advice, (column.name,))


def _number_like(column: ColumnProfile) -> Iterable[Finding]:
    texts = column.texts
    if texts is not None and texts.number_like >= NUMBER_LIKE and (texts.number_like < 1 or texts.blank):
        part = (
            f"{share(texts.number_like)} of it"
            if texts.number_like < 1
            else "all its cells but the blank ones"
        )
        what = f"'{column.name}' is read as text, but {part} are numbers"
        advice = f"see what the others are, then cleaning.columns: {{'{column.name}': {{type: number}}}}"
        yield Finding("medium", what, advice, (column.name,))


def _unusable(column: ColumnProfile) -> Iterable[Finding]:
    if column.numbers is not None and column.numbers.unusable:
        count = amount(column.numbers.unusable, "number")
        what = f"'{column.name}' has {count} that no model can use: infinite or beyond 1e38"
        yield Finding("high", what, "correct them or leave the cells empty", (column.name,))


def _far_outliers(columns: Sequence[ColumnProfile]) -> Iterable[Finding]:
    far = {column.name: _far_share(column) for column in columns}
    named = tuple(sorted((name for name in far if far[name] > FAR_SHARE), key=lambda name: -far[name]))
    if named:
        most = f"{'up to ' * (len(named) > 1)}{share(far[named[0]])}"
        what = f"{names(named)} {'has' if len(named) == 1 else 'have'} long tails ({most} far from the rest)"
        advice = "trees do not mind; for other models cleaning.outlier_method: iqr pulls them in"
        yield Finding("low", what, advice, named)


def _far_share(column: ColumnProfile) -> float:
    numbers = column.numbers
    if numbers is None or column.kind != "number" or column.distinct < 10:
        return 0.0
    is_spread = numbers.quantiles[0.75] > numbers.quantiles[0.25]
    return numbers.outliers_far / (column.rows - column.missing) if is_spread else 0.0


def _odd_dates(column: ColumnProfile) -> Iterable[Finding]:
    dates = column.dates
    if dates is None:
        return
    odd = [
        moment
        for moment in (dates.first, dates.last)
        if not EARLIEST <= moment[:4] < LATEST or moment[0] == "-"
    ]
    if odd:
        what = f"'{column.name}' has dates as odd as {' and '.join(moment[:10] for moment in odd)}"
        yield Finding(
            "medium", what, "a stand-in for a missing date, or a slip? leave such cells empty", (column.name,)
        )


def _date_gaps(column: ColumnProfile) -> Iterable[Finding]:
    dates = column.dates
    if dates is not None and dates.gaps:
        widest = dates.gaps[0]
        what = f"'{column.name}' has no row for {amount(widest.days, 'day')} after {widest.after}"
        what += f", and {len(dates.gaps) - 1} more gaps" if len(dates.gaps) > 1 else ""
        yield Finding("low", what, "see whether rows of these days are lost", (column.name,))


def _dirty_labels(column: ColumnProfile) -> Iterable[Finding]:
    texts = column.texts
    if texts is None or not texts.clashes:
        return
    examples = "; ".join(_shown(clash) for clash in texts.clashes[:MOST_EXAMPLES])
    more = len(texts.clashes) - MOST_EXAMPLES
    others = f"; and {more} more" if more > 0 else ""
    what = f"'{column.name}' writes the same in several ways: {examples}{others}"
    yield Finding("medium", what, "make them one in the source, so that they count as one", (column.name,))


def _shown(clash: LabelClash) -> str:
    listed = [
        f"{level[:40]!r} ({amount(count)})" for level, count in zip(clash.levels, clash.counts, strict=True)
    ]
    return " = ".join(listed[:3])


def _blanks(column: ColumnProfile) -> Iterable[Finding]:
    texts = column.texts
    if texts is not None and texts.blank:
        what = (
            f"'{column.name}' has {amount(texts.blank, 'cell')} with nothing but spaces or no letter at all"
        )
        yield Finding(
            "low",
            what,
            "they count as a text of their own; leave them empty if they mean missing",
            (column.name,),
        )
    if texts is not None and texts.padded:
        what = f"'{column.name}' has {amount(texts.padded, 'cell')} that begin or end with a space"
        yield Finding("low", what, "trim them in the source", (column.name,))
