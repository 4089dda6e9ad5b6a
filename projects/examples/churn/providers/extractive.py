"""A summary of a text's own sentences, by TextRank: no model, no network, the same each time.

Mihalcea and Tarau, "TextRank: Bringing Order into Texts" (EMNLP 2004): sentences are joined by the words that
they share, and a walk along these links is most often where the text's subject is.
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from projects.errors import BadInput
from projects.examples.churn.factories import Settings, settings_of
from projects.examples.churn.providers.sentences import sentences_of
from projects.examples.churn.providers.words import told_words

DAMPING, STEPS, CLOSE = 0.85, 50, 1e-6
"""The paper's damping; the walk is over after STEPS, or when no share moves by more than CLOSE."""
LONGEST = 600
"""Characters of a sentence that are kept: a text without a full stop is one sentence."""
SAME = 0.6
"""The share of two sentences' words that both have, from which on one says what the other did."""


@dataclass(frozen=True)
class ExtractiveSettings:
    """The provider's settings.

    Attributes:
        sentences: Of a summary.
        dimensions: Of an embedding.
    """

    sentences: int = 3
    dimensions: int = 256

    def __post_init__(self) -> None:
        for name in ("sentences", "dimensions"):
            value = getattr(self, name)
            if not isinstance(value, int) or isinstance(value, bool) or value < 1:
                raise BadInput(
                    f"providers.extractive.{name} must be a whole number from 1, not {value!r}; change it"
                )


class ExtractiveSummaries:
    """Summaries of a text's own sentences.

    Args:
        settings: Of the provider.
    """

    def __init__(self, settings: Settings) -> None:
        self._sentences = settings_of(ExtractiveSettings, settings, "extractive").sentences
        self.identity = f"extractive textrank 2 {self._sentences}"

    def summarize(self, text: str) -> str:
        """Return the sentences that say most, in their order."""
        sentences = sentences_of(text)
        if len(sentences) > self._sentences:
            sentences = [sentences[at] for at in sorted(_best(sentences, self._sentences))]
        return " ".join(sentence[:LONGEST] for sentence in sentences)


def _best(sentences: list[str], wanted: int) -> list[int]:
    words = [frozenset(told_words(sentence)) for sentence in sentences]
    # A short sentence that shares a word with every other is a formula, not the subject.
    weights = _walk(_links(words)) * np.log1p([len(some) for some in words])
    chosen: list[int] = []
    repeats: list[int] = []
    for at in np.argsort(-weights, kind="stable").tolist():
        says_it_again = any(
            len(words[at] & words[other]) > SAME * len(words[at] | words[other]) for other in chosen
        )
        (repeats if says_it_again else chosen).append(at)
    return (chosen + repeats)[:wanted]


def _links(sets: list[frozenset[str]]) -> NDArray[np.float64]:
    links = np.zeros((len(sets), len(sets)))
    for i, first in enumerate(sets):
        for j in range(i):
            second = sets[j]
            shared = len(first & second)
            if shared:
                links[i, j] = links[j, i] = shared / (math.log1p(len(first)) + math.log1p(len(second)))
    return links


def _walk(links: NDArray[np.float64]) -> NDArray[np.float64]:
    total = links.sum(axis=0)
    moves = np.divide(links, total, out=np.zeros_like(links), where=total > 0)
    shares = np.full(len(links), 1 / len(links))
    for _ in range(STEPS):
        moved = (1 - DAMPING) / len(links) + DAMPING * moves @ shares
        if np.abs(moved - shares).max() < CLOSE:
            break
        shares = moved
    return np.asarray(moved)
