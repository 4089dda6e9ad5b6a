"""What kind of answer a sentence wants: a class, a number, or one of both, and the words that say so."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from projects.evaluation.metrics import find_metric
from projects.requirement.cues import YES_OR_NO, is_relative
from projects.requirement.measures import Measure
from projects.requirement.quantities import quantity_at
from projects.requirement.roles import Role, Word
from projects.requirement.seen import ColumnSeen
from projects.requirement.weights import COMPARING
from projects.requirement.words import Token, stem

CLASSES = frozenset(stem(word) for word in ("classify", "categorise", "categorize", "classifier",
                                            "classification",
                                            "detect", "detection", "label", "tag"))  # fmt: skip
NUMBERS = frozenset(stem(word) for word in ("estimate", "regression", "regress", "quantify"))
FORECAST = frozenset(stem(word) for word in ("forecast", "forecasting"))
HOW_NUMBER = frozenset({"many", "much", "long", "old", "far", "fast", "expensive", "tall", "heavy", "big",
                        "large",
                        "hot", "warm", "cold", "high", "strong"})  # fmt: skip
COUNTS = frozenset({"number", "count", "share", "percentage", "proportion", "amount", "total"})
CHANCE = frozenset({"probability", "likelihood", "chance", "chances", "odds", "likely", "propensity"})


@dataclass(frozen=True)
class Wants:
    """The kind of answer.

    Attributes:
        task: The task; empty where the words leave it open.
        is_sure: Whether a column of the other kind cannot be meant.
        why: The words that say so.
        is_forecast: Whether it looks ahead in time at an amount.
        is_question: Whether anything is asked for at all.
        is_yes_or_no: Whether yes or no is the whole answer.
        is_comparison: Whether it is asked on which side of a number something is.
    """

    task: Literal["", "classification", "regression"] = ""
    is_sure: bool = False
    why: str = ""
    is_forecast: bool = False
    is_question: bool = False
    is_comparison: bool = False
    is_yes_or_no: bool = False

    @property
    def what(self) -> str:
        """The answer in words."""
        return {"classification": "classes", "regression": "a number"}.get(self.task, "an answer")

    def fits(self, column: ColumnSeen, expects: str) -> bool:
        """Whether a column can hold the answer; what is usual for the word counts if nothing else says."""
        task = (
            self.task
            if self.is_sure
            else {"classes": "classification", "number": "regression"}.get(expects, "")
        )
        if task == "classification":
            return column.can_be_classes and (not self.is_yes_or_no or column.is_yes_or_no)
        if task == "regression":
            return column.can_be_number
        return True


def read_wants(sentence: Sequence[Token], words: Sequence[Word], measures: Sequence[Measure]) -> Wants:
    """Look for the words that say what kind of answer is wanted."""
    is_forecast = any(token.stem in FORECAST for token in sentence)
    is_question = any(word.weight > 0 for word in words)
    task, is_sure, why = _kind(sentence) or _by_metric(measures) or ("", False, "")
    if not task and any(token.stem in NUMBERS for token in sentence):
        task, why = "regression", "an estimate is asked for"
    is_comparison = any(
        token.lower in COMPARING and quantity_at(sentence, at + 1) is not None
        for at, token in enumerate(sentence[:-1])
        if words[at].role is Role.TARGET
    )
    is_yes_or_no = why.endswith("yes or no") and not any(token.lower == "or" for token in sentence)
    return Wants(task, is_sure, why, is_forecast, is_question, is_comparison, is_yes_or_no)  # type: ignore[arg-type]


def _kind(sentence: Sequence[Token]) -> tuple[str, bool, str] | None:
    for at, token in enumerate(sentence):
        behind = sentence[at + 1].lower if at + 1 < len(sentence) else ""
        if token.lower == "how" and behind in HOW_NUMBER:
            return "regression", True, f"'how {behind}' asks for a number"
        if _asks_when(sentence, at):
            return "regression", True, f"'{token.text} {behind}' asks for a time"
        if _counts_who(sentence, at) or (token.lower in {"number", "count"} and behind == "of"):
            return "regression", True, f"'{token.text} of' asks for a number"
        if why := _asks_for_class(sentence, at, behind):
            return "classification", True, f"'{token.text}' {why}"
    return None


def _asks_when(sentence: Sequence[Token], at: int) -> bool:
    """`when will a customer leave`, not `tell me when customers leave`."""
    return sentence[at].lower == "when" and sentence[min(at + 1, len(sentence) - 1)].lower in YES_OR_NO


def _counts_who(sentence: Sequence[Token], at: int) -> bool:
    """Whether it is asked how many do something: `the number of customers who leave`."""
    words = [token.lower for token in sentence[at : at + 6]]
    return words[0] in COUNTS and words[1:2] == ["of"] and bool({"who", "that", "which"} & set(words[2:]))


def _asks_for_class(sentence: Sequence[Token], at: int, behind: str) -> str:
    token, before = sentence[at], sentence[at - 1].lower if at else "."
    is_condition = token.lower == "if" and behind in {"possible", "you", "we"}
    if token.lower in {"whether", "if"} and not is_condition:
        return "asks for a class"
    if is_relative(sentence, at) or (token.lower in {"who", "which"} and _asks_yes_or_no(sentence, at)):
        return "asks for a class"
    if token.lower in YES_OR_NO and before in {".", "?", "!"} and behind not in {"you", "we", "i", "not"}:
        return "asks for yes or no"
    if token.stem in CLASSES:
        return "asks for classes"
    return "is asked of a class" if token.lower in CHANCE and behind in {"of", "that", "to"} else ""


def _asks_yes_or_no(sentence: Sequence[Token], at: int) -> bool:
    """`which customers will churn`, not `the price, which is in dollars`."""
    return not (at and sentence[at - 1].lower in {",", "in", "of", "for", "from", "on", "at"})


def _by_metric(measures: Sequence[Measure]) -> tuple[str, bool, str] | None:
    for measure in measures:
        metric = find_metric(measure.metric, or_cost=True)
        if metric.is_cost:
            continue
        task = "regression" if metric.tasks == ("regression",) else "classification"
        return task, True, f"{metric.name} is a metric of it"
    return None
