"""Answers that were paid for are kept: one SQLite file, each answer in it as soon as it is there.

An answer's key is the digest of who answered (provider, model and settings) and of the text, so that another
model's answer is never taken for this one's. A killed process loses none that was written.
"""

import hashlib
import sqlite3
import threading
from collections.abc import Iterable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Self

from projects.errors import BadInput

BUSY_S = 30.0
AT_ONCE = 500
"""Keys that are asked for in one statement; SQLite's oldest bound is 999."""


class AnswerStore:
    """Answers of one provider on disk; safe for threads, and for several processes at once.

    Args:
        path: The SQLite file; made if it is not there.
        identity: Who answers: provider, model and settings.

    Raises:
        BadInput: The file cannot be written, or is something else.
    """

    def __init__(self, path: Path, identity: str) -> None:
        self.path = path
        self._identity = identity.encode()
        self._lock = threading.Lock()
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._base = sqlite3.connect(path, timeout=BUSY_S, check_same_thread=False, isolation_level=None)
            # What a process has written outlives it; only a power cut may take the last answers.
            self._base.execute("PRAGMA journal_mode=WAL")
            self._base.execute("PRAGMA synchronous=NORMAL")
            self._base.execute(
                "CREATE TABLE IF NOT EXISTS answers (key BLOB PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID"
            )
        except (sqlite3.Error, OSError) as error:
            raise BadInput(
                f"answers cannot be kept in {path}: {error}; remove it, or name another"
            ) from error

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with self._lock:
            self._base.close()

    def key(self, text: str) -> bytes:
        """Return the key of a text's answer, 16 bytes."""
        digest = hashlib.blake2b(digest_size=16)
        digest.update(len(self._identity).to_bytes(8, "big") + self._identity)
        digest.update(text.encode("utf-8", "surrogatepass"))
        return digest.digest()

    def get_many(self, keys: Iterable[bytes]) -> Mapping[bytes, bytes]:
        """Return the answers that are there, by key."""
        wanted = list(keys)
        found: dict[bytes, bytes] = {}
        for start in range(0, len(wanted), AT_ONCE):
            some = wanted[start : start + AT_ONCE]
            marks = ",".join("?" * len(some))
            with self._lock:
                rows = self._base.execute(f"SELECT key, value FROM answers WHERE key IN ({marks})", some)  # noqa: S608 - marks alone
                found.update(rows.fetchall())
        return found

    def put(self, key: bytes, value: bytes) -> None:
        """Keep an answer; the first one stays."""
        with self._lock:
            self._base.execute("INSERT OR IGNORE INTO answers VALUES (?, ?)", (key, value))


def store_beside(path: Path) -> Path:
    """Return where the answers of a table of results are kept."""
    return path.with_name(f"{path.name}.answers.sqlite")
