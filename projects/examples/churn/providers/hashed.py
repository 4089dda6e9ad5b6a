"""An embedding of a text's words by hashing: no vocabulary to learn, the same on every machine.

Weinberger et al., "Feature Hashing for Large Scale Multitask Learning" (ICML 2009): each word adds to one of
the dimensions, with a sign, so that words that meet there cancel out on average.
"""

import hashlib
import math
from collections import Counter
from collections.abc import Sequence

from projects.examples.churn.factories import Settings, settings_of
from projects.examples.churn.providers.extractive import ExtractiveSettings
from projects.examples.churn.providers.words import told_words


class HashedWords:
    """Embeddings of a text's telling words.

    Args:
        settings: Of the provider.
    """

    def __init__(self, settings: Settings) -> None:
        self._dimensions = settings_of(ExtractiveSettings, settings, "extractive").dimensions
        self.identity = f"extractive hashed 1 {self._dimensions}"

    def embed(self, texts: Sequence[str]) -> list[list[float]]:
        """Return a vector a text, of length 1; all zeros for a text without telling words."""
        return [self._vector(text) for text in texts]

    def _vector(self, text: str) -> list[float]:
        vector = [0.0] * self._dimensions
        for word, times in Counter(told_words(text)).items():
            number = int.from_bytes(hashlib.blake2b(word.encode(), digest_size=8).digest())
            sign = 1.0 if number & 1 else -1.0
            vector[(number >> 1) % self._dimensions] += sign * (1 + math.log(times))
        length = math.sqrt(sum(value * value for value in vector))
        return [value / length for value in vector] if length else vector
