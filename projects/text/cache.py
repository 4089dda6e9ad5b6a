"""Numbers of articles that were extracted before: in memory by last use, and in a folder where one is given.

Content-addressed: a key is what an article says and the fingerprint of what was fitted, so a refit asks for
other keys and no old number can answer.
"""

import threading
import warnings
from collections import OrderedDict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path
from typing import Any

import numpy as np

from projects.errors import BadInput
from projects.text.article import Article
from projects.text.disk_cache import SMALLEST, DiskCache, DiskUnavailableError
from projects.text.part import Numbers

KEY_BYTES = 20
ENTRY_BYTES = 200
"""Of memory an entry takes beside its value: the key, two objects' heads and a place in the order."""
DISK_BYTES = 1_000_000_000
FORMAT = "1"
"""Of what is kept. Raise it when the same fitted state gives other numbers or another layout."""


@dataclass(frozen=True, slots=True)
class CacheStats:
    """What a cache holds and did since it was made or cleared.

    Attributes:
        size: Entries in memory.
        memory_bytes: That they take.
        hits: Articles whose numbers were found, in memory or on disk.
        misses: Articles whose numbers were not.
        disk_hits: Of the hits, those found on disk.
        disk_entries: On disk; 0 without a folder.
        disk_bytes: That they take.
        refused: Entries on disk that were damaged, and calls that the disk refused.
        problem: Why the folder is not used, as a sentence; None otherwise.
    """

    size: int
    memory_bytes: int
    hits: int
    misses: int
    disk_hits: int = 0
    disk_entries: int = 0
    disk_bytes: int = 0
    refused: int = 0
    problem: str | None = None

    @property
    def hit_rate(self) -> float:
        """Part of the articles that were found; 0 where none was asked for."""
        return self.hits / (self.hits + self.misses) if self.hits else 0.0

    @property
    def memory_mb(self) -> float:
        """Memory of the entries, in MB (10^6 bytes)."""
        return self.memory_bytes / 1e6


def key_of(article: Article, fingerprint: str) -> bytes:
    """Return what an article's numbers are kept under.

    Args:
        article: Cleaned.
        fingerprint: Of the fitted extractor.
    """
    source, published = article.source, article.published
    if source is None and published is None:
        said = f"{FORMAT} {len(fingerprint)} {fingerprint}{article.text}"
    else:
        # Lengths keep a title's end from being read as a source's beginning; repr tells None from a text.
        lengths = f"{len(repr(source))} {len(repr(published))}"
        said = f"{FORMAT}+{len(fingerprint)} {lengths} {fingerprint}{source!r}{published!r}{article.text}"
    return blake2b(said.encode("utf-8", "surrogatepass"), digest_size=KEY_BYTES).digest()


class FeatureCache:
    """Values by key. Safe for threads; the folder for several processes at once. Pickled without its entries.

    A folder that cannot be used is warned about once, and entries are then kept in memory only.

    Args:
        memory_bytes: Bound of the entries in memory; the one used longest ago goes first. 0 keeps none there.
        folder: Of entries on disk; None for none.
        disk_bytes: Bound of the entries on disk, about.

    Raises:
        BadInput: A bound is too small.
    """

    def __init__(
        self, memory_bytes: int, folder: str | Path | None = None, *, disk_bytes: int = DISK_BYTES
    ) -> None:
        if memory_bytes < 0:
            raise BadInput(f"a cache's memory_bytes must be 0 or more, not {memory_bytes}")
        if disk_bytes < SMALLEST:
            raise BadInput(f"a cache's disk_bytes must be {SMALLEST} or more, not {disk_bytes}")
        self.memory_bytes = memory_bytes
        self.folder = None if folder is None else Path(folder)
        self.disk_bytes = disk_bytes
        self._begin()

    def get_many(self, keys: Sequence[bytes]) -> list[bytes | None]:
        """Return the values; None for each that is not there."""
        with self._lock:
            found = [self._used(key) for key in keys]
        missing = [place for place, value in enumerate(found) if value is None]
        on_disk = self._from_disk([keys[place] for place in missing]) if missing else {}
        for place in missing:
            found[place] = on_disk.get(keys[place])
        absent = found.count(None)
        with self._lock:
            self._misses += absent
            self._hits += len(found) - absent
            self._disk_hits += len(missing) - absent
        return found

    def put_many(self, items: Iterable[tuple[bytes, bytes]]) -> None:
        """Keep values under their keys."""
        entries = list(items)
        with self._lock:
            for key, value in entries:
                self._keep(key, value)
        if (disk := self._disk()) is not None:
            disk.put_many(entries)

    def stats(self) -> CacheStats:
        """Say what is held and how often it was found."""
        disk = self._disk()
        on_disk = disk.size() if disk else None
        with self._lock:
            return CacheStats(
                size=len(self._entries),
                memory_bytes=self._taken,
                hits=self._hits,
                misses=self._misses,
                disk_hits=self._disk_hits,
                disk_entries=on_disk.entries if on_disk else 0,
                disk_bytes=on_disk.used_bytes if on_disk else 0,
                refused=disk.refused if disk else 0,
                problem=self._problem,
            )

    def clear(self) -> None:
        """Forget all entries, on disk too, and what was counted."""
        with self._lock:
            self._entries.clear()
            self._taken = self._hits = self._misses = self._disk_hits = 0
        if (disk := self._disk()) is not None:
            disk.clear()

    def _begin(self) -> None:
        self._lock = threading.Lock()
        self._entries: OrderedDict[bytes, bytes] = OrderedDict()
        self._taken = self._hits = self._misses = self._disk_hits = 0
        self._on_disk: DiskCache | None = None
        self._problem: str | None = None

    def _used(self, key: bytes) -> bytes | None:
        value = self._entries.get(key)
        if value is not None:
            self._entries.move_to_end(key)
        return value

    def _keep(self, key: bytes, value: bytes) -> None:
        before = self._entries.pop(key, None)
        if before is not None:
            self._taken -= len(before) + ENTRY_BYTES
        needed = len(value) + ENTRY_BYTES
        if needed > self.memory_bytes:
            return
        self._entries[key] = value
        self._taken += needed
        while self._taken > self.memory_bytes:
            _, oldest = self._entries.popitem(last=False)
            self._taken -= len(oldest) + ENTRY_BYTES

    def _from_disk(self, keys: Sequence[bytes]) -> dict[bytes, bytes]:
        disk = self._disk()
        if disk is None:
            return {}
        found = {
            key: value for key, value in zip(keys, disk.get_many(keys), strict=True) if value is not None
        }
        with self._lock:
            for key, value in found.items():
                self._keep(key, value)
        return found

    def _disk(self) -> DiskCache | None:
        if self.folder is None or self._problem is not None:
            return None
        if self._on_disk is None:
            try:
                self._on_disk = DiskCache(self.folder, self.disk_bytes)
            except DiskUnavailableError as error:
                self._problem = (
                    f"the cache folder {self.folder} cannot be used, "
                    f"so features are kept in memory only: {error}"
                )
                warnings.warn(self._problem, stacklevel=3)
        return self._on_disk

    def __getstate__(self) -> dict[str, Any]:
        """Leave entries, the lock and what is open behind."""
        return {"memory_bytes": self.memory_bytes, "folder": self.folder, "disk_bytes": self.disk_bytes}

    def __setstate__(self, state: dict[str, Any]) -> None:
        """Begin empty; the folder is opened when it is first asked for."""
        vars(self).update(state)
        self._begin()


def cached_rows(
    cache: FeatureCache,
    articles: Sequence[Article],
    fingerprint: str,
    width: int,
    make: Callable[[Sequence[Article]], Numbers],
) -> Numbers:
    """Return the numbers of articles: those that are kept, and the others made, once each, and kept.

    Args:
        cache: Where they are kept.
        articles: Cleaned.
        fingerprint: Of the fitted extractor.
        width: Numbers an article.
        make: Gives the numbers of articles, float64 of shape (articles, width).

    Returns:
        float64 of shape (len(articles), width), the caller's own.
    """
    return cached_blocks(cache, articles, fingerprint, width, lambda missing: [make(missing)])


def cached_blocks(
    cache: FeatureCache,
    articles: Sequence[Article],
    fingerprint: str,
    width: int,
    make: Callable[[Sequence[Article]], Iterable[Numbers]],
) -> Numbers:
    """Do as `cached_rows`, with numbers that come by blocks of articles, each of which is kept at once."""
    keys = [key_of(article, fingerprint) for article in articles]
    found = cache.get_many(keys)
    size = 8 * width
    # A value of another length is none: whatever wrote it, it was not this extractor.
    first: dict[bytes, int] = {}
    for place, (key, value) in enumerate(zip(keys, found, strict=True)):
        if value is None or len(value) != size:
            first.setdefault(key, place)
    if first:
        fresh = _made(cache, list(first), make([articles[place] for place in first.values()]), width)
        found = [fresh.get(key, value) for key, value in zip(keys, found, strict=True)]
    whole = bytearray().join(value for value in found if value is not None)
    return np.frombuffer(whole, dtype="<f8").reshape(len(articles), width)


def _made(
    cache: FeatureCache, keys: Sequence[bytes], blocks: Iterable[Numbers], width: int
) -> dict[bytes, bytes]:
    fresh: dict[bytes, bytes] = {}
    for block in blocks:
        rows = np.ascontiguousarray(block, dtype="<f8").reshape(len(block), width)
        made = [
            (key, row.tobytes())
            for key, row in zip(keys[len(fresh) : len(fresh) + len(rows)], rows, strict=True)
        ]
        cache.put_many(made)
        fresh.update(made)
    return fresh
