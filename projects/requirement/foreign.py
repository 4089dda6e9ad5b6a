"""Words of other languages: a sentence that is half understood may say the opposite of what was read."""

import unicodedata
from collections.abc import Sequence

from projects.requirement.seen import ColumnSeen
from projects.requirement.words import Token, name_words

FOREIGN = frozenset(
    [
        "ohne",
        "nicht",
        "aber",
        "und",
        "oder",
        "welche",
        "welcher",
        "welches",
        "werden",
        "wird",
        "für",
        "kunden",
        "vorhersage",
        "vorhersagen",
        "sagen",
        "möchte",
        "bitte",
        "quiero",
        "predecir",
        "pronosticar",
        "cual",
        "cuales",
        "clientes",
        "prédire",
        "prévoir",
        "pour",
        "avec",
        "quels",
        "quelles",
        "voorspel",
        "voorspellen",
        "welke",
        "klanten",
        "zonder",
        "niet",
        "prevedere",
        "quali",
        "clienti",
        "senza",
        "prever",
        "quais",
    ]
)
"""Frequent words of German, Spanish, French, Dutch, Italian and Portuguese that are none of English."""


def foreign_word(sentence: Sequence[Token], columns: Sequence[ColumnSeen]) -> str:
    """Return the first word that is not English and that no column is called by; empty if there is none.

    >>> from projects.requirement.words import tokens
    >>> foreign_word(tokens("Churn, aber ohne gender"), ())
    'aber'
    """
    ours = {word for column in columns for word in (column.name.casefold(), *name_words(column.name))}
    ours |= {word for column in columns for value in column.examples for word in name_words(value)}
    for token in sentence:
        is_foreign = token.lower in FOREIGN or not all(map(_is_latin, token.text))
        if token.kind == "word" and is_foreign and token.lower not in ours:
            return token.text
    return ""


def _is_latin(mark: str) -> bool:
    return not mark.isalpha() or unicodedata.name(mark, "LATIN").startswith(("LATIN", "GREEK", "MICRO"))
