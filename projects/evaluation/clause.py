"""One condition of a gate, as a person writes it: `AUC > 0.85`, `at least 90% accuracy`, `p99 under 5 ms`."""

import math
import re
from dataclasses import dataclass

from projects.errors import BadInput
from projects.evaluation.metrics import Metric, find_metric

EXAMPLE = "write it like 'AUC > 0.85 and recall >= 0.6'"
SIGNS_IN_WORDS = {
    ">=": r"at least|no less than|not less than|not below|(?:a )?minimum of",
    "<=": r"at most|no more than|not more than|not above|up to|within|(?:a )?maximum of",
    ">": r"above|over|(?:greater|more|higher|better) than|exceed(?:s|ing)?",
    "<": r"below|under|(?:less|lower|smaller|faster) than",
}
SIGNS_IN_MARKS = {"\N{GREATER-THAN OR EQUAL TO}": ">=", "\N{LESS-THAN OR EQUAL TO}": "<="}
FILLERS = r"\b(?:should|must|shall|to|be|is|of|an?|the|with|has|have|model|reach(?:es)?)\b(?!\s*size)|:"
NUMBER = r"[-+]?(?:\d[\d_]*(?:\.\d*)?|\.\d+)(?:[eE][-+]?\d+)?"
SIGNED = re.compile(r"(?P<left>[^<>=]*)(?P<sign>>=|<=|>|<)(?P<right>[^<>=]+)")
OF = re.compile(rf"(?P<left>.+?)(?P<of>(?:\s+(?:{FILLERS}))+|:)\s*(?P<right>{NUMBER}.*)", re.IGNORECASE)
BOUND = re.compile(rf"(?P<number>{NUMBER})\s*(?P<unit>%|[^\W\d_]+)?\s*(?P<rest>.*)")
TIMES = {"ms": 1.0, "millisecond": 1.0, "us": 1e-3, "microsecond": 1e-3, "s": 1e3, "sec": 1e3, "second": 1e3}
SIZES = {"mb": 1.0, "megabyte": 1.0, "kb": 1e-3, "kilobyte": 1e-3, "gb": 1e3, "gigabyte": 1e3}
MINUTES = {"min": 1.0, "minute": 1.0, "s": 1 / 60, "sec": 1 / 60, "second": 1 / 60, "h": 60.0, "hour": 60.0}
UNITS = {"ms": TIMES, "MB": SIZES, "minutes": MINUTES, "": {"%": 0.01, "percent": 0.01}}
"""What a unit is worth in the unit of the metric; scores take a percent sign."""


@dataclass(frozen=True)
class Clause:
    """One condition: `metric operator bound`."""

    metric: Metric
    operator: str
    bound: float

    def __str__(self) -> str:
        return f"{self.metric.name} {self.operator} {self.bound:g}"

    @property
    def is_upper(self) -> bool:
        """Whether it bounds from above."""
        return self.operator.startswith("<")


def read_clause(text: str) -> Clause:
    """Read one clause.

    Without a sign (`accuracy of 90%`) it means at least or at most, whichever way the metric is better.

    Raises:
        BadInput: It cannot be read, names no metric, or no model could ever meet it.
    """
    parts = _parts(_with_signs(text))
    if parts is None:
        raise BadInput(f"the gate's clause '{text.strip()}' cannot be read; {EXAMPLE}")
    named, sign, bound = parts
    metric = find_metric(named, or_cost=True)
    sign = sign or (">=" if metric.is_better_higher else "<=")
    clause = Clause(metric, sign, _bound(bound, metric))
    _check_possible(clause)
    return clause


def _with_signs(text: str) -> str:
    for sign, words in SIGNS_IN_WORDS.items():
        text = re.sub(rf"(?<!\w)(?:{words})(?!\w)", f" {sign} ", text, flags=re.IGNORECASE)
    for mark, sign in SIGNS_IN_MARKS.items():
        text = text.replace(mark, sign)
    return re.sub(r"\s+", " ", text).strip()


def _parts(text: str) -> tuple[str, str, str] | None:
    """Take a clause apart: the metric's words, the sign or nothing, and the bound with its unit."""
    match = SIGNED.fullmatch(text)
    left, sign, right = (match["left"], match["sign"], match["right"]) if match else ("", "", text)
    if match is None and (of := OF.fullmatch(text)):
        left, right = of["left"], of["right"]
    left = _without_fillers(left)
    if left:
        return left, sign, right.strip()
    bound = BOUND.fullmatch(right.strip())
    if bound is None:
        return None
    is_unit = any(_unit(bound["unit"] or "") in known for known in UNITS.values())
    named = _without_fillers(bound["rest"] if is_unit else f"{bound['unit'] or ''}{bound['rest']}")
    return (named, sign, bound["number"] + (bound["unit"] if is_unit else "")) if named else None


def _without_fillers(words: str) -> str:
    return " ".join(re.sub(FILLERS, " ", words, flags=re.IGNORECASE).split())


def _unit(word: str) -> str:
    folded = word.casefold()
    return folded.removesuffix("s") if len(folded) > 3 else folded.replace("mins", "min")


def _bound(text: str, metric: Metric) -> float:
    match = BOUND.fullmatch(text)
    if match is None or match["rest"]:
        if text.casefold() == "nan":
            raise BadInput(f"the gate's bound must be a number, not NaN; {EXAMPLE}")
        raise BadInput(f"the gate's bound '{text}' must be a number; {EXAMPLE}")
    number, unit = float(match["number"]), match["unit"]
    if not math.isfinite(number):
        raise BadInput(f"the gate's bound '{text}' must be a number that is not infinite; {EXAMPLE}")
    if not unit:
        return number
    worth = UNITS[metric.unit].get(_unit(unit))
    if worth is None:
        wanted = f"is in {metric.unit}" if metric.unit else "takes no unit but %"
        raise BadInput(f"the gate's bound '{text}' must be a number: {metric.name} {wanted}")
    if not metric.unit and metric.span[1] > 2 and metric.name != "mape":
        raise BadInput(
            f"{metric.name} is no share of anything, so '{text}' has no meaning; write a plain number"
        )
    return number * worth


def _check_possible(clause: Clause) -> None:
    metric, (low, high) = clause.metric, clause.metric.span
    if metric.is_cost and not clause.is_upper:
        raise BadInput(
            f"the gate's clause '{clause}' asks for a high cost; write '{metric.name} < {clause.bound:g}'"
        )
    can_be = clause.bound > low if clause.operator == "<" else clause.bound >= low
    if not clause.is_upper:
        can_be = clause.bound < high if clause.operator == ">" else clause.bound <= high
    if can_be:
        return
    side = f"below {low:g}" if clause.is_upper else f"above {high:g}"
    is_percent = not clause.is_upper and high == 1 and 2 <= clause.bound <= 100
    hint = (
        f"; for {clause.bound:g} percent write {clause.bound / 100:g} or {clause.bound:g}%"
        if is_percent
        else ""
    )
    raise BadInput(f"the gate's clause '{clause}' can never be met: {metric.name} is never {side}{hint}")
