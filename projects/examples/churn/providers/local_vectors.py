"""Embeddings of a sentence encoder on this machine: any sentence-transformers folder or package."""

import threading
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from projects.errors import BadInput
from projects.examples.churn.factories import Settings, settings_of
from projects.text.embedding import embedded, load_model
from projects.text.model_folder import digest_of, find_model
from projects.text.part import PartMissingError


@dataclass(frozen=True)
class LocalSettings:
    """The provider's settings.

    Attributes:
        summary_model: A folder with a model that writes summaries, or with a sentence encoder that chooses
            sentences; empty for the encoder that there is.
        embedding_model: A folder with a sentence encoder, or a package; empty for the one that there is.
        longest_summary: Tokens that a writing model may write.
    """

    summary_model: str = ""
    embedding_model: str = ""
    longest_summary: int = 60


class Encoder:
    """A sentence encoder that is loaded; one thread at a time uses it, since it takes all cores itself.

    Args:
        named: A folder or a package; empty for the one that there is.

    Raises:
        BadInput: There is none, or it cannot be loaded.
    """

    def __init__(self, named: str) -> None:
        try:
            import sentence_transformers
        except ImportError as error:
            raise BadInput(
                "the provider huggingface needs sentence-transformers;"
                " pip install 'sentence-transformers>=5.1,<7'"
            ) from error
        del sentence_transformers
        try:
            found = find_model(named or None)
        except PartMissingError as error:
            raise BadInput(str(error)) from error
        self.digest = digest_of(found.path)
        self._model = load_model(found.path, use_gpu="auto")
        self._lock = threading.Lock()

    def encode(self, texts: Sequence[str]) -> "np.ndarray[tuple[int, int], np.dtype[np.float32]]":
        """Return a vector a text."""
        with self._lock:
            return embedded(self._model, texts)


class LocalVectors:
    """Embeddings of a sentence encoder.

    Args:
        settings: Of the provider.
    """

    def __init__(self, settings: Settings) -> None:
        self._encoder = Encoder(settings_of(LocalSettings, settings, "huggingface").embedding_model)
        self.identity = f"huggingface {self._encoder.digest}"

    def embed(self, texts: Sequence[str]) -> list[list[float]]:
        """Return a vector a text."""
        vectors: list[list[float]] = self._encoder.encode(texts).astype(np.float64).tolist()
        return vectors
