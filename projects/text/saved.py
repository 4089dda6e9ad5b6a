"""A fitted object as one file: a line of JSON that says what it is, then its pickle with our own classes."""

import json
import os
import platform
from contextlib import suppress
from hashlib import blake2b
from pathlib import Path
from typing import Any

from projects.errors import BadInput
from projects.pickled import own_classes_by_value

FORMAT = 1
MAGIC = "penstock"
LONGEST_HEAD = 10_000


def save_object(fitted: Any, path: str | Path, *, kind: str) -> None:
    """Write an object under a name beside the path, and rename it: a reader sees the old or the new file.

    Args:
        fitted: Holds no locks and no open files.
        path: The file; its folder is made if need be.
        kind: What it is, in words.

    Raises:
        BadInput: The file cannot be written.
    """
    import cloudpickle

    path = Path(path)
    with own_classes_by_value():
        pickled = cloudpickle.dumps(fitted)
    head = {MAGIC: kind, "format": FORMAT, "made_with": _made_with(), "digest": _digest(pickled)}
    content = json.dumps(head).encode() + b"\n" + pickled
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        beside.write_bytes(content)
        beside.replace(path)
    except OSError as error:
        with suppress(OSError):
            beside.unlink()
        raise BadInput(
            f"the {kind} cannot be written to '{path}' ({error.strerror or error}); name another file"
        ) from error


def load_object(path: str | Path, *, kind: str) -> Any:
    """Read an object that was written.

    Args:
        path: The file. Its pickle runs code: it must be one that you trust.
        kind: What it must be.

    Raises:
        BadInput: There is no such file, it is damaged, it holds something else, or it was saved in another
            format, or with another Python or scikit-learn.
    """
    import pickle

    path = Path(path)
    try:
        with path.open("rb") as file:
            head = _head(file.readline(LONGEST_HEAD), path, kind)
            _refuse_others(head, path, kind)
            pickled = file.read()
    except OSError as error:
        raise BadInput(
            f"there is no {kind} to read at '{path}' ({error.strerror or error}); name a file that save() has"
            " written"
        ) from error
    if _digest(pickled) != head.get("digest"):
        # Most changed bits would load, and answer wrong.
        raise BadInput(f"the {kind} in '{path}' is damaged; copy or save it again")
    try:
        return pickle.loads(pickled)  # noqa: S301 - said in the docstring
    except (pickle.UnpicklingError, EOFError, ImportError, AttributeError) as error:
        raise BadInput(f"the {kind} in '{path}' lacks a library here: {error}") from error


def _digest(pickled: bytes) -> str:
    return blake2b(pickled, digest_size=16).hexdigest()


def _head(line: bytes, path: Path, kind: str) -> dict[str, Any]:
    try:
        head = json.loads(line)
    except ValueError:
        head = None
    if not isinstance(head, dict) or MAGIC not in head:
        raise BadInput(f"'{path}' is no saved {kind}; name a file that save() wrote")
    return head


def _refuse_others(head: dict[str, Any], path: Path, kind: str) -> None:
    if head[MAGIC] != kind:
        raise BadInput(f"'{path}' is of another kind: {head[MAGIC]}, not {kind}; load it by its own class")
    if head.get("format") != FORMAT:
        raise BadInput(
            f"'{path}' was saved in format {head.get('format')}, and format {FORMAT} is read here; save it"
            " again with this version of Penstock"
        )
    for what, here in _made_with().items():
        there = head.get("made_with", {}).get(what)
        if there != here:
            raise BadInput(
                f"'{path}' was saved with {what} {there}, and this is {here}; load it there, or train again"
            )


def _made_with() -> dict[str, str]:
    """Return what a pickle is tied to: the Python's and scikit-learn's version, to the second number."""
    import sklearn

    return {"Python": _short(platform.python_version()), "scikit-learn": _short(sklearn.__version__)}


def _short(version: str) -> str:
    return ".".join(version.split(".")[:2])
