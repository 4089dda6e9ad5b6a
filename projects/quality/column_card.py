"""One column on the quality page: its histogram or most frequent values, and its figures."""

from collections.abc import Mapping
from functools import partial
from html import escape

from projects.quality.drawing import bars_html, histogram_svg, top_rows
from projects.quality.model import ColumnProfile, Dates, Finding, Numbers, Severity, Texts
from projects.quality.wording import amount, figure, share

TOP_SHOWN = 5
FEW_VALUES = 12
SEVERITY_WORDS: Mapping[Severity, str] = {"high": "act", "medium": "look", "low": "know"}


def column_card(column: ColumnProfile, at: int, findings: tuple[Finding, ...], *, is_target: bool) -> str:
    """Write a column's card.

    Args:
        column: The column.
        at: Its place, for its anchor.
        findings: Those that name it.
        is_target: Whether it is to be predicted.
    """
    first = {
        finding.severity: number
        for number, finding in reversed(tuple(enumerate(findings)))
        if column.name in finding.columns
    }
    badges = "".join(
        f'<a href="#f{first[severity]}" class="s {severity}">{word}</a>'
        for severity, word in SEVERITY_WORDS.items()
        if severity in first
    )
    target = '<span class="s target">target</span>' if is_target else ""
    note = f"<p class=note>{escape(column.note)}</p>" if column.note else ""
    figures = "".join(f"<dt>{escape(name)}</dt><dd>{escape(value)}</dd>" for name, value in _figures(column))
    head = f"<h3>{escape(column.name)} <small>{column.kind}</small> {target}{badges}</h3>"
    inner = f"{head}{_missing_bar(column)}{_picture(column)}{note}<dl>{figures}</dl>"
    return f'<article id="c{at}">{inner}</article>'


def _missing_bar(column: ColumnProfile) -> str:
    if not column.missing:
        return ""
    told = f"missing {amount(column.missing)} ({share(column.missing_share)})"
    width = max(column.missing_share * 100, 0.5)
    return f'<div class=m><i style="width:{width:.1f}%"></i><span>{told}</span></div>'


def _picture(column: ColumnProfile) -> str:
    held = column.rows - column.missing
    if column.dates is not None:
        return histogram_svg(column.dates.histogram, column.name, kind="moment")
    drawn = column.numbers.histogram if column.numbers is not None and column.kind == "number" else None
    if drawn is not None and column.distinct > 2:
        return histogram_svg(drawn, column.name, kind="year" if column.is_year else "number")
    if column.top and held:
        shown = FEW_VALUES if column.distinct <= TOP_SHOWN + 1 else TOP_SHOWN
        return bars_html(top_rows(column.top, held, shown))
    if held and column.distinct > held / 2:
        return "<p class=note>hardly a value comes twice</p>"
    return "" if held else "<p class=note>no value</p>"


def _figures(column: ColumnProfile) -> list[tuple[str, str]]:
    about = "about " if column.distinct_error else ""
    listed = [("distinct", f"{about}{amount(column.distinct)}")]
    if column.numbers is not None and column.kind == "number":
        listed += _of_numbers(column.numbers, is_year=column.is_year)
    if column.texts is not None:
        listed += _of_texts(column.texts)
    if column.dates is not None:
        listed += _of_dates(column.dates)
    return listed


def _of_numbers(numbers: Numbers, *, is_year: bool) -> list[tuple[str, str]]:
    write = partial(figure, is_year=is_year)
    listed = [
        ("mean ± std", f"{write(numbers.mean)} ± {figure(numbers.std)}"),
        ("median", write(numbers.quantiles[0.5])),
        ("middle half", f"{write(numbers.quantiles[0.25])} to {write(numbers.quantiles[0.75])}"),
        ("range", f"{write(numbers.min)} to {write(numbers.max)}"),
    ]
    counts = (
        ("zeros", numbers.zeros),
        ("negative", numbers.negatives),
        ("not usable", numbers.unusable),
        ("beyond 1.5 IQR", numbers.outliers_iqr),
        ("beyond 3 std", numbers.outliers_z),
        ("not drawn", numbers.histogram.below + numbers.histogram.above if numbers.histogram else 0),
    )
    return listed + [(name, amount(count)) for name, count in counts if count]


def _of_texts(texts: Texts) -> list[tuple[str, str]]:
    spread = (
        f"{texts.shortest:,}"
        if texts.shortest == texts.longest
        else f"{texts.shortest:,} to {texts.longest:,}"
    )
    listed = [("length", f"{spread}, mean {texts.mean_length:.1f}")]
    listed += [("words", f"mean {texts.words:.1f}, free text")] if texts.is_free else []
    counts = (
        ("blank", texts.blank),
        ("padded with spaces", texts.padded),
        ("clashing labels", len(texts.clashes)),
    )
    return listed + [(name, amount(count)) for name, count in counts if count]


def _of_dates(dates: Dates) -> list[tuple[str, str]]:
    listed = [
        ("from", dates.first),
        ("to", dates.last),
        ("days", amount(dates.days)),
        ("usual step", amount(round(dates.usual_step_days), "day") if dates.usual_step_days else "none"),
    ]
    if dates.gaps:
        widest = dates.gaps[0]
        listed.append(("widest gap", f"{amount(widest.days, 'day')} after {widest.after}"))
    return listed
