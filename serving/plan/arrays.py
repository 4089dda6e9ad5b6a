"""Numpy arrays as bytes: the npz format, read so strictly that nothing in a file can surprise.

Only stored (never compressed) arrays of plain numbers are read, each exactly as long as its header says, and
no more bytes are ever held than the file has.
"""

import io
import math
import struct
import zipfile
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from serving.plan.model import PlanBroken

KINDS = ("f", "i")
MOST_DIMENSIONS = 3
Sizes = tuple[int | None, ...]


def pack(**arrays: Any) -> bytes:
    """Write arrays of floats or whole numbers; the same arrays give the same bytes."""
    buffer = io.BytesIO()
    np.savez(buffer, allow_pickle=False, **{name: np.asarray(array) for name, array in arrays.items()})
    return buffer.getvalue()


class Arrays:
    """The arrays of one file; asking for one checks what it must be.

    Args:
        content: The file's bytes.

    Raises:
        PlanBroken: It is not what `pack` writes.
    """

    def __init__(self, content: bytes) -> None:
        try:
            self._arrays = _unpack(content)
        except (
            zipfile.BadZipFile, struct.error, ValueError, KeyError, TypeError, EOFError, OverflowError,
            NotImplementedError, RuntimeError, SyntaxError, MemoryError, OSError,
        ) as error:  # fmt: skip
            raise PlanBroken(f"an array file cannot be read; {error}") from error

    def floats(self, name: str, *sizes: int | None, is_finite: bool = True) -> NDArray[np.float64]:
        """Return an array of floats.

        Args:
            name: Its name.
            sizes: Its shape; None for any length.
            is_finite: Whether infinity and NaN are refused.

        Raises:
            PlanBroken: It is missing or something else.
        """
        array = self._shaped(name, "f", sizes)
        if is_finite and not np.isfinite(array).all():
            raise PlanBroken(f"array '{name}' must be finite")
        return np.ascontiguousarray(array, dtype=np.float64)

    def integers(self, name: str, *sizes: int | None, low: int, high: int) -> NDArray[np.intp]:
        """Return an array of whole numbers from `low` to `high`, the latter not included.

        Raises:
            PlanBroken: It is missing or something else.
        """
        array = self._shaped(name, "i", sizes)
        if array.size and not (array.min() >= low and array.max() < high):
            raise PlanBroken(f"array '{name}' must lie in {low}..{high - 1}")
        return np.ascontiguousarray(array, dtype=np.intp)

    def _shaped(self, name: str, kind: str, sizes: Sizes) -> NDArray[Any]:
        array = self._arrays.get(name)
        if array is None:
            raise PlanBroken(f"array '{name}' is missing")
        fits = len(sizes) == array.ndim and all(
            wanted is None or wanted == size for wanted, size in zip(sizes, array.shape, strict=True)
        )
        if array.dtype.kind != kind or not fits:
            wanted = tuple("any" if size is None else size for size in sizes)
            raise PlanBroken(f"array '{name}' must be {kind}{wanted}, not {array.dtype.kind}{array.shape}")
        return array


def _unpack(content: bytes) -> Mapping[str, NDArray[Any]]:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        entries = archive.infolist()
        for entry in entries:
            if entry.compress_type != zipfile.ZIP_STORED or entry.flag_bits & 1:
                raise ValueError(f"'{entry.filename}' must be stored as it is")
        if sum(entry.file_size for entry in entries) > len(content):
            raise ValueError("its arrays are larger than itself")
        return {entry.filename.removesuffix(".npy"): _array(archive.read(entry)) for entry in entries}


def _array(content: bytes) -> NDArray[Any]:
    stream = io.BytesIO(content)
    if np.lib.format.read_magic(stream) != (1, 0):
        raise ValueError("an array must be of the npy format 1.0")
    shape, is_fortran, dtype = np.lib.format.read_array_header_1_0(stream)
    if dtype.kind not in KINDS or dtype.itemsize > 8 or len(shape) > MOST_DIMENSIONS:
        raise ValueError(f"an array must hold numbers in at most {MOST_DIMENSIONS} dimensions")
    rest = content[stream.tell() :]
    if min(shape, default=0) < 0 or math.prod(shape) * dtype.itemsize != len(rest):
        raise ValueError(f"an array of shape {shape} has {len(rest)} bytes")
    return np.frombuffer(rest, dtype=dtype).reshape(shape, order="F" if is_fortran else "C")
