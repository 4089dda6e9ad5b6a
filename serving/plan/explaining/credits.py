"""Which input columns each column of a matrix comes from, and contributions added up by input.

A column that is made of several inputs (a ratio, a cross, days between two dates) is credited to them in even
parts; so is one made of such columns, part by part.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from serving.plan.estimator import Indices, Matrix
from serving.plan.explaining.parts import Parts

Origin = Mapping[int, float]
"""The share of each input in a cell."""


@dataclass(frozen=True, slots=True)
class Credits:
    """The shares of inputs in a matrix's columns, sorted by input.

    Attributes:
        slots: Matrix columns; shape (pairs,).
        shares: The input's share in each; shape (pairs,).
        starts: Where each input's pairs begin; shape (inputs that are used,).
        used: Those inputs; shape (inputs that are used,).
        inputs: How many inputs there are.
    """

    slots: Indices
    shares: Matrix
    starts: Indices
    used: Indices
    inputs: int

    def by_input(self, parts: Parts) -> Parts:
        """Add up the contributions of each input's columns; what nobody is credited with joins the base."""
        each = np.zeros((*parts.each.shape[:2], self.inputs))
        if len(self.slots):
            weighed = parts.each[:, :, self.slots] * self.shares
            each[:, :, self.used] = np.add.reduceat(weighed, self.starts, axis=2)
        rest = parts.each.sum(axis=2) - each.sum(axis=2)
        return replace(parts, base=parts.base + rest, each=each)


def read_credits(encoder: Mapping[str, Any], inputs: int) -> Credits:
    """Read an encoder's JSON, which has been checked.

    Args:
        encoder: What `write_encoder` wrote.
        inputs: How many cells a row has.
    """
    origins = _origins(encoder["derived"], inputs)
    shares: dict[tuple[int, int], float] = {}
    for slot, sources in dict.fromkeys(_slots(encoder)):
        for source in sources:
            for origin, share in origins[source].items():
                shares[origin, slot] = shares.get((origin, slot), 0.0) + share / len(sources)
    pairs = sorted((origin, slot, share) for (origin, slot), share in shares.items())
    owners = np.array([owner for owner, _, _ in pairs], dtype=np.intp)
    used, starts = np.unique(owners, return_index=True)
    return Credits(
        slots=np.array([slot for _, slot, _ in pairs], dtype=np.intp),
        shares=np.array([share for _, _, share in pairs], dtype=np.float64),
        starts=starts.astype(np.intp),
        used=used,
        inputs=inputs,
    )


def _origins(derived: Sequence[Mapping[str, Any]], inputs: int) -> list[Origin]:
    """For each cell of an extended row, the inputs that it is made of."""
    origins: list[Origin] = [{cell: 1.0} for cell in range(inputs)]
    for entry in derived:
        parents = list(dict.fromkeys(entry["indices"]))
        origin: dict[int, float] = {}
        for parent in parents:
            for cell, share in origins[parent].items():
                origin[cell] = origin.get(cell, 0.0) + share / len(parents)
        origins += [origin] * (len(entry["parts"]) if entry["kind"] == "dates" else 1)
    return origins


def _slots(encoder: Mapping[str, Any]) -> Iterator[tuple[int, tuple[int, ...]]]:
    """Each matrix column, and the cells that it is made of."""
    for block in encoder["numbers"]:
        for place, source in enumerate(block["sources"]):
            yield block["start"] + place, (source,)
        for flag in block["flags"]:
            yield flag["slot"], (block["sources"][flag["place"]],)
    for column in encoder["one_hot"]:
        by_key = (column["keys"] or {}).values()
        for slot in (*column["positions"].values(), *by_key, column["missing"], column["unseen"]):
            if slot is not None:
                yield slot, (column["index"],)
    by_cells = [(column, (column["index"],)) for column in (*encoder["tables"], *encoder["ngrams"])]
    by_cells += [(block, tuple(block["roles"].values())) for block in encoder.get("articles", ())]
    for block, cells in by_cells:
        for slot in range(block["start"], block["start"] + block["width"]):
            yield slot, cells
