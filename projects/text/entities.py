"""What texts name: by patterns that need nothing, or by a spaCy pipeline where one is installed or named."""

from collections.abc import Sequence
from math import log1p
from typing import Self

import numpy as np

from projects.text.article import Article
from projects.text.known_names import english_lists
from projects.text.measured import measured
from projects.text.part import Labels, Numbers
from projects.text.spacy_pipeline import Pipeline, installed_pipeline, packed_pipeline
from serving.plan.text.entities import NAMES, READ, Entities
from serving.plan.text.reading import Reading


class EntitiesPart:
    """Eight numbers of what a text names: log(1 + how many) of each kind.

    Args:
        entities: `patterns`; `auto` for the installed spaCy pipeline of the language, and patterns where
            there is none; or a pipeline's name or folder.
        language: Of the texts, such as `en`; `auto` takes them for English.

    Attributes:
        measure: What makes the numbers where patterns do; None where a pipeline does.
        requirements_: What a version with this part needs, pinned.

    Raises:
        PartMissingError: A pipeline is named, and spaCy is not installed.
        BadInput: There is no such pipeline, or it finds no entities.
    """

    names: tuple[str, ...] = tuple(f"entities_{name}" for name in NAMES)

    def __init__(self, entities: str = "auto", *, language: str = "auto") -> None:
        name = installed_pipeline(language) if entities == "auto" else entities
        has_patterns = name is None or name == "patterns"
        self.measure = Entities(english_lists()) if has_patterns else None
        self.pipeline: Pipeline | None = None if name is None or has_patterns else packed_pipeline(name)
        self.requirements_: tuple[str, ...] = (self.pipeline.requirement,) if self.pipeline else ()

    def fit(self, articles: Sequence[Article], labels: Labels | None = None) -> Self:  # noqa: ARG002 - a Part's
        """Learn nothing."""
        return self

    def fit_transform(self, articles: Sequence[Article], labels: Labels | None = None) -> Numbers:  # noqa: ARG002
        """Return the texts' numbers."""
        return self.transform(articles)

    def transform(self, articles: Sequence[Article]) -> Numbers:
        """Return the numbers, of shape (texts, 8)."""
        if self.measure is not None:
            return measured(self.measure, [Reading(article.text) for article in articles])
        texts = [article.text[:READ] for article in articles]
        counted = self.pipeline.counts(texts) if self.pipeline else []
        rows = [[log1p(found.get(name, 0)) for name in NAMES] for found in counted]
        return np.array(rows, dtype=np.float64).reshape(len(rows), len(NAMES))
