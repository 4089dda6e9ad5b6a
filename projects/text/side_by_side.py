"""Parts side by side: what they share, reading a text and weighing its words, is done once."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from projects.text.article import Article
from projects.text.configuration import PartName
from projects.text.measured import measured
from projects.text.part import Labels, Numbers, Part
from projects.text.views import View, projected
from serving.plan.text.reading import Reading

Named = tuple[PartName, Part]


def fitted_numbers(
    parts: Sequence[Named], articles: Sequence[Article], labels: Labels | None, *, wants_numbers: bool = True
) -> tuple[Numbers, list[Named]]:
    """Fit parts.

    Returns:
        The training texts' numbers, (texts, numbers), without columns unless they are wanted; and the parts
        that have any.
    """
    blocks, kept = [np.zeros((len(articles), 0))], []
    for name, part in parts:
        if wants_numbers:
            blocks.append(part.fit_transform(articles, labels))
        else:
            part.fit(articles, labels)
        if part.names:
            kept.append((name, part))
    for _, part in parts:
        if (weighing := getattr(part, "weighing", None)) is not None:
            weighing.forget()
    return np.hstack(blocks), kept


def numbers_of(parts: Sequence[Named], articles: Sequence[Article]) -> Numbers:
    """Return the numbers of fitted parts, (texts, numbers)."""
    if not articles:
        return np.zeros((0, sum(len(part.names) for _, part in parts)))
    texts = [article.text for article in articles]
    readings = [Reading(text) for text in texts]
    views = [view for _, part in parts for view in views_of(part)]
    shown = iter(projected(views, texts))
    blocks = [np.zeros((len(articles), 0))]
    for _, part in parts:
        if own := views_of(part):
            blocks += [next(shown) for _ in own]
        elif (measure := getattr(part, "measure", None)) is not None:
            blocks.append(measured(measure, readings))
        else:
            blocks.append(part.transform(articles))
    return np.hstack(blocks)


def views_of(part: Any) -> Sequence[View]:
    """Return a part's views; none for a part that makes its numbers otherwise."""
    return getattr(part, "views_", ())
