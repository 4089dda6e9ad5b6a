"""What a fitted extractor of texts becomes in a plan, known by class names and fitted attributes.

Views that hold one vectorizer are put side by side, so that a text is weighed once for all of them.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from serving.plan.encoding.articles import ROLES
from serving.plan.encoding.symbols import Articled, Looked, Measured, Raw, Symbol, WordView
from serving.plan.model import PlanUnsupported

ANALYZERS = {"word": "words", "char_wb": "letters"}
PLAIN = {
    "lowercase": True, "strip_accents": None, "stop_words": None, "tokenizer": None, "preprocessor": None,
    "token_pattern": r"(?u)\b\w\w+\b", "sublinear_tf": True, "norm": "l2", "use_idf": True, "binary": False,
}  # fmt: skip
"""How a vectorizer must read, as the plan's own reading does."""


@dataclass
class _Draft:
    """The numbers so far, in the order in which a plan makes them: by views, measures and source."""

    views: list[tuple[Any, list[Any]]] = field(default_factory=list)
    measures: list[Measured] = field(default_factory=list)
    looked: Looked | None = None
    placed: list[tuple[str, int, int, int]] = field(default_factory=list)
    """For each group of numbers, in the extractor's order: kind, maker, first number and how many."""

    def view(self, view: Any) -> None:
        """Add a view beside those of its vectorizer."""
        known = [vectorizer for vectorizer, _ in self.views]
        at = next((at for at, vectorizer in enumerate(known) if vectorizer is view.vectorizer), len(known))
        if at == len(known):
            self.views.append((view.vectorizer, []))
        beside = self.views[at][1]
        start = sum(other.matrix.shape[1] for other in beside)
        beside.append(view)
        self.placed.append(("view", at, start, view.matrix.shape[1]))

    def measure(self, measure: Any) -> None:
        """Add a measure."""
        self.placed.append(("measure", len(self.measures), 0, len(measure.names)))
        self.measures.append(Measured(measure.kind, dict(measure.as_json())))

    def look(self, names: Sequence[str], table: Any) -> None:
        """Add the table of sources."""
        self.placed.append(("looked", 0, 0, table.shape[1]))
        self.looked = Looked(names, table)

    def order(self) -> tuple[int, ...]:
        """Where each of the extractor's numbers stands among the plan's."""
        widths = {
            ("view", at): sum(view.matrix.shape[1] for view in views)
            for at, (_, views) in enumerate(self.views)
        }
        for kind, at, _, width in self.placed:
            if kind == "measure":
                widths[kind, at] = width
        starts, start = {}, 0
        for maker, width in widths.items():
            starts[maker], start = start, start + width
        starts["looked", 0] = start
        return tuple(
            starts[kind, at] + first + number
            for kind, at, first, width in self.placed
            for number in range(width)
        )


def articled(step: Any, symbols: Sequence[Symbol]) -> list[Symbol]:
    """Write a fitted extractor.

    Args:
        step: The extractor: `roles`, and `parts_` as pairs of a name and a fitted part.
        symbols: Its columns, one a role.

    Raises:
        PlanUnsupported: A part cannot be written; the message says which.
    """
    if len(symbols) != len(step.roles) or not all(isinstance(symbol, Raw) for symbol in symbols):
        raise PlanUnsupported("texts must go to their extractor as they come, a column for each role")
    draft = _Draft()
    for name, part in step.parts_:
        _add(draft, str(name), part)
    order = draft.order()
    if not order:
        raise PlanUnsupported("an extractor that makes no numbers cannot be a plan")
    roles = {role: symbol.source for role, symbol in zip(step.roles, symbols, strict=True) if role in ROLES}
    views = tuple(_beside(vectorizer, views) for vectorizer, views in draft.views)
    return [Articled(roles, len(order), views, tuple(draft.measures), draft.looked, order)]


def _add(draft: _Draft, name: str, part: Any) -> None:
    if not len(part.names):
        return
    if hasattr(part, "views_"):
        for view in part.views_:
            draft.view(view)
    elif hasattr(part, "measure") and hasattr(part.measure, "as_json"):
        draft.measure(part.measure)
    elif hasattr(part, "places_") and hasattr(part, "table_"):
        draft.look(sorted(part.places_, key=part.places_.__getitem__), part.table_)
    else:
        raise PlanUnsupported(f"the texts' part '{name}' needs its own code, which a plan cannot hold")


def _beside(vectorizer: Any, views: Sequence[Any]) -> WordView:
    for option, wanted in PLAIN.items():
        if getattr(vectorizer, option) != wanted:
            raise PlanUnsupported(
                f"a vectorizer with {option}={getattr(vectorizer, option)!r} cannot be a plan"
            )
    if vectorizer.analyzer not in ANALYZERS:
        raise PlanUnsupported(f"a vectorizer with analyzer={vectorizer.analyzer!r} cannot be a plan")
    vocabulary = vectorizer.vocabulary_
    return WordView(
        analyzer="words" if vectorizer.analyzer == "word" else "letters",
        sizes=tuple(vectorizer.ngram_range),
        groups=sorted(vocabulary, key=vocabulary.__getitem__),
        idf=np.asarray(vectorizer.idf_, dtype=np.float64),
        matrix=np.hstack([view.matrix for view in views]).astype(np.float64),
        offset=np.concatenate([view.offset for view in views]).astype(np.float64),
    )
