"""What words mean by the company they keep: Word2Vec of the training texts, or vectors from a file.

A text's numbers are the sum of its words' vectors, weighed by TF-IDF of length 1: rare words count more, long
texts no more than short ones. That is a linear view: a fitted part is plain arrays and needs no gensim.
"""

import importlib.util
from collections.abc import Hashable, Sequence
from hashlib import blake2b
from pathlib import Path
from typing import Any, Self

import numpy as np

from projects.text.article import Article
from projects.text.part import Labels, Numbers, PartMissingError
from projects.text.shelf import shelf
from projects.text.views import View, projected
from projects.text.word_vectors import Vectors, check_file, read_vectors

WIDTH = 100
FEWEST_WIDTH = 8
WORDS_A_NUMBER = 50
"""Words of training texts that a number of the width needs: 5,000 words give 100."""
MOST_WORDS = 2_000_000
"""Of more words than these only every second, third or further text is learned from."""
PASSES = 4_000_000
"""Words that training goes through in all, about 10 s; small corpora are gone through more often."""
EPOCHS = (2, 60)
FEWEST_WORDS = 20
"""With fewer known words there are no numbers."""


class Word2VecPart:
    """Numbers of the meanings of a text's words.

    Args:
        word2vec: A file of vectors: word2vec's text or binary form, GloVe's, or gensim's KeyedVectors; None
            trains on the texts.
        random_state: For the training.

    Attributes:
        views_: What makes the numbers, once it is fitted; none where the texts have too few words.

    Raises:
        PartMissingError: gensim is not installed, and vectors are to be trained.
        BadInput: There is no such file.
    """

    def __init__(self, word2vec: str | Path | None = None, *, random_state: int = 0) -> None:
        self.word2vec = word2vec
        self.random_state = random_state
        self.names: tuple[str, ...] = ()
        self.views_: list[View] = []
        if word2vec is not None:
            check_file(Path(word2vec))
        elif importlib.util.find_spec("gensim") is None:
            raise PartMissingError("word vectors need gensim: pip install 'gensim>=4.4,<5'")

    def fit(self, articles: Sequence[Article], labels: Labels | None = None) -> Self:  # noqa: ARG002 - a Part's
        """Train vectors, or read them.

        Raises:
            BadInput: The file holds no vectors.
        """
        texts = [article.text for article in articles]
        # Candidates of a training are fitted on the same folds again and again.
        vectors = shelf().recent(self._key(texts), lambda: self._vectors(texts))
        self.views_ = [_view(vectors, texts)] if len(vectors.words) >= FEWEST_WORDS else []
        width = len(self.views_[0].offset) if self.views_ else 0
        self.names = tuple(f"word2vec_{number}" for number in range(width))
        return self

    def _key(self, texts: Sequence[str]) -> Hashable:
        digest = blake2b("\0".join(texts).encode(errors="surrogatepass"), digest_size=16).digest()
        file = Path(self.word2vec).resolve() if self.word2vec is not None else None
        return ("word2vec", digest, self.random_state, file, file and file.stat().st_mtime_ns)

    def _vectors(self, texts: Sequence[str]) -> Vectors:
        words = _analyzer()
        sentences = [words(text) for text in texts]
        if self.word2vec is None:
            return trained(sentences, self.random_state)
        return read_vectors(Path(self.word2vec), {word for sentence in sentences for word in sentence})

    def fit_transform(self, articles: Sequence[Article], labels: Labels | None = None) -> Numbers:
        """Fit, and return the texts' numbers."""
        return self.fit(articles, labels).transform(articles)

    def transform(self, articles: Sequence[Article]) -> Numbers:
        """Return the numbers, of shape (texts, width); zeros for a text without a known word."""
        if not self.views_:
            return np.zeros((len(articles), 0))
        return projected(self.views_, [article.text for article in articles])[0]


def trained(sentences: Sequence[Sequence[str]], seed: int) -> Vectors:
    """Train Word2Vec, the same from the same texts in any process: one thread, no hash of strings.

    Args:
        sentences: The words of each text.
        seed: For the first vectors and what is drawn.
    """
    from gensim.models import Word2Vec

    sentences = sentences[:: 1 + sum(map(len, sentences)) // MOST_WORDS]
    words = sum(map(len, sentences))
    model = Word2Vec(
        vector_size=width_of(words), window=5, min_count=fewest_of(words), sg=1, negative=5, sample=1e-3,
        epochs=1, workers=1, seed=seed, hashfxn=len,
    )  # fmt: skip
    model.build_vocab(sentences)
    if len(model.wv) < FEWEST_WORDS:
        return Vectors((), np.zeros((0, model.vector_size)))
    model.train(sentences, total_examples=len(sentences), epochs=epochs_of(words))
    return Vectors(tuple(model.wv.index_to_key), model.wv.vectors.astype(np.float64))


def width_of(words: int) -> int:
    """Return the width for so many training words: more cannot be told apart by few."""
    return min(WIDTH, max(FEWEST_WIDTH, words // WORDS_A_NUMBER))


def epochs_of(words: int) -> int:
    """Return how often so many words are gone through."""
    return min(EPOCHS[1], max(EPOCHS[0], round(PASSES / max(words, 1))))


def fewest_of(words: int) -> int:
    """Return in how many places a word must be: one place teaches nothing, and a large corpus has many."""
    return 2 if words < 200_000 else 5


def _analyzer() -> Any:
    from sklearn.feature_extraction.text import TfidfVectorizer

    return TfidfVectorizer().build_analyzer()


def _view(vectors: Vectors, texts: Sequence[str]) -> View:
    from sklearn.feature_extraction.text import TfidfVectorizer

    vectorizer = TfidfVectorizer(vocabulary=list(vectors.words), sublinear_tf=True).fit(texts)
    return View("words", vectorizer, vectors.matrix, np.zeros(vectors.matrix.shape[1]))
