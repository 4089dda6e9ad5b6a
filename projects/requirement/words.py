"""A sentence as tokens, a column's name as words, and the stem by which `salaries` and `salary` are one."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Literal

from projects.requirement.lexicon import ABBREVIATIONS, IRREGULAR

Kind = Literal["word", "number", "sign", "mark", "name"]
SIGNS = {">=": ">=", "=>": ">=", "<=": "<=", "=<": "<=", ">": ">", "<": "<", "≥": ">=", "≤": "<=", "=": "="}
TOKEN = re.compile(
    r"""
    (?P<name>`[^`]+`|"[^"]+"|“[^”]+”|(?<!\w)'[^']+'(?!\w))
  | (?P<number>[$€£]?(?:\d+(?:,\d+)*(?:\.\d+)?|(?<!\w)\.\d+)(?:\s?%|(?:k|m|mio|bn|b)\b)?(?![\w]))
  | (?P<sign>>=|=>|<=|=<|[<>=≥≤])
  | (?P<word>[^\W\d]\w*(?:[.]\w+)*²?(?:['\u2019]\w+)?|\d+\w+)
  | (?P<mark>[.,;:?!()\-/&])
    """,
    re.VERBOSE | re.IGNORECASE,
)
CONTRACTED = re.compile(r"(\w)['\u2019]ll\b")
CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
SUFFIXES = ("ization", "izing", "ized", "izer", "ize", "ational", "ation", "ance", "ence", "ment", "ness",
            "al", "or", "er", "ly")  # fmt: skip
SHORTEST_STEM = 4
UNCUT = """
    customer consumer number order other over under after per user weather total water power paper letter
    later never ever final error factor floor color sector doctor labor major minor general quarter species
    news status series census analysis diagnosis basis iris class business loss mass gas bus address access
    process press offer gender cancer summer winter server transfer tender calendar department apartment
    element moment segment cement distance balance finance science sequence hospital animal capital digital
    metal medical normal local legal manual serial rating rate rates ratings morning building spring string
    during nothing something speed need seed hundred bed red
"""
KEPT = frozenset(UNCUT.split())
"""Words that only look as if they ended with a suffix."""


@dataclass(frozen=True)
class Token:
    """One piece of a sentence.

    Attributes:
        text: As it was written, without quotes.
        lower: In lower case.
        stem: The key under which it is compared; of a number its text.
        kind: What it is; a `name` stood in quotes.
        typo: The word as it was written, if it is read as another.
    """

    text: str
    lower: str
    stem: str
    kind: Kind
    typo: str = ""

    def read_as(self, word: str) -> "Token":
        """Return the token of the word that was meant."""
        return replace(self, lower=word, stem=stem(word), typo=self.text)


def tokens(sentence: str) -> tuple[Token, ...]:
    """Take a sentence apart.

    >>> [token.lower for token in tokens("AUC >= 0.85 for next month's `Churn`")]
    ['auc', '>=', '0.85', 'for', 'next', 'month', 'Churn']
    """
    found = []
    for match in TOKEN.finditer(CONTRACTED.sub(r"\1 will", sentence)):
        kind: Kind = match.lastgroup  # type: ignore[assignment]
        text = match.group()
        if kind == "name":
            inner = text[1:-1].strip()
            found.append(Token(inner, inner, inner.casefold(), "name"))
        elif kind == "sign":
            found.append(Token(text, SIGNS[text], SIGNS[text], "sign"))
        elif kind == "word":
            found.append(_word(text))
        else:
            found.append(Token(text, text.casefold(), text.casefold(), kind))
    return tuple(found)


@lru_cache(maxsize=50_000)
def name_words(name: str) -> tuple[str, ...]:
    """Split a column's name into lower-case words, its abbreviations written out.

    >>> name_words("TotalCharges"), name_words("default.payment.next.month"), name_words("PAY_AMT1")
    (('total', 'charges'), ('default', 'payment', 'next', 'month'), ('pay', 'amount', '1'))
    """
    parts = re.split(r"[\W_]+", CAMEL.sub(" ", name))
    words = [piece.lower() for part in parts for piece in re.findall(r"[^\W\d]+|\d+", part)]
    return tuple(ABBREVIATIONS.get(word, word) for word in words)


def stems(words: Iterable[str]) -> tuple[str, ...]:
    """Stem each word."""
    return tuple(stem(word) for word in words)


@lru_cache(maxsize=20_000)
def stem(word: str) -> str:
    """Reduce an English word to what its forms share.

    A light form of the rules of M. F. Porter, "An algorithm for suffix stripping" (1980), with British
    spellings and irregular forms brought together first.

    >>> stem("salaries") == stem("salary"), stem("survived") == stem("survival"), stem("churners")
    (True, True, 'churn')
    """
    word = _regular(word)
    for form in (_singular, _regular, _without_ed_and_ing):
        if len(word) <= 3 or word in KEPT:
            return word
        word = form(word)
    return word if word in KEPT else _without_suffix(word)


def _regular(word: str) -> str:
    return IRREGULAR.get(word, word)


def _without_suffix(word: str) -> str:
    if word.endswith("ise") and len(word) > 5:
        word = f"{word[:-3]}ize"
    for ending, kept in (("ification", "if"), ("ify", "if"), ("ifi", "if"), ("ability", "abl")):
        if word.endswith(ending):
            return word.removesuffix(ending) + kept
    for suffix in SUFFIXES:
        if word.endswith(suffix) and len(word) - len(suffix) >= SHORTEST_STEM:
            word = word.removesuffix(suffix)
            break
    else:
        if word.endswith("ion") and len(word) >= 8:
            word = word.removesuffix("ion")
    word = word.removesuffix("e") if len(word) > 3 else word
    if word.endswith("at") and len(word) - 2 >= SHORTEST_STEM:
        word = word.removesuffix("at")
    word = f"{word[:-1]}i" if word.endswith("y") and len(word) > 3 else word
    return word[:-1] if len(word) > 4 and word[-1] == word[-2] and word[-1] not in "se" else word


def _word(text: str) -> Token:
    lower = text.lower().replace("\N{RIGHT SINGLE QUOTATION MARK}", "'").replace("²", "2")
    lower = lower.removesuffix("'s").removesuffix("'")
    return Token(text, lower, stem(lower), "word")


def _singular(word: str) -> str:
    if word.endswith("ies") and len(word) > 4:
        return f"{word[:-3]}y"
    if word.endswith(("sses", "xes", "ches", "shes", "zes")):
        return word[:-2]
    return word[:-1] if word.endswith("s") and not word.endswith(("ss", "us", "is")) else word


def _without_ed_and_ing(word: str) -> str:
    word = word.replace("isation", "ization")
    if word.endswith("ied"):
        return f"{word[:-3]}y"
    for ending in ("ing", "ed"):
        rest = word.removesuffix(ending)
        if rest != word and len(rest) >= 3 and re.search(r"[aeiouy]", rest):
            return rest[:-1] if rest[-1] == rest[-2] and rest[-1] not in "lsz" else rest
    return word
