"""Texts through a sentence-transformers model, those of about the same length together."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from projects.errors import BadInput


def load_model(folder: Path, *, use_gpu: bool | str) -> Any:
    """Load a model without asking any network.

    Raises:
        BadInput: It cannot be loaded.
    """
    from sentence_transformers import SentenceTransformer

    try:
        return SentenceTransformer(str(folder), device=_device(use_gpu), local_files_only=True)
    except (OSError, ValueError, KeyError, RuntimeError, ImportError, TypeError, AttributeError) as error:
        raise BadInput(f"the sentence model in {folder} cannot be loaded: {error}") from error


def embedded(model: Any, texts: Sequence[str]) -> NDArray[np.float32]:
    """Return the embeddings of texts, (texts, width)."""
    made: NDArray[np.float32] = model.encode(list(texts), show_progress_bar=False, convert_to_numpy=True)
    return made


def _device(use_gpu: bool | str) -> str:
    import torch

    return "cuda" if use_gpu and torch.cuda.is_available() else "cpu"
