"""Thrift's compact protocol, read and written as fields with numbers, whatever they mean.

The layout is that of Apache Thrift's doc/specs/thrift-compact-protocol.md. A struct is a list of (number,
kind, value), a list a pair of its items' kind and the items; what is unknown is written as it was read.
"""

from collections.abc import Callable

TRUE, FALSE, BYTE, I16, I32, I64, DOUBLE, BINARY, LIST, SET, _MAP, STRUCT = range(1, 13)
Field = tuple[int, int, object]
Fields = list[Field]
STRANGE = "a Thrift value is not of the kind that its place wants"


def fields_of(value: object) -> Fields:
    """Take a value for a struct's fields.

    Raises:
        TypeError: It is something else.
    """
    if not isinstance(value, list):
        raise TypeError(STRANGE)
    return value


def items_of(value: object) -> list[object]:
    """Take a value for a list's items.

    Raises:
        TypeError: It is something else.
    """
    if not isinstance(value, tuple):
        raise TypeError(STRANGE)
    items: list[object] = value[1]
    return items


def whole_of(value: object) -> int:
    """Take a value for a whole number.

    Raises:
        TypeError: It is something else.
    """
    if not isinstance(value, int):
        raise TypeError(STRANGE)
    return value


def _read_varint(data: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = data[at]
        value |= (byte & 0x7F) << shift
        at += 1
        if byte < 0x80:
            return value, at
        shift += 7


def _read_int(data: bytes, at: int) -> tuple[object, int]:
    value, at = _read_varint(data, at)
    return (value >> 1) ^ -(value & 1), at


def _read_binary(data: bytes, at: int) -> tuple[object, int]:
    length, at = _read_varint(data, at)
    return bytes(data[at : at + length]), at + length


def _read_list(data: bytes, at: int) -> tuple[object, int]:
    size, kind = data[at] >> 4, data[at] & 0x0F
    at += 1
    if size == 0x0F:
        size, at = _read_varint(data, at)
    items: list[object] = []
    for _ in range(size):
        item, at = READERS[BYTE if kind in (TRUE, FALSE) else kind](data, at)
        items.append(item)
    return (kind, items), at


def read_struct(data: bytes, at: int) -> tuple[Fields, int]:
    """Read a struct that begins at a byte; return its fields, and the byte behind it."""
    fields: Fields = []
    number = 0
    while head := data[at]:
        at += 1
        kind = head & 0x0F
        if head >> 4:
            number += head >> 4
        else:
            told, at = _read_int(data, at)
            number = whole_of(told)
        value: object = None
        if kind not in (TRUE, FALSE):
            value, at = READERS[kind](data, at)
        fields.append((number, kind, value))
    return fields, at + 1


READERS: dict[int, Callable[[bytes, int], tuple[object, int]]] = {
    BYTE: lambda data, at: (data[at], at + 1),
    I16: _read_int,
    I32: _read_int,
    I64: _read_int,
    DOUBLE: lambda data, at: (bytes(data[at : at + 8]), at + 8),
    BINARY: _read_binary,
    LIST: _read_list,
    SET: _read_list,
    STRUCT: read_struct,
}


def _written_varint(value: int) -> bytes:
    out = bytearray()
    while value >= 0x80:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def _written_int(value: object) -> bytes:
    number = whole_of(value)
    return _written_varint(number << 1 if number >= 0 else (-number << 1) - 1)


def _written_binary(value: object) -> bytes:
    if not isinstance(value, bytes):
        raise TypeError(STRANGE)
    return _written_varint(len(value)) + value


def _written_list(value: object) -> bytes:
    items = items_of(value)
    kind: int = value[0]  # type: ignore[index]  # a pair, as _list has found
    head = (
        bytes([len(items) << 4 | kind])
        if len(items) < 15
        else bytes([0xF0 | kind]) + _written_varint(len(items))
    )
    write = WRITERS[BYTE if kind in (TRUE, FALSE) else kind]
    return head + b"".join(write(item) for item in items)


def written_struct(value: object) -> bytes:
    """Write a struct's fields.

    Raises:
        TypeError: They are no fields.
    """
    out = bytearray()
    last = 0
    for number, kind, inner in fields_of(value):
        step = number - last
        out += bytes([step << 4 | kind]) if 0 < step < 16 else bytes([kind]) + _written_int(number)
        last = number
        if kind not in (TRUE, FALSE):
            out += WRITERS[kind](inner)
    return bytes(out) + b"\x00"


WRITERS: dict[int, Callable[[object], bytes]] = {
    BYTE: lambda value: bytes([whole_of(value)]),
    I16: _written_int,
    I32: _written_int,
    I64: _written_int,
    DOUBLE: lambda value: value if isinstance(value, bytes) else b"",
    BINARY: _written_binary,
    LIST: _written_list,
    SET: _written_list,
    STRUCT: written_struct,
}
