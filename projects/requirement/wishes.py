"""Which mistakes hurt, without a metric's name: `don't miss a defaulter`, `false alarms are costly`."""

from collections.abc import Sequence

from projects.requirement.measures import Measure
from projects.requirement.words import Token


def _phrases(text: str) -> tuple[tuple[str, ...], ...]:
    return tuple(tuple(phrase.split()) for phrase in text.split("|"))


PHRASES = {
    "recall": _phrases("""
        don't miss | dont miss | do not miss | never miss | not miss | can't miss | cannot miss |
        not to miss | without missing | not overlook | don't overlook | never overlook | miss none |
        miss no | miss as few |
        afford to miss | afford missing | to miss one | missing none | missing one | missing a | missing any |
        catch all | catch every | find every | catch as many | find as many | detect as many | misses are
    """),
    "precision": _phrases("""
        only when sure | only when you are sure | only if sure | only if you are sure | only when certain |
        be sure before | must be sure | don't cry wolf | not cry wolf | not bother | don't bother |
        without bothering | wrongly accuse | not accuse
    """),
}
FALSE = {"alarm": "precision", "alarms": "precision", "alert": "precision", "alerts": "precision",
         "positive": "precision", "positives": "precision", "negative": "recall",
         "negatives": "recall"}  # fmt: skip
"""What suffers from each kind of mistake."""
OTHER = {"precision": "recall", "recall": "precision"}
HARMFUL = frozenset(
    [
        "expensive",
        "costly",
        "cost",
        "costs",
        "annoying",
        "annoy",
        "bad",
        "worse",
        "worst",
        "dangerous",
        "hurt",
        "hurts",
        "harm",
        "harmful",
        "unacceptable",
        "problem",
        "avoid",
        "minimise",
        "minimize",
        "few",
        "fewer",
        "no",
        "without",
        "reduce",
        "less",
        "limit",
        "low",
        "critical",
        "serious",
        "painful",
        "kill",
        "kills",
        "hate",
        "terrible",
        "never",
        "intolerable",
        "deadly",
        "not",
    ]
)
FINE = frozenset(["ok", "okay", "fine", "acceptable", "cheap", "tolerable", "harmless", "alright"])
NEAR = 5
"""A judgement stands at most so many tokens from what it judges."""


def find_wishes(sentence: Sequence[Token]) -> tuple[Measure, ...]:
    """Find the first words that say which mistakes hurt more, as the metric to compare by."""
    words = [token.lower for token in sentence]
    for at in range(len(words)):
        if found := _phrase_at(words, at) or _judged_at(words, at):
            metric, start, end = found
            said = " ".join(token.text for token in sentence[start:end])
            reason = f"candidates are compared by {metric}: '{said}'"
            return (Measure(metric, "", reason, start, end),)
    return ()


def _phrase_at(words: Sequence[str], at: int) -> tuple[str, int, int] | None:
    for metric, phrases in PHRASES.items():
        for phrase in phrases:
            if tuple(words[at : at + len(phrase)]) == phrase:
                return metric, at, at + len(phrase)
    return None


def _judged_at(words: Sequence[str], at: int) -> tuple[str, int, int] | None:
    """Read `false alarms are expensive`, `avoid false positives`, `false alarms are fine`."""
    if words[at] != "false" or at + 1 >= len(words) or words[at + 1] not in FALSE:
        return None
    metric = FALSE[words[at + 1]]
    for place in range(at + 2, min(at + 2 + NEAR, len(words))):
        if words[place] in {".", ";", ":", ","}:
            break
        if words[place] in FINE:
            is_denied = any(word in {"not", "never", "aren't"} for word in words[at + 2 : place])
            return (metric if is_denied else OTHER[metric]), at, place + 1
        if words[place] in HARMFUL - {"not", "no", "never"}:
            return metric, at, place + 1
    for place in range(at - 1, max(-1, at - NEAR), -1):
        if words[place] in {".", ";"}:
            break
        if words[place] in HARMFUL:
            return metric, place, at + 2
    return None
