"""A cleaning plan in words: a line for each column."""

from projects.counted import counted
from projects.ingest.convert import Conversion
from projects.ingest.plan import Plan, PlannedColumn
from projects.requirement.sections import Rule

WIDE = 200
"""Above this many columns a plan is printed without those that need no word."""


def describe(plan: Plan) -> list[str]:
    """Say a plan in lines for a person; columns that need no word are left out of very wide tables."""
    size = f"{counted(plan.rows, 'row')}, {counted(len(plan.columns), 'column')}"
    lines = [f"cleaning plan of '{plan.table}': {size}"]
    lines += [f"  {join}" for join in plan.joins]
    told = [column for column in plan.columns if len(plan.columns) <= WIDE or _needs_word(column)]
    width = min(max((len(column.name) for column in told), default=0), 40)
    lines += [f"  {column.name:<{width}}  {'; '.join(words(column))}" for column in told]
    if len(told) < len(plan.columns):
        lines.append(f"  and {counted(len(plan.columns) - len(told), 'column')} that are read as they are")
    if plan.duplicates == "drop":
        lines.append("  rows that repeat another are dropped")
    lines += [f"  rule for '{rule.column}': {rule_words(rule)}" for rule in plan.rules]
    return lines


def words(column: PlannedColumn) -> list[str]:
    """Say what is done to a column."""
    parts = [type_words(column.conversion)]
    if not column.keep:
        return ["left out"]
    if column.name != column.original:
        parts.append(f"renamed from '{column.original}'")
    reading = column.reading
    if reading is not None and reading.missing:
        marks = ", ".join(f"{mark!r} {count:,}" for mark, count in reading.marks.items())
        parts.append(f"{reading.missing:,} missing" + (f" ({marks})" if marks else ""))
    changed = next((pair for pair in (reading.examples if reading else ()) if _is_changed(*pair)), None)
    if changed:
        parts.append(f"{changed[0]!r} -> {changed[1]}")
    return [*parts, *column.notes]


def type_words(conversion: Conversion) -> str:
    """Say a conversion in a few words."""
    if conversion.type == "date" and conversion.form == "formats":
        return f"date ({', '.join(conversion.formats)})"
    if conversion.type == "number" and conversion.form == "styled":
        return "number (written with marks)"
    return conversion.type


def rule_words(rule: Rule) -> str:
    """Say a rule in a few words."""
    told = rule.model_dump(exclude_defaults=True, exclude={"column", "on_fail"})
    return ", ".join(f"{name} {value}" for name, value in told.items()) + f"; else {rule.on_fail}"


def _needs_word(column: PlannedColumn) -> bool:
    reading = column.reading
    is_plain = reading is not None and reading.conversion.form == "plain" and not reading.marks
    return not is_plain or bool(column.notes) or not column.keep or column.name != column.original


def _is_changed(raw: str, value: str) -> bool:
    return raw.strip() not in {value, value.removesuffix(".0")} and raw != value
