"""Summaries by a model on this machine: one that writes, or an encoder that chooses sentences."""

import threading
from pathlib import Path
from typing import Any

import numpy as np

from projects.errors import BadInput
from projects.examples.churn.factories import Settings, settings_of
from projects.examples.churn.providers.local_vectors import Encoder, LocalSettings
from projects.examples.churn.providers.sentences import sentences_of
from projects.examples.churn.refusals import NoAnswer
from projects.text.model_folder import MARK, digest_of

CHOSEN = 3
"""Sentences that an encoder chooses."""
LONGEST_INPUT = 1024
"""Tokens of a text that a writing model reads; the usual ones were trained on no more."""


class LocalSummaries:
    """Summaries by a folder's model.

    Args:
        settings: Of the provider.

    Raises:
        BadInput: There is no model, or it cannot be loaded.
    """

    def __init__(self, settings: Settings) -> None:
        read: LocalSettings = settings_of(LocalSettings, settings, "huggingface")
        folder = Path(read.summary_model).expanduser()
        writes = bool(read.summary_model) and folder.is_dir() and not (folder / MARK).is_file()
        self._made: Writer | Chooser = (
            Writer(folder, read.longest_summary) if writes else Chooser(read.summary_model)
        )
        self.identity = self._made.identity

    def summarize(self, text: str) -> str:
        """Return a summary; raises NoAnswer where the model writes nothing."""
        return self._made.summarize(text)


class Chooser:
    """Chooses the sentences that lie nearest to the middle of all of a text's sentences.

    Radev et al., "Centroid-based summarization of multiple documents" (2004), with sentence embeddings.
    """

    def __init__(self, named: str) -> None:
        self._encoder = Encoder(named)
        self.identity = f"huggingface centroid 1 {CHOSEN} {self._encoder.digest}"

    def summarize(self, text: str) -> str:
        """Return the chosen sentences, in their order."""
        sentences = sentences_of(text)
        if len(sentences) > CHOSEN:
            vectors = self._encoder.encode(sentences).astype(np.float64)
            vectors /= np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-12)
            best = np.argsort(-(vectors @ vectors.mean(axis=0)), kind="stable")[:CHOSEN]
            sentences = [sentences[at] for at in sorted(best)]
        return " ".join(sentences)


class Writer:
    """A sequence-to-sequence model, such as BART or T5; the likeliest words, so the same each time."""

    def __init__(self, folder: Path, longest: int) -> None:
        self._model, self._tokenizer = _loaded(folder)
        self._longest = longest
        self._lock = threading.Lock()
        self.identity = f"huggingface writer 1 {longest} {digest_of(folder)}"

    def summarize(self, text: str) -> str:
        """Return what the model writes.

        Raises:
            NoAnswer: It writes nothing.
        """
        asked = self._tokenizer(text, return_tensors="pt", truncation=True, max_length=LONGEST_INPUT)
        with self._lock:
            written = self._model.generate(
                input_ids=asked["input_ids"], attention_mask=asked["attention_mask"],
                max_new_tokens=self._longest, do_sample=False,
            )  # fmt: skip
        summary = str(self._tokenizer.decode(written[0], skip_special_tokens=True)).strip()
        if not summary:
            raise NoAnswer("the model wrote nothing")
        return summary


def _loaded(folder: Path) -> tuple[Any, Any]:
    try:
        from transformers import AutoModelForSeq2SeqLM, AutoTokenizer
    except ImportError as error:
        raise BadInput(
            "the provider huggingface needs transformers; pip install 'sentence-transformers>=5.1,<7'"
        ) from error
    try:
        model = AutoModelForSeq2SeqLM.from_pretrained(str(folder), local_files_only=True)
        return model.eval(), AutoTokenizer.from_pretrained(str(folder), local_files_only=True)
    except (OSError, ValueError, KeyError, RuntimeError, ImportError, TypeError, AttributeError) as error:
        why = str(error).partition("\n")[0]
        raise BadInput(
            f"the summary model in {folder} cannot be loaded: {why}; name the folder of a model"
            " that writes, such as BART or T5, or of a sentence encoder"
        ) from error
