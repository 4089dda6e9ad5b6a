"""Where clean rows come from: every file with its digest, every step with its rows, and what did it."""

import hashlib
import json
import platform
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from importlib.metadata import version
from pathlib import Path
from typing import Any

from projects.ingest.ingested import TableFound
from projects.ingest.publish import LINES, PLAN, ROWS, SCHEMA
from projects.ingest.raw import Facts, Skipped
from projects.ingest.steps import Step
from projects.passwords import kept

FORMAT = 2
LIBRARIES = ("duckdb", "pandas", "pyarrow", "python-calamine", "charset-normalizer", "sqlalchemy")


def digest_of_sources(files: Sequence[Facts]) -> str:
    """Digest the data: a single file's own digest, or one over all files' in order."""
    digests = list(dict.fromkeys(fact.sha256 for fact in files))
    if len(digests) == 1:
        return digests[0]
    return hashlib.sha256("\n".join(digests).encode()).hexdigest()


def digest_of(path: Path) -> str:
    """Digest a file's bytes."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def digests_of(folder: Path) -> dict[str, str]:
    """Digest the files of a clean folder, all but its lineage."""
    return {name: digest_of(folder / name) for name in (ROWS, LINES, SCHEMA, PLAN)}


def versions() -> dict[str, str]:
    """Return what read the data."""
    return {"python": platform.python_version()} | {name: version(name) for name in LIBRARIES}


def write_lineage(
    path: Path, *, source: object, files: Sequence[Facts], skipped: Sequence[Skipped], steps: Sequence[Step],
    notices: Sequence[str], sha256: str, created: str, tables: Sequence[TableFound], key: Mapping[str, str],
) -> None:  # fmt: skip
    """Write lineage.json, the last file of a clean folder.

    Args:
        path: Where.
        source: As it was named; no password is kept of it.
        files: What was read.
        skipped: What was left out.
        steps: What was done.
        notices: What a person should know.
        sha256: The digest of the data.
        created: When, ISO.
        tables: What was found.
        key: By what the result can be taken again; empty where it is not wanted.
    """
    told: dict[str, Any] = {
        "format": FORMAT,
        "created": created,
        "source": kept(source),
        "sha256": sha256,
        "files": [asdict(fact) for fact in files],
        "skipped": [asdict(entry) for entry in skipped],
        "tables": [asdict(table) for table in tables],
        "key": dict(key),
        "outputs": digests_of(path.parent) if key else {},
        "steps": [asdict(step) for step in steps],
        "notices": list(notices),
        "versions": versions(),
    }
    path.write_text(json.dumps(told, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
