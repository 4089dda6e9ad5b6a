"""Where clean rows come from: every file with its digest, every step with its rows, and what did it."""

import hashlib
import json
import platform
from collections.abc import Sequence
from dataclasses import asdict
from importlib.metadata import version
from pathlib import Path
from typing import Any

from projects.ingest.raw import Facts, Skipped
from projects.ingest.steps import Step

FORMAT = 1
LIBRARIES = ("duckdb", "pandas", "pyarrow", "python-calamine", "charset-normalizer", "sqlalchemy")


def digest_of_sources(files: Sequence[Facts]) -> str:
    """Digest the data: a single file's own digest, or one over all files' in order."""
    digests = list(dict.fromkeys(fact.sha256 for fact in files))
    if len(digests) == 1:
        return digests[0]
    return hashlib.sha256("\n".join(digests).encode()).hexdigest()


def write_lineage(
    path: Path, *, source: object, files: Sequence[Facts], skipped: Sequence[Skipped], steps: Sequence[Step],
    notices: Sequence[str], sha256: str, created: str,
) -> None:  # fmt: skip
    """Write lineage.json."""
    told: dict[str, Any] = {
        "format": FORMAT,
        "created": created,
        "source": source,
        "sha256": sha256,
        "files": [asdict(fact) for fact in files],
        "skipped": [asdict(entry) for entry in skipped],
        "steps": [asdict(step) for step in steps],
        "notices": list(notices),
        "versions": {"python": platform.python_version()} | {name: version(name) for name in LIBRARIES},
    }
    path.write_text(json.dumps(told, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
