"""`plan.json`: a plan's encoder and labels as plain JSON, and the digests that guard its files."""

import hashlib
import json
from pathlib import Path
from typing import Any

import numpy as np

from serving.plan.encoder import Category, Numbers
from serving.plan.model import Column, Label, PlanBroken

FILE = "plan.json"
FORMAT = 1
LABEL_KINDS: dict[str, type] = {"bool": bool, "int": int, "float": float, "str": str}


def digest(folder: Path) -> str:
    """Return the SHA-256 (hex) over the names and bytes of a folder's files, in the order of the names."""
    total = hashlib.sha256()
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        content = path.read_bytes()
        total.update(f"{path.relative_to(folder).as_posix()}\0{len(content)}\0".encode())
        total.update(content)
    return total.hexdigest()


def write(document: dict[str, Any], folder: Path) -> None:
    """Write the document beside the estimator's file, whose digest it records."""
    content = (folder / document["estimator"]["file"]).read_bytes()
    document["estimator"]["sha256"] = hashlib.sha256(content).hexdigest()
    text = json.dumps({"format": FORMAT, **document}, ensure_ascii=False, allow_nan=False, indent=1)
    (folder / FILE).write_text(text + "\n", encoding="utf-8")


def read(folder: Path) -> dict[str, Any]:
    """Read the document and check its format and the estimator's digest.

    Raises:
        PlanBroken: What is wrong, in a sentence.
    """
    path = folder / FILE
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise PlanBroken(f"'{folder}' holds no {FILE}, so it is no scoring plan") from error
    except (OSError, ValueError) as error:
        raise PlanBroken(f"'{path}' must be a scoring plan in JSON; {error}") from error
    if not isinstance(document, dict) or not isinstance(document.get("format"), int):
        raise PlanBroken(f"'{path}' must be a scoring plan; it names no format")
    if document["format"] != FORMAT:
        raise PlanBroken(
            f"'{path}' has plan format {document['format']}, this Penstock reads {FORMAT};"
            " train the version again, or serve it with the Penstock that wrote it"
        )
    return document


def check_file(folder: Path, entry: dict[str, Any]) -> Path:
    """Return the path of the estimator's file if its bytes are those that were written.

    Raises:
        PlanBroken: It is not there, outside the folder, or altered.
    """
    path = folder / str(entry["file"])
    if path.parent != folder:
        raise PlanBroken(f"the plan in '{folder}' names a file outside it: '{entry['file']}'")
    try:
        content = path.read_bytes()
    except OSError as error:
        raise PlanBroken(f"the plan in '{folder}' cannot be read whole; {error}") from error
    if hashlib.sha256(content).hexdigest() != entry["sha256"]:
        raise PlanBroken(f"'{path}' is not the file that the plan was written with; its digest differs")
    return path


def columns_to_json(columns: tuple[Column, ...]) -> list[dict[str, Any]]:
    """Columns as JSON."""
    return [{"name": c.name, "type": c.type, "required": c.required} for c in columns]


def columns_from_json(entries: list[dict[str, Any]]) -> tuple[Column, ...]:
    """Columns from JSON."""
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


def numbers_to_json(numbers: Numbers) -> dict[str, Any]:
    """The numeric block as JSON."""
    return {
        "indices": list(numbers.indices),
        "fills": numbers.fills.tolist(),
        "means": None if numbers.means is None else numbers.means.tolist(),
        "scales": None if numbers.scales is None else numbers.scales.tolist(),
    }


def numbers_from_json(entry: dict[str, Any]) -> Numbers:
    """The numeric block from JSON."""
    fills, means, scales = (
        None if entry[key] is None else np.array(entry[key], dtype=np.float64)
        for key in ("fills", "means", "scales")
    )
    if fills is None:
        raise KeyError("fills")
    return Numbers(tuple(entry["indices"]), fills, means, scales)


def categories_to_json(categories: tuple[Category, ...]) -> list[dict[str, Any]]:
    """The one-hot blocks as JSON."""
    return [
        {"index": c.index, "positions": c.positions, "missing": c.missing, "unseen": c.unseen}
        for c in categories
    ]


def categories_from_json(entries: list[dict[str, Any]]) -> tuple[Category, ...]:
    """The one-hot blocks from JSON."""
    return tuple(Category(e["index"], e["positions"], e["missing"], e["unseen"]) for e in entries)
