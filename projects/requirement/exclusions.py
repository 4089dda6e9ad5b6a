"""The columns that a sentence says not to use, and what may say so in words that are not understood."""

from collections.abc import Iterator, Sequence

from projects.errors import BadInput
from projects.hints import did_you_mean
from projects.requirement.cues import is_content
from projects.requirement.reading import Reading
from projects.requirement.roles import Role, Word
from projects.requirement.seen import ColumnSeen
from projects.requirement.words import Token, name_words, stem, stems

DENIALS = frozenset(
    [
        "not",
        "no",
        "never",
        "cannot",
        "can't",
        "don't",
        "mustn't",
        "isn't",
        "aren't",
        "won't",
        "without",
        "except",
        "forbidden",
        "banned",
        "forbid",
        "ban",
        "unavailable",
        "disallowed",
        "prohibited",
        "taboo",
        "cheating",
        "leak",
        "leaks",
        "leaky",
        "leakage",
        "useless",
        "minus",
        "sans",
    ]
)
USES = frozenset(
    stem(word)
    for word in ["use", "feature", "column", "field", "variable", "allow", "available", "input", "predictor"]
)

LEAVING = frozenset(
    stem(word)
    for word in [
        "use",
        "without",
        "ignore",
        "exclude",
        "except",
        "omit",
        "drop",
        "remove",
        "skip",
        "disregard",
    ]
)
NEGATIONS = frozenset(stem(word) for word in ["without", "except", "drop", "remove", "skip"])
"""Words that also say something else: a customer drops out, a table without a header."""
ROWS = frozenset(
    [
        "outliers",
        "outlier",
        "missing",
        "duplicates",
        "leaks",
        "leak",
        "leakage",
        "noise",
        "nulls",
        "rows",
        "values",
        "nans",
    ]
)
"""What is left out and is no column."""


def left_out(reading: Reading, columns: Sequence[ColumnSeen]) -> tuple[str, ...]:
    """Name the columns that the sentence says not to use."""
    words = [word.token for word in reading.words if word.role is Role.LEFT_OUT]
    return tuple(dict.fromkeys(column.name for column in columns if is_mentioned(column, words)))


def refuse_unclear(reading: Reading, columns: Sequence[ColumnSeen], target: str) -> None:
    """Refuse a sentence that denies a use and names a column, when nothing in that part was left out.

    Raises:
        BadInput: With the column that may be meant.
    """
    for clause in _clauses(reading.words):
        words = [word.token for word in clause]
        is_denied = any(token.lower in DENIALS for token in words)
        is_use = any(token.stem in USES for token in words)
        is_order = any(token.stem in LEAVING - USES - NEGATIONS for token in words)
        if not (is_order or (is_denied and is_use)) or any(word.role is Role.LEFT_OUT for word in clause):
            continue
        named = [each.name for each in columns if each.name != target and is_mentioned(each, words)]
        if named:
            said = " ".join(token.text for token in words)
            raise BadInput(
                f"'{said:.120}' may say that {named[0]} must not be used; write 'without {named[0]}',"
                " or leave that part out",
                code="unclear_exclusion",
            )


def refuse_unknown(reading: Reading, columns: Sequence[ColumnSeen]) -> None:
    """Refuse a part that leaves out what is no column: it may be another name, or mean something else.

    Raises:
        BadInput: With the words.
    """
    for run in _runs(reading.words):
        words = [word.token for word in run]
        is_use = any(token.stem in LEAVING for token in words)
        content = [t for t in words if is_content(t) and t.stem not in LEAVING | USES and t.lower not in ROWS]
        if not is_use or not content or any(is_mentioned(each, words) for each in columns):
            continue
        said = " ".join(token.text for token in content)
        hint = did_you_mean(said, [column.name for column in columns])
        raise BadInput(
            f"'{said:.80}' is to be left out, and no column is called so; {hint}", code="unknown_exclusion"
        )


def _runs(words: Sequence[Word]) -> Iterator[list[Word]]:
    run: list[Word] = []
    for word in words:
        if word.role is Role.LEFT_OUT:
            run.append(word)
        elif run:
            yield run
            run = []
    if run:
        yield run


def is_mentioned(column: ColumnSeen, words: Sequence[Token]) -> bool:
    """Whether the words hold the whole of a column's name, one word behind the other."""
    name = stems(name_words(column.name))
    said = [part for token in words for part in _parts(token)]
    runs = (tuple(said[start : start + len(name)]) for start in range(len(said) - len(name) + 1))
    return any(token.lower == column.name.casefold() for token in words) or (bool(name) and name in runs)


def _parts(token: Token) -> tuple[str, ...]:
    parts = name_words(token.text)
    return stems(parts) if len(parts) > 1 else (token.stem,)


def _clauses(words: Sequence[Word]) -> Iterator[list[Word]]:
    clause: list[Word] = []
    for word in words:
        if word.token.kind == "mark" and word.token.lower in ".;!?":
            yield clause
            clause = []
        else:
            clause.append(word)
    yield clause
