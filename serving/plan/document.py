"""`plan.json`: a plan's columns, labels, encoders and tree of models, and the digests that guard files."""

import hashlib
import json
import mmap
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from serving.plan import digests
from serving.plan.model import Column, Label, PlanBroken, PlanUnsupported

FILE = "plan.json"
FORMAT = 2
ARTICLES_FORMAT = 3
"""Of plans that read texts by the block `articles`; whoever does not know it must not pass over it."""
LABEL_KINDS: dict[str, type] = {"bool": bool, "int": int, "float": float, "str": str}
COLUMN_TYPES = ("double", "string", "boolean")


def digest(folder: Path) -> str:
    """Return the SHA-256 (hex) over the names and bytes of a folder's files, in the order of the names."""
    return digests.of_folder(folder)


def sha256_of(content: bytes) -> str:
    """Return the SHA-256 (hex) of a file."""
    return hashlib.sha256(content).hexdigest()


def write(document: Mapping[str, Any], files: Mapping[str, bytes], folder: Path) -> None:
    """Write the document, which records its own digest, and the files that it names.

    Raises:
        PlanUnsupported: The document holds what JSON in UTF-8 cannot.
    """
    whole = {"format": FORMAT, **document}
    try:
        sealed = {**whole, "sha256": sha256_of(_canonical(whole))}
        text = json.dumps(sealed, ensure_ascii=False, allow_nan=False, indent=1).encode()
    except (ValueError, TypeError) as error:
        raise PlanUnsupported(f"a part of the pipeline cannot be written as JSON; {error}") from error
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        (folder / name).write_bytes(content)
    (folder / FILE).write_bytes(text + b"\n")


def read(folder: Path) -> dict[str, Any]:
    """Read the document and check its format and digest.

    Raises:
        PlanBroken: What is wrong, in a sentence.
    """
    path = folder / FILE
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise PlanBroken(f"'{folder}' holds no {FILE}, so it is no scoring plan") from error
    except (OSError, ValueError, RecursionError) as error:
        raise PlanBroken(f"'{path}' must be a scoring plan in JSON; {error}") from error
    if not isinstance(document, dict) or not isinstance(document.get("format"), int):
        raise PlanBroken(f"'{path}' must be a scoring plan; it names no format")
    if document["format"] not in (FORMAT, ARTICLES_FORMAT):
        raise PlanBroken(
            f"'{path}' has plan format {document['format']}, this Penstock reads {FORMAT} and"
            f" {ARTICLES_FORMAT};"
            " train the version again, or serve it with the Penstock that wrote it"
        )
    if document.pop("sha256", None) != _digest_of(document):
        raise PlanBroken(f"'{path}' is not the document that was written; its digest differs")
    return document


def format_of(encoders: Sequence[Mapping[str, Any]]) -> int:
    """Return the oldest format that can say what these encoders do."""
    return ARTICLES_FORMAT if any("articles" in encoder for encoder in encoders) else FORMAT


def read_file(folder: Path, name: object, sha256: object) -> bytes:
    """Return a file's bytes if they are those that were written.

    Raises:
        PlanBroken: It is not there, outside the folder, or altered.
    """
    path = _inside(folder, name)
    try:
        content = path.read_bytes()
    except (OSError, ValueError) as error:
        raise _unreadable(folder, error) from error
    _check(sha256_of(content), sha256, path)
    return content


def map_file(folder: Path, name: object, sha256: object) -> mmap.mmap:
    """Map a file into memory, read-only and shared, if its bytes are those that were written.

    A plan's files are never written again: a new version has a new folder.

    Raises:
        PlanBroken: It is not there, outside the folder, or altered.
    """
    path = _inside(folder, name)
    try:
        with path.open("rb") as file:
            stamp = digests.stamp(os.fstat(file.fileno()))
            content = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    except (OSError, ValueError) as error:
        raise _unreadable(folder, error) from error
    found = digests.remembered(stamp, [stamp], lambda: hashlib.sha256(content).hexdigest())
    _check(found, sha256, path)
    return content


def _inside(folder: Path, name: object) -> Path:
    if not isinstance(name, str) or not name or Path(name).name != name:
        raise PlanBroken(f"the plan in '{folder}' names a file outside it: '{name}'")
    return folder / name


def _unreadable(folder: Path, error: Exception) -> PlanBroken:
    return PlanBroken(f"the plan in '{folder}' cannot be read whole; {error}")


def _check(found: str, wanted: object, path: Path) -> None:
    if found != wanted:
        raise PlanBroken(f"'{path}' is not the file that the plan was written with; its digest differs")


def _canonical(document: Mapping[str, Any]) -> bytes:
    text = json.dumps(document, ensure_ascii=False, allow_nan=False, sort_keys=True, separators=(",", ":"))
    return text.encode()


def _digest_of(document: Mapping[str, Any]) -> str | None:
    try:
        return sha256_of(_canonical(document))
    except (ValueError, RecursionError):
        return None


def columns_to_json(columns: tuple[Column, ...]) -> list[dict[str, Any]]:
    """Columns as JSON."""
    return [{"name": c.name, "type": c.type, "required": c.required} for c in columns]


def columns_from_json(entries: list[dict[str, Any]]) -> tuple[Column, ...]:
    """Columns from JSON.

    Raises:
        ValueError: A column has an unknown type.
    """
    for entry in entries:
        if entry["type"] not in COLUMN_TYPES:
            raise ValueError(f"a column must be of {', '.join(COLUMN_TYPES)}, not '{entry['type']}'")
    return tuple(Column(e["name"], e["type"], e["required"]) for e in entries)


def classes_to_json(classes: tuple[Label, ...] | None) -> dict[str, Any] | None:
    """Labels as JSON, with their kind, so that 1, 1.0 and true come back as they were."""
    if classes is None:
        return None
    kind = next(name for name, type_ in LABEL_KINDS.items() if isinstance(classes[0], type_))
    return {"kind": kind, "values": list(classes)}


def classes_from_json(entry: dict[str, Any] | None) -> tuple[Label, ...] | None:
    """Labels from JSON."""
    return None if entry is None else tuple(LABEL_KINDS[entry["kind"]](value) for value in entry["values"])
