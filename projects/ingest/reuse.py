"""An ingestion of the same files by the same options is not repeated: its result is taken again.

The key says what a result depends on: the bytes of every file, the options, this code and its libraries.
Only files on this machine's disks have one; databases, buckets and other sources may change unseen.
"""

import hashlib
import json
import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from projects.counted import counted
from projects.ingest.bucket_store import SCHEME
from projects.ingest.database import is_database_url
from projects.ingest.ingested import Ingested, TableFound
from projects.ingest.kinds import kind_of
from projects.ingest.lineage import FORMAT, digest_of, digests_of, versions
from projects.ingest.places import local_files
from projects.ingest.publish import LINEAGE, LINES, OURS, PLAN, ROWS, SCHEMA, new_folder
from projects.ingest.raw import Facts, FoundFile, Skipped
from projects.ingest.schema import read_schema
from projects.ingest.sklearn_table import PREFIX

MADE = (ROWS, LINES, SCHEMA, PLAN, LINEAGE)
MAY_CHANGE_BESIDE = "sqlite"
"""A database file's newest rows may lie in a file beside it."""


@dataclass(frozen=True)
class Key:
    """What a result depends on.

    Attributes:
        asked: The digest of the options, the code and the libraries.
        files: The digest of the files' names and bytes.
        states: The path of each file, its size and when it was written.
    """

    asked: str
    files: str
    states: tuple[tuple[Path, int, int], ...]

    def told(self) -> dict[str, str]:
        """Return what is kept with the result."""
        return {"asked": self.asked, "files": self.files}

    def holds(self) -> bool:
        """Whether no file was written since the key was made."""
        return all(path.exists() and _state(path) == (path, *state) for path, *state in self.states)


def key_of(source: Any, asked: Mapping[str, Any], plan: Path | None) -> Key | None:
    """Make the key of an ingestion; None for a source that has none, or cannot be read.

    Args:
        source: What is read.
        asked: The options.
        plan: A corrected plan, if there is one.

    Raises:
        BadInput: There is no such file.
    """
    try:
        files = _files(source)
        if files is None:
            return None
        states = tuple(_state(file.path) for file in files)
        named = [(file.shown, file.is_named, digest_of(file.path)) for file in files]
    except OSError:
        return None  # reading it will say why
    options = {
        "format": FORMAT, "asked": asked, "source": source, "code": _code(), "versions": versions(),
        "plan": digest_of(plan) if plan is not None and plan.is_file() else str(plan),
    }  # fmt: skip
    return Key(_digest(options), _digest(named), states)


def earlier_result(folder: Path, key: Key) -> Ingested | None:
    """Return the result that a folder holds; None if it is another one, not whole, or was touched since."""
    names = {path.name for path in folder.iterdir()} if folder.is_dir() else set()
    if not names >= set(MADE) or names - OURS:
        return None
    try:
        told = json.loads((folder / LINEAGE).read_text(encoding="utf-8"))
        if told["format"] != FORMAT or told["key"] != key.told() or digests_of(folder) != told["outputs"]:
            return None
        schema = json.loads((folder / SCHEMA).read_text(encoding="utf-8"))
        return Ingested(
            folder, schema["table"], schema["rows"], read_schema(folder), told["sha256"],
            tuple(told["notices"]), tuple(Facts(**each) for each in told["files"]),
            tuple(Skipped(**each) for each in told["skipped"]),
            tuple(TableFound(**{**each, "columns": tuple(each["columns"])}) for each in told["tables"]),
            schema["target"],
        )  # fmt: skip
    except (OSError, ValueError, KeyError, TypeError):
        return None


def taken(found: Ingested, folder: Path, say: Callable[[str], None]) -> Ingested:
    """Take an earlier result into a folder, which may be its own, and say so.

    Raises:
        BadInput: The folder cannot be written.
    """
    for notice in found.notices:
        say(notice)
    rows = counted(found.rows, "row", "is")
    say(f"the files and the options are those of the rows in {found.folder}: {rows} taken, nothing is read")
    if folder.exists() and folder.samefile(found.folder):
        return found
    with new_folder(folder) as part:
        for name in MADE:
            shutil.copy(found.folder / name, part / name)
    return replace(found, folder=folder)


def _files(source: Any) -> list[FoundFile] | None:
    """Return the files of a source; None if some of it is none, or may change beside its file."""
    is_list = isinstance(source, Sequence) and not isinstance(source, str)
    places: Sequence[Any] = source if is_list else [source]
    found: list[FoundFile] = []
    for place in places:
        text = str(place)
        if not isinstance(place, str | Path) or text.startswith((SCHEME, PREFIX)) or is_database_url(text):
            return None
        found += local_files(text).files
    is_plain = all(file.path.is_file() and kind_of(file.path) != MAY_CHANGE_BESIDE for file in found)
    return found if is_plain else None


def _state(path: Path) -> tuple[Path, int, int]:
    found = path.stat()
    return path, found.st_size, found.st_mtime_ns


def _code() -> str:
    """Digest the modules of the ingestion: another version of them may read otherwise."""
    modules = sorted(Path(__file__).parent.glob("*.py"))
    return _digest([(path.name, digest_of(path)) for path in modules])


def _digest(told: Any) -> str:
    def plain(value: Any) -> Any:
        return value.model_dump(mode="json") if isinstance(value, BaseModel) else str(value)

    return hashlib.sha256(json.dumps(told, default=plain, sort_keys=True).encode()).hexdigest()
