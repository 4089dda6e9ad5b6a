"""The datatypes of V2's tensors: how each is written in JSON and in bytes."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

Family = Literal["boolean", "whole", "real", "bytes"]
_GAP = type(None)


@dataclass(frozen=True, slots=True)
class Datatype:
    """One datatype.

    Attributes:
        name: As the protocol writes it.
        family: What its elements are.
        dtype: Its elements in a binary tensor, little-endian; of BYTES that of a byte.
        size: An element's bytes; 0 for BYTES, whose elements carry their length.
        takes: The kinds of values that its elements may have in JSON, where null is a gap.
        says: The same in words.
        low: The least whole number.
        high: The greatest whole number.
    """

    name: str
    family: Family
    dtype: np.dtype[Any]
    size: int
    takes: frozenset[type]
    says: str
    low: int = 0
    high: int = 0


def _whole(name: str, *, bits: int, is_signed: bool) -> Datatype:
    low, high = (-(1 << bits - 1), (1 << bits - 1) - 1) if is_signed else (0, (1 << bits) - 1)
    dtype = np.dtype(f"<{'i' if is_signed else 'u'}{bits // 8}")
    return Datatype(name, "whole", dtype, bits // 8, frozenset({int, _GAP}), "whole numbers", low, high)


def _real(name: str, *, bits: int) -> Datatype:
    return Datatype(
        name, "real", np.dtype(f"<f{bits // 8}"), bits // 8, frozenset({float, int, _GAP}), "numbers"
    )


_ALL = (
    Datatype("BOOL", "boolean", np.dtype("?"), 1, frozenset({bool, _GAP}), "true or false"),
    *(_whole(f"UINT{bits}", bits=bits, is_signed=False) for bits in (8, 16, 32, 64)),
    *(_whole(f"INT{bits}", bits=bits, is_signed=True) for bits in (8, 16, 32, 64)),
    *(_real(f"FP{bits}", bits=bits) for bits in (16, 32, 64)),
    Datatype("BYTES", "bytes", np.dtype("u1"), 0, frozenset({str, _GAP}), "texts"),
)
DATATYPES: Mapping[str, Datatype] = {datatype.name: datatype for datatype in _ALL}
"""All datatypes by name, as of the Open Inference Protocol; Triton's BF16 is not among them."""
