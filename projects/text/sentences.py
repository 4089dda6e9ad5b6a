"""What sentences mean, by a sentence-transformers model: a network that others trained on many more texts."""

import importlib.metadata
import importlib.util
import tempfile
from collections.abc import Mapping, Sequence
from hashlib import blake2b
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from projects.errors import BadInput
from projects.text.article import Article
from projects.text.embedding import embedded, load_model
from projects.text.model_folder import ModelFolder, digest_of, files_of, find_model, package_folder
from projects.text.part import Labels, Numbers, PartMissingError
from projects.text.shelf import shelf

LIBRARIES = ("sentence-transformers", "transformers", "torch")


class SentencesPart:
    """A sentence embedding.

    What was computed is kept for the process, by text and model, so that folds and candidates share it.

    Args:
        sentence_model: A folder, or the name of a package with one; None for the one that the environment
            variable PENSTOCK_SENTENCE_MODEL names, and else for an installed package.
        use_gpu: `auto` or True for a GPU where PyTorch sees one.

    Attributes:
        requirements_: What a version with this part needs, pinned.

    Raises:
        PartMissingError: sentence-transformers or a model is not installed.
        BadInput: What is named is no model.
    """

    def __init__(self, sentence_model: str | Path | None = None, *, use_gpu: bool | str = "auto") -> None:
        if importlib.util.find_spec("sentence_transformers") is None:
            raise PartMissingError(
                "sentence embeddings need sentence-transformers: pip install 'penstock[embeddings]'"
            )
        self.use_gpu = use_gpu
        self.names: tuple[str, ...] = ()
        self.requirements_: tuple[str, ...] = ()
        self._found: ModelFolder | None = find_model(sentence_model)
        self._files: Mapping[str, bytes] | None = None
        self._digest = ""

    def fit(self, articles: Sequence[Article], labels: Labels | None = None) -> Self:  # noqa: ARG002 - a Part's
        """Load the model and learn its width.

        Raises:
            BadInput: It cannot be loaded.
        """
        self._digest = digest_of(dict(files_of(self._folder())))
        width = embedded(self._model(), ["width"]).shape[1]
        self.names = tuple(f"sentences_{number}" for number in range(width))
        pinned = [f"{name}=={_public(importlib.metadata.version(name))}" for name in LIBRARIES]
        own = self._found.requirement if self._found else None
        self.requirements_ = (*pinned, own) if own else tuple(pinned)
        return self

    def fit_transform(self, articles: Sequence[Article], labels: Labels | None = None) -> Numbers:
        """Fit, and return the texts' numbers."""
        return self.fit(articles, labels).transform(articles)

    def transform(self, articles: Sequence[Article]) -> Numbers:
        """Return the embeddings, of shape (texts, width)."""
        texts = [article.text for article in articles]
        keys = [
            (self._digest, blake2b(text.encode(errors="replace"), digest_size=16).digest()) for text in texts
        ]
        kept = shelf()
        known: dict[Any, NDArray[np.float32]] = {}
        new: dict[Any, str] = {}
        for key, text in zip(keys, texts, strict=True):
            if key not in known and key not in new:
                if (vector := kept.vector(key)) is None:
                    new[key] = text
                else:
                    known[key] = vector
        if new:
            for key, vector in zip(new, embedded(self._model(), list(new.values())), strict=True):
                known[key] = vector
                kept.keep(key, vector)
        rows = np.array([known[key] for key in keys], dtype=np.float64)
        return rows.reshape(len(texts), len(self.names))

    def _folder(self) -> Path:
        if self._found is None:
            raise BadInput("the model is in the version itself")
        return self._found.path

    def _model(self) -> Any:
        return shelf().model((self._digest, self.use_gpu), self._load)

    def _load(self) -> Any:
        return load_model(self._folder(), use_gpu=self.use_gpu)


def _public(version: str) -> str:
    """Return a version without a build's own part, which no index knows."""
    return version.split("+")[0]
