"""What a file is, told by its first bytes; its suffix is believed only where bytes do not speak."""

import zipfile
from pathlib import Path

HEAD_BYTES = 4096
MAGIC = (
    (b"PAR1", "parquet"),
    (b"PK\x03\x04", "zip"),
    (b"PK\x05\x06", "zip"),
    (b"\x1f\x8b", "gzip"),
    (b"BZh", "bzip2"),
    (b"\xfd7zXZ\x00", "xz"),
    (b"\x28\xb5\x2f\xfd", "zstd"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "xls"),
    (b"SQLite format 3\x00", "sqlite"),
    (b"HEADER RECORD*******LIBRARY HEADER RECORD", "xport"),
    (b"\x00" * 12 + b"\xc2\xea\x81\x60\xb3\x14\x11\xcf", "sas7bdat"),
    (b"%PDF", "a PDF document"),
    (b"\x89PNG", "an image"),
    (b"\xff\xd8\xff", "an image"),
    (b"GIF8", "an image"),
    (b"\x7fELF", "a program"),
    (b"\x89HDF", "an HDF5 file"),
    (b"Obj\x01", "an Avro file"),
    (b"ARROW1", "an Arrow file"),
    (b"ORC", "an ORC file"),
)
PACKED = frozenset(("gzip", "bzip2", "xz", "zstd"))
READABLE = PACKED | {
    "parquet", "zip", "xls", "xlsx", "ods", "sqlite", "xport", "sas7bdat", "json", "text",
}  # fmt: skip
TEXT_SUFFIXES = frozenset(
    (".csv", ".tsv", ".tab", ".psv", ".txt", ".dat", ".data", ".json", ".jsonl", ".ndjson")
)
SUFFIXES = TEXT_SUFFIXES | {
    ".parquet", ".pq", ".xlsx", ".xlsm", ".xlsb", ".xls", ".ods", ".sas7bdat", ".xpt", ".zip", ".gz", ".bz2",
    ".xz", ".zst", ".sqlite", ".db",
}  # fmt: skip
WIDE_ENCODINGS = ("utf-16-le", "utf-16-be")


def kind_of(path: Path) -> str:
    """Tell a file's kind: one of `READABLE`, or what it is instead, in words."""
    with path.open("rb") as file:
        head = file.read(HEAD_BYTES)
    for magic, kind in MAGIC:
        if head.startswith(magic):
            return _office(path) if kind == "zip" else kind
    if b"\x00" in head and not wide_encoding(head):
        return "a binary file of no known kind"
    return "json" if _is_json(head, path) else "text"


def wide_encoding(head: bytes) -> str:
    """Tell UTF-16 and UTF-32 by their mark, or UTF-16 without one by where the zero bytes stand."""
    if head.startswith((b"\xff\xfe\x00\x00", b"\x00\x00\xfe\xff")):
        return "utf-32"
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "utf-16"
    half = max(len(head) // 2, 1)
    for first, encoding in ((1, WIDE_ENCODINGS[0]), (0, WIDE_ENCODINGS[1])):
        zeros, others = head[first::2].count(0), head[1 - first :: 2].count(0)
        if zeros > 0.4 * half and others < 0.01 * half:
            return encoding
    return ""


def _office(path: Path) -> str:
    try:
        with zipfile.ZipFile(path) as archive:
            names = set(archive.namelist())
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError):
        return "zip"
    if any(name.startswith("xl/") for name in names):
        return "xlsx"
    return "ods" if {"content.xml", "mimetype"} <= names else "zip"


def _is_json(head: bytes, path: Path) -> bool:
    encoding = wide_encoding(head) or "utf-8"
    start = head.decode(encoding, errors="replace").lstrip("\ufeff \t\r\n")
    if path.suffix.lower() in {".json", ".jsonl", ".ndjson"}:
        return True
    if start[:1] == "{":
        return start[1:].lstrip()[:1] in {'"', "}"}
    return start[:1] == "[" and start[1:].lstrip()[:1] in {"{", "]", "["}
