"""A spaCy pipeline that finds names in texts, packed as bytes so that a version holds it."""

import importlib.metadata
import importlib.util
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import blake2b
from pathlib import Path
from typing import Any

from projects.errors import BadInput
from projects.hints import did_you_mean
from projects.text.part import PartMissingError
from projects.text.shelf import shelf

NEEDED = ("tok2vec", "transformer", "ner", "entity_ruler")
"""The components that finding names takes; the others are left out."""
KINDS: Mapping[str, str] = {
    "PERSON": "persons", "PER": "persons", "ORG": "organisations", "GPE": "places", "LOC": "places",
    "FAC": "places", "MONEY": "money", "PERCENT": "percents", "DATE": "times", "TIME": "times",
    "CARDINAL": "numbers", "ORDINAL": "numbers", "QUANTITY": "numbers",
}  # fmt: skip
"""By the labels of OntoNotes and of CoNLL, which spaCy's own pipelines have; other labels are other names."""
BATCH = 64


@dataclass(frozen=True)
class Pipeline:
    """A pipeline.

    Attributes:
        config: Its configuration, as spaCy writes it.
        packed: Its components' bytes.
        requirement: spaCy, pinned.
    """

    config: str = field(repr=False)
    packed: bytes = field(repr=False)
    requirement: str

    def counts(self, texts: Sequence[str]) -> list[Counter[str]]:
        """Count the names of each kind in each text."""
        digest = blake2b(self.packed, digest_size=16).digest()
        kept = shelf()
        nlp = kept.once(("spacy", digest), self._load)
        with kept.once(("spacy lock", digest), _lock):
            documents = list(nlp.pipe(texts, batch_size=BATCH))
        return [Counter(KINDS.get(name.label_, "others") for name in document.ents) for document in documents]

    def _load(self) -> Any:
        import spacy
        from thinc.api import Config

        config = Config().from_str(self.config)
        nlp = spacy.util.get_lang_class(config["nlp"]["lang"]).from_config(config)
        return nlp.from_bytes(self.packed)


def installed_pipeline(language: str) -> str | None:
    """Name the smallest installed pipeline of a language; None where there is none."""
    if importlib.util.find_spec("spacy") is None:
        return None
    code = "en" if language == "auto" else language.partition("-")[0].lower()
    sizes = ("sm", "md", "lg", "trf")
    own = [name for name in _installed() if name.startswith(f"{code}_")]
    return min(
        own, key=lambda name: (sizes.index(end) if (end := name[-2:]) in sizes else 9, name), default=None
    )


def packed_pipeline(name: str) -> Pipeline:
    """Load a pipeline and pack it.

    Args:
        name: Of an installed package, or a folder.

    Raises:
        PartMissingError: spaCy is not installed.
        BadInput: There is no such pipeline, it cannot be loaded, or it finds no names.
    """
    if importlib.util.find_spec("spacy") is None:
        raise PartMissingError(f"the pipeline {name!r} needs spaCy: pip install 'spacy>=3.8,<4'")
    import spacy

    if not Path(name).is_dir() and name not in _installed():
        known = did_you_mean(name, [*_installed(), "patterns", "auto"])
        raise BadInput(
            f"there is no spaCy pipeline {name!r}: no folder, and none installed is called so; {known}"
        )
    try:
        nlp = spacy.load(name)
    except (OSError, ValueError, KeyError, ImportError) as error:
        told = f"{error}".partition("\n")[0]
        raise BadInput(f"the spaCy pipeline {name!r} cannot be loaded ({told:.200}); save it anew") from error
    for component in set(nlp.component_names) - set(NEEDED):
        nlp.remove_pipe(component)
    if not {"ner", "entity_ruler"} & set(nlp.pipe_names):
        raise BadInput(f"the spaCy pipeline {name!r} finds no entities; name one with 'ner', or 'patterns'")
    return Pipeline(nlp.config.to_str(), nlp.to_bytes(), f"spacy=={spacy.__version__}")


def _installed() -> list[str]:
    return sorted(found.name for found in importlib.metadata.entry_points(group="spacy_models"))


def _lock() -> Any:
    import threading

    return threading.Lock()
