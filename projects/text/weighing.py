"""How words and letters are weighed: TF-IDF learned once from the training texts, for all parts that read it.

What is counted follows from the texts. With few words in all, one that came once is still a hint; with many,
it is noise and costs memory. Pairs of words are read where texts are more than a word or two long. Letters
(groups within words) help where words are scarce, and cost in proportion to the characters there are.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from math import log10
from typing import Any, Self

from projects.text.article import Article
from projects.text.views import Analyzer

UNSPACED = re.compile(r"[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff]")
"""Thai, Lao, Burmese, Khmer, kana and Han: scripts that put no blanks between words."""
UNSPACED_LANGUAGES = ("zh", "ja", "th", "lo", "my", "km")
LETTERS_UP_TO = 3_000_000
"""Characters of all training texts up to which letters are read too: about 20 s of fitting."""
MOST_WORDS = 60_000
MOST_LETTERS = 60_000


@dataclass(frozen=True, slots=True)
class Split:
    """How texts are split and which groups are kept.

    Attributes:
        analyzer: `words` or `letters`.
        ngrams: The least and the most of a group.
        fewest: Texts that a group must be in to be known.
        most: Groups that are known, the commonest ones.
    """

    analyzer: Analyzer
    ngrams: tuple[int, int]
    fewest: int
    most: int

    def vectorizer(self) -> Any:
        """Make scikit-learn's TfidfVectorizer."""
        from sklearn.feature_extraction.text import TfidfVectorizer

        return TfidfVectorizer(
            analyzer="word" if self.analyzer == "words" else "char_wb",
            ngram_range=self.ngrams, min_df=self.fewest, max_features=self.most, sublinear_tf=True,
        )  # fmt: skip


def is_unspaced(texts: Sequence[str], language: str = "auto") -> bool:
    """Whether texts put no blanks between words: by the language, or by a third of a sample's letters."""
    if language != "auto":
        return language.split("-", maxsplit=1)[0].lower() in UNSPACED_LANGUAGES
    step = max(1, len(texts) // 500)
    sample = " ".join(text[:300] for text in texts[::step])
    letters = sum(map(str.isalpha, sample))
    return len(UNSPACED.findall(sample)) * 3 > letters > 0


def splits(texts: Sequence[str], language: str = "auto") -> tuple[Split, ...]:
    """Return how texts are read: words, letters, or both.

    Args:
        texts: To learn from.
        language: A code such as `en` or `zh`; `auto` looks at the letters.
    """
    characters = sum(map(len, texts))
    words = sum(text.count(" ") + 1 for text in texts)
    # Ten times as many words: a group must come once more to be known. Below 100,000 all are.
    fewest = min(5, max(1, 1 + round(log10(max(words, 1) / 100_000))))
    if is_unspaced(texts, language):
        return (Split("letters", (1, 3), fewest, MOST_LETTERS),)
    pairs = 2 if words >= 3 * len(texts) else 1
    words_alone = (Split("words", (1, pairs), fewest, MOST_WORDS),)
    if characters > LETTERS_UP_TO:
        return words_alone
    return (*words_alone, Split("letters", (2, 5), max(2, fewest), MOST_LETTERS))


class Weighing:
    """The vectorizers of the training texts.

    Args:
        language: As for `splits`.

    Attributes:
        vectorizers: By analyzer, once they are learned; none where no text holds a word or a letter.
    """

    def __init__(self, language: str = "auto") -> None:
        self.language = language
        self.vectorizers: dict[Analyzer, Any] = {}
        self._articles: Sequence[Article] | None = None
        self._weights: dict[Analyzer, Any] = {}

    def learn(self, articles: Sequence[Article]) -> Self:
        """Learn from training texts, once for the same sequence; `forget` lets go of their weights."""
        if self._articles is articles:
            return self
        texts = [article.text for article in articles]
        self._articles, self._weights, self.vectorizers = articles, {}, {}
        for split in splits(texts, self.language):
            vectorizer = split.vectorizer()
            try:
                self._weights[split.analyzer] = vectorizer.fit_transform(texts)
            except ValueError:  # scikit-learn refuses an empty vocabulary
                continue
            vectorizer.stop_words_ = None
            self.vectorizers[split.analyzer] = vectorizer
        return self

    def weights(self, analyzer: Analyzer) -> Any:
        """Return the training texts' weights, sparse, (texts, groups)."""
        return self._weights[analyzer]

    @property
    def first(self) -> Analyzer | None:
        """The analyzer that reads meaning: words, or letters where there are no blanks; None without text."""
        return next(iter(self.vectorizers), None)

    def forget(self) -> None:
        """Let go of the training texts."""
        self._articles, self._weights = None, {}

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_articles": None, "_weights": {}}
