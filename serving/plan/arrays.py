"""Numpy arrays as bytes: the npz format, read so strictly that nothing in a file can surprise.

Only stored (never compressed) arrays of plain numbers are read, each exactly as long as its header says, and
no more bytes are ever held than the file has.

A file may be mapped instead of read. Its arrays then lie where the file lies: processes that map the same
file share their memory. For that each array starts at a multiple of 64 bytes; `numpy.savez` does not align.
"""

import io
import math
import mmap
import struct
import zipfile
import zlib
from collections.abc import Mapping
from typing import IO, Any, cast

import numpy as np
from numpy.typing import NDArray

from serving.plan.model import PlanBroken

KINDS = ("f", "i")
MOST_DIMENSIONS = 3
LONGEST_HEAD = 1 << 17
"""More than numpy's header can be long."""

Sizes = tuple[int | None, ...]
Content = bytes | mmap.mmap
"""A file's bytes, read or mapped."""

BOUNDARY = 64
LOCAL_MARK = b"PK\3\4"
LOCAL_HEADER = struct.Struct("<4s22xHH")
"""A zip entry's local header: its mark, and how long its name and its extra field are."""

PADDING = struct.Struct("<HH")
PADDING_MARK = 0xD935
"""The extra field by which Android's zipalign pads entries: this mark, a length, zeros."""


def pack(**arrays: Any) -> bytes:
    """Write arrays of floats or whole numbers; the same arrays give the same bytes."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:
        for name, array in arrays.items():
            entry = zipfile.ZipInfo(f"{name}.npy")
            entry.extra = _padding(buffer.tell() + LOCAL_HEADER.size + len(entry.filename.encode()))
            content = io.BytesIO()
            np.lib.format.write_array(content, np.asarray(array), version=(1, 0), allow_pickle=False)
            archive.writestr(entry, content.getbuffer())
    return buffer.getvalue()


def _padding(start: int) -> bytes:
    """An extra field after which an entry begins at a multiple of the boundary, as its numbers do then."""
    length = -start % BOUNDARY
    length += BOUNDARY * (length < PADDING.size)
    return PADDING.pack(PADDING_MARK, length - PADDING.size) + bytes(length - PADDING.size)


class Arrays:
    """The arrays of one file; asking for one checks what it must be.

    Args:
        content: The file.

    Raises:
        PlanBroken: It is not what `pack` writes.
    """

    def __init__(self, content: Content) -> None:
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
        return np.ascontiguousarray(self._within(name, sizes, low, high), dtype=np.intp)

    def indices(self, name: str, size: int | None, *, low: int, high: int) -> NDArray[Any]:
        """Return a row of whole numbers as they are stored, so that they need no memory of their own.

        Raises:
            PlanBroken: It is missing or something else.
        """
        return self._within(name, (size,), low, high)

    def stored(self, name: str, size: int) -> NDArray[Any]:
        """Return a row of floats of any width as they are stored, infinite ones, too."""
        return self._shaped(name, "f", (size,))

    def has(self, name: str) -> bool:
        """Whether the file has an array."""
        return name in self._arrays

    def _within(self, name: str, sizes: Sizes, low: int, high: int) -> NDArray[Any]:
        array = self._shaped(name, "i", sizes)
        if array.size and not (array.min() >= low and array.max() < high):
            raise PlanBroken(f"array '{name}' must lie in {low}..{high - 1}")
        return array

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


def _unpack(content: Content) -> Mapping[str, NDArray[Any]]:
    view = memoryview(content)
    file = io.BytesIO(content) if isinstance(content, bytes) else cast("IO[bytes]", content)
    with zipfile.ZipFile(file) as archive:
        entries = archive.infolist()
    for entry in entries:
        if entry.compress_type != zipfile.ZIP_STORED or entry.flag_bits & 1:
            raise ValueError(f"'{entry.filename}' must be stored as it is")
    if sum(entry.file_size for entry in entries) > len(content):
        raise ValueError("its arrays are larger than itself")
    return {entry.filename.removesuffix(".npy"): _array(_stored(view, entry)) for entry in entries}


def _stored(view: memoryview, entry: zipfile.ZipInfo) -> memoryview:
    """The bytes of an entry, where they lie."""
    mark, name, extra = LOCAL_HEADER.unpack_from(view, entry.header_offset)
    start = entry.header_offset + LOCAL_HEADER.size + name + extra
    stored = view[start : start + entry.file_size]
    if mark != LOCAL_MARK or len(stored) != entry.file_size or zlib.crc32(stored) != entry.CRC:
        raise ValueError(f"'{entry.filename}' is not what was stored")
    return stored


def _array(content: memoryview) -> NDArray[Any]:
    head = io.BytesIO(content[:LONGEST_HEAD])
    if np.lib.format.read_magic(head) != (1, 0):
        raise ValueError("an array must be of the npy format 1.0")
    shape, is_fortran, dtype = np.lib.format.read_array_header_1_0(head)
    if dtype.kind not in KINDS or dtype.itemsize > 8 or len(shape) > MOST_DIMENSIONS:
        raise ValueError(f"an array must hold numbers in at most {MOST_DIMENSIONS} dimensions")
    rest = content[head.tell() :]
    if min(shape, default=0) < 0 or math.prod(shape) * dtype.itemsize != len(rest):
        raise ValueError(f"an array of shape {shape} has {len(rest)} bytes")
    array = np.frombuffer(rest, dtype=dtype).reshape(shape, order="F" if is_fortran else "C")
    return array if array.flags.aligned else array.copy()
