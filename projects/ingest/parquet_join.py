"""Parquet files of the same columns become one, without their pages being read: only footers are rewritten.

The numbers of a footer's fields are those of parquet-format's parquet.thrift.
"""

import struct
from pathlib import Path
from typing import BinaryIO

from projects.ingest.thrift_compact import (
    STRUCT,
    Fields,
    fields_of,
    items_of,
    read_struct,
    whole_of,
    written_struct,
)  # fmt: skip

MAGIC = b"PAR1"
NUM_ROWS, ROW_GROUPS, SCHEMA = 3, 4, 2
COLUMNS, GROUP_OFFSET, ORDINAL = 1, 5, 7
META = 3
CHUNK_OFFSETS = frozenset((2, 4, 6))
"""Of a column chunk: where it lies, its offset index, its column index."""
META_OFFSETS = frozenset((9, 10, 11, 14))
"""Of its metadata: data pages, index pages, dictionary page, Bloom filter."""


class ParquetJoin:
    """One Parquet file, made of the bytes of others.

    Args:
        path: The file to write.
    """

    def __init__(self, path: Path) -> None:
        self._out: BinaryIO = path.open("wb")
        self._out.write(MAGIC)
        self._footer: Fields = []
        self._groups: list[object] = []
        self.rows = 0

    def add(self, part: bytes) -> None:
        """Append the rows of a whole Parquet file.

        Raises:
            ValueError: It has other columns than the first one, or is no Parquet file.
        """
        if part[:4] != MAGIC or part[-4:] != MAGIC:
            raise ValueError("a part is no Parquet file")
        (length,) = struct.unpack("<I", part[-8:-4])
        footer, _ = read_struct(part, len(part) - 8 - length)
        self._footer = self._footer or footer
        if _value(footer, SCHEMA) != _value(self._footer, SCHEMA):
            raise ValueError("a part has other columns than the first one")
        shift = self._out.tell() - len(MAGIC)
        self._out.write(memoryview(part)[len(MAGIC) : len(part) - 8 - length])
        for group in items_of(_value(footer, ROW_GROUPS)):
            self._groups.append(_moved(group, shift, len(self._groups)))
        self.rows += whole_of(_value(footer, NUM_ROWS))

    def close(self) -> None:
        """Write the footer of all parts and close the file."""
        changed = {NUM_ROWS: self.rows, ROW_GROUPS: (STRUCT, self._groups)}
        footer = written_struct([(at, kind, changed.get(at, value)) for at, kind, value in self._footer])
        self._out.write(footer + struct.pack("<I", len(footer)) + MAGIC)
        self._out.close()

    def abandon(self) -> None:
        """Close the file as it is; may be called after `close`."""
        self._out.close()


def _moved(group: object, shift: int, ordinal: int) -> Fields:
    """Move the places that a row group names."""
    fields: Fields = []
    for at, kind, value in fields_of(group):
        moved = value
        if at == COLUMNS:
            moved = (STRUCT, [_moved_chunk(chunk, shift) for chunk in items_of(value)])
        elif at == GROUP_OFFSET:
            moved = _shifted(value, shift)
        elif at == ORDINAL:
            moved = ordinal
        fields.append((at, kind, moved))
    return fields


def _moved_chunk(chunk: object, shift: int) -> Fields:
    fields: Fields = []
    for at, kind, value in fields_of(chunk):
        moved = _shifted(value, shift) if at in CHUNK_OFFSETS else value
        if at == META:
            moved = [
                (inner, form, _shifted(what, shift) if inner in META_OFFSETS else what)
                for inner, form, what in fields_of(value)
            ]
        fields.append((at, kind, moved))
    return fields


def _shifted(value: object, shift: int) -> int:
    """Move a place; 0 means that there is none."""
    place = whole_of(value)
    return place + shift if place else 0


def _value(fields: Fields, at: int) -> object:
    return next((value for number, _, value in fields if number == at), None)
