"""How good it must be, said in a sentence: `AUC above 0.85`, `at least 90% accuracy`, `error below 500`.

A metric counts only beside a bound, or beside words that ask for it (`optimise for recall`): a column may be
called `precision`.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from projects.evaluation.gate import parse_gate
from projects.evaluation.metrics import COSTS, METRICS, Metric
from projects.requirement.capacity import latency_ms
from projects.requirement.quantities import Quantity, quantity_at
from projects.requirement.words import Token

LONGEST_NAME = 5
ABOVE = (
    "at least",
    "no less than",
    "not less than",
    "not below",
    "minimum",
    "minimum of",
    "a minimum of",
    "min",
    "or more",
)
BELOW = ("at most", "no more than", "not more than", "not above", "maximum", "maximum of", "a maximum of",
         "max", "up to",
         "within")  # fmt: skip
OVER = ("above", "over", "greater than", "more than", "higher than", "better than", "exceeding", "exceeds",
        "exceed", "bigger than", "beats", "beat", "larger than")  # fmt: skip
UNDER = ("below", "under", "less than", "lower than", "smaller than", "fewer than", "beneath")
SIGNS = {
    ">=": ABOVE, "<=": BELOW, ">": OVER, "<": UNDER,
}  # fmt: skip
NO_WORSE = frozenset({("no", "worse", "than"), ("not", "worse", "than")})
"""Words that bound a metric on the side that is its own."""
BY_WORDS = {tuple(words.split()): sign for sign, all_words in SIGNS.items() for words in all_words}
OF = frozenset({"of", "is", "be", "should", "must", "to", "=", ":", "a", "an", "score", "value", "around",
                "about", "reaching", "reach", "the", "with", "has", "at", "stay", "stays", "remain", "keep",
                "shall", "needs", "need"})  # fmt: skip
ASKING = frozenset({"optimise", "optimize", "optimising", "optimizing", "maximise", "maximize", "maximising",
                    "maximizing", "minimise", "minimize", "minimising", "minimizing", "metric", "measured",
                    "evaluate", "evaluated", "judged", "scored", "compared", "compare", "best", "highest",
                    "lowest",
                    "high", "low", "good", "focus", "prioritise", "prioritize", "judge",
                    "measure", "prefer"})  # fmt: skip
BETWEEN = frozenset({"by", "for", "the", "on", "is", "to", "with", "possible", "using", "a", "best", "as",
                     "be",
                     "should", ":", "highest", "lowest"})  # fmt: skip
PLAIN_WORDS = {
    "error": "rmse", "errors": "rmse", "average error": "mae", "mean error": "mae", "typical error": "mae",
    "absolute error": "mae", "accurate": "accuracy", "correct": "accuracy", "right": "accuracy",
    "percentage error": "mape", "percent error": "mape", "relative error": "mape", "r squared": "r2",
    "r square": "r2", "correctness": "accuracy", "auc score": "roc_auc", "roc": "roc_auc", "f score": "f1",
    "mean absolute deviation": "mae", "average deviation": "mae", "mean squared error": "mse",
    "response time": "p99_ms", "precise": "precision", "hit rate": "recall", "auc roc": "roc_auc",
}  # fmt: skip
"""What people say in place of a metric's name. A plain `error` is the root mean squared one: it is never
below the mean absolute error, so that what passes holds for both."""
IMPORTANT = (["is", "key"], ["is", "crucial"], ["is", "essential"], ["is", "critical"], ["is", "paramount"])
NEVER = frozenset({"ap", "f", "ev", "phi", "size", "value", "score", "a", "roc"})
"""Short names of metrics that are other words as well."""
NOT_ALONE = frozenset({"acc", "p99", "latency"})


@dataclass(frozen=True)
class Measure:
    """A metric in a sentence, with its bound if one is said.

    Attributes:
        metric: The metric's name.
        clause: The gate's clause; empty where no bound is said.
        reason: What was read as what.
        start: The first token of it.
        end: The token behind it.
    """

    metric: str
    clause: str
    reason: str
    start: int
    end: int

    @property
    def is_score(self) -> bool:
        """Whether it is a score, and no cost such as latency."""
        return self.metric not in {cost.name for cost in COSTS}


def find_measures(sentence: Sequence[Token]) -> tuple[Measure, ...]:
    """Find every metric that is bounded or asked for, from left to right.

    Raises:
        BadInput: A bound that no model can meet.
    """
    found: list[Measure] = []
    for metric, words, start, end in _named(sentence):
        if found and start < found[-1].end:
            continue
        measure = _bounded(sentence, metric, words, start, end) or _asked_for(
            sentence, metric, words, start, end
        )
        if measure:
            found.append(measure)
    return tuple(found)


def _named(sentence: Sequence[Token]) -> Iterator[tuple[Metric, str, int, int]]:
    """Find metrics by name, the longest name first."""
    known = {alias: metric for metric in (*METRICS, *COSTS) for alias in (_key(metric.name), *metric.aliases)}
    named = {metric.name: metric for metric in known.values()}
    start = 0
    while start < len(sentence):
        for length in range(min(LONGEST_NAME, len(sentence) - start), 0, -1):
            span = sentence[start : start + length]
            if any(token.kind not in {"word", "name"} and token.lower != "-" for token in span):
                continue
            words = " ".join(token.lower for token in span if token.lower != "-")
            metric = known.get(_key(words)) or named.get(PLAIN_WORDS.get(words, ""))
            if metric is not None and words not in NEVER:
                yield metric, words, start, start + length
                start += length - 1
                break
        start += 1


def _bounded(sentence: Sequence[Token], metric: Metric, words: str, start: int, end: int) -> Measure | None:
    sign, bound, first, last = "", None, start, end
    if behind := bound_behind(sentence, end):
        sign, bound, last = behind
    elif before := bound_before(sentence, start):
        sign, bound, first = before
    if bound is None:
        return None
    phrase = " ".join(token.text for token in sentence[first:last])
    metric, value, other = _as_share(metric, words, bound)
    unit = sentence[last].lower if last < len(sentence) else ""
    if metric.name == "p99_ms" and (scale := latency_ms(unit)):
        value, phrase, last = value * scale, f"{phrase} {unit}", last + 1
    clause = f"{metric.name} {sign or ('>=' if metric.is_better_higher else '<=')} {value:.10g}"
    parse_gate(clause)  # a bound that no model can meet is refused here, with its reason
    return Measure(metric.name, clause, f"'{phrase}' is the gate's clause {clause}{other}", first, last)


def bound_behind(sentence: Sequence[Token], at: int) -> tuple[str, Quantity, int] | None:
    """Read `[of] [at least] 0.8` behind a metric's name."""
    sign, has_of = "", False
    while at < len(sentence):
        if tuple(token.lower for token in sentence[at : at + 3]) in NO_WORSE:
            has_of, at = True, at + 3
            continue
        found = _sign_at(sentence, at)
        if found:
            sign, at = found[0], at + found[1]
            continue
        if sentence[at].lower in OF and quantity_at(sentence, at) is None:
            has_of, at = True, at + 1
            continue
        number = quantity_at(sentence, at)
        if number is None or not (sign or has_of or number.value <= 1):
            return None
        last = number.end
        if trailing := _trailing_sign(sentence, last):
            sign, last = trailing
        return sign, number, last
    return None


def _trailing_sign(sentence: Sequence[Token], at: int) -> tuple[str, int] | None:
    words = tuple(token.lower for token in sentence[at : at + 2])
    if words in {("or", "more"), ("or", "better"), ("or", "higher"), ("or", "above")}:
        return ">=", at + 2
    if words in {("or", "less"), ("or", "lower"), ("or", "below")}:
        return "<=", at + 2
    return None


def bound_before(sentence: Sequence[Token], start: int) -> tuple[str, Quantity, int] | None:
    """Read `at least 90%` or `0.8` in front of a metric's name; a bare number must touch it."""
    for first in range(max(0, start - 5), start):
        number = quantity_at(sentence, first)
        if number is None or number.end > start:
            continue
        between = [token.lower for token in sentence[number.end : start]]
        if any(word not in {"of", "the", "in", "mean", "average"} for word in between):
            continue
        for length in (3, 2, 1):
            found = _sign_at(sentence, first - length) if first >= length else None
            if found and found[1] == length:
                return found[0], number, first - length
        if number.end == start:
            return "", number, first
    return None


def _sign_at(sentence: Sequence[Token], at: int) -> tuple[str, int] | None:
    """Return the sign that begins at a token, and how many tokens it takes."""
    token = sentence[at]
    if token.kind == "sign":
        return (token.lower if token.lower != "=" else ""), 1
    for length in (3, 2, 1):
        words = tuple(each.lower for each in sentence[at : at + length])
        if len(words) == length and words in BY_WORDS:
            return BY_WORDS[words], length
    return None


def _as_share(metric: Metric, words: str, bound: Quantity) -> tuple[Metric, float, str]:
    """Read 90 as 90 % where a score ends at 1, and an error in percent as the relative one."""
    value = bound.value
    if metric.is_better_higher and 1 < value <= 100:
        return metric, value / 100, f", {value:g} being percent"
    if bound.is_percent and metric.name in {"rmse", "mae"}:
        relative = next(each for each in METRICS if each.name == "mape")
        return relative, value, ", an error in percent being the mean absolute percentage error"
    if words in {"error", "errors"}:
        return metric, value, f", a plain error being the {metric.name}"
    return metric, value, ""


def _asked_for(sentence: Sequence[Token], metric: Metric, words: str, start: int, end: int) -> Measure | None:
    if metric in COSTS or words in PLAIN_WORDS or _key(words) in NOT_ALONE:
        return None
    at = start - 1
    while at >= 0 and sentence[at].lower in BETWEEN and sentence[at].lower not in ASKING:
        at -= 1
    behind = [token.lower for token in sentence[end : end + 2]]
    is_asked = at >= 0 and sentence[at].lower in ASKING
    is_aside = start > 0 and sentence[start - 1].lower == "(" and behind[:1] == [")"]
    is_praised = is_aside or (
        behind[:1] in (["matters"], ["counts"], ["first"], ["counts"])
        or behind in IMPORTANT
        or behind == ["is", "important"]
        or behind[:1] == ["metric"]
    )
    if not (is_asked or is_praised):
        return None
    return Measure(metric.name, "", f"candidates are compared by {metric.name}, as asked for",
                   at if is_asked else start, end)  # fmt: skip


def _key(words: str) -> str:
    return "".join(mark for mark in words.casefold() if mark.isalnum())
