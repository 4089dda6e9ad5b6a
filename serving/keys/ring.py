"""The keys that a worker holds in memory, and its answer to a key that somebody shows.

A rate is a key's over all workers: each worker lets through its share, so a caller who stays on one
connection, and so with one worker, gets that share only.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime

from serving.keys import token
from serving.keys.bucket import TokenBucket
from serving.keys.key import Key

MOST_NAMES = 4096
"""Names whose answer a key remembers; names come from requests, so their number has a bound."""

BURST_S = 1.0
"""The burst of a key that sets none: what its rate lets through in this time."""


@dataclass(frozen=True, slots=True)
class Held:
    """A key in use: its answers that cost something, and its bucket; for one event loop."""

    key: Key
    label: str
    expires_s: float | None
    bucket: TokenBucket | None
    names: dict[str, bool]

    def is_for(self, model: str) -> bool:
        """Whether the key may call a name."""
        known = self.names.get(model)
        if known is None:
            known = self.key.is_for(model)
            if len(self.names) < MOST_NAMES:
                self.names[model] = known
        return known


class Ring:
    """A worker's keys. Replaced from any thread, asked by one event loop.

    Args:
        workers: Among how many workers each rate is divided.
        wall_s: Seconds since 1970.

    Attributes:
        is_read: Whether the keys have been read at all.
    """

    def __init__(self, workers: int, wall_s: Callable[[], float]) -> None:
        self.is_read = False
        self._requests: dict[str, int] = {}
        self._used_s: dict[str, float] = {}
        self._workers, self._wall_s = workers, wall_s
        self._held: dict[bytes, Held] = {}

    def replace(self, keys: Iterable[Key]) -> None:
        """Hold these keys from now on; a bucket whose key's rate stayed keeps what is in it."""
        fresh: dict[bytes, Held] = {}
        for key in keys:
            if key.revoked_at is None:
                fresh[key.key_id.encode()] = self._hold(key)
        self._held, self.is_read = fresh, True

    def find(self, shown: bytes) -> Held | None:
        """The key that somebody shows; None if there is none like it, or it has ended."""
        parts = token.read(shown)
        if parts is None:
            return None
        held = self._held.get(parts[0])
        # The digest is made for an unknown id, too, so that the time tells nobody which ids there are.
        if not token.is_secret(parts[1], held.key.digest if held else b""):
            return None
        if held is None or (held.expires_s is not None and self._wall_s() >= held.expires_s):
            return None
        return held

    def held(self, key_id: str) -> Held | None:
        """The key of an id, also one that has expired."""
        return self._held.get(key_id.encode())

    def count(self, held: Held) -> None:
        """Note that a key was let in."""
        self._requests[held.label] = self._requests.get(held.label, 0) + 1

    def drain(self) -> dict[str, int]:
        """Requests let in since this was last asked, by key id; it is asked a few times a second."""
        counted, self._requests = self._requests, {}
        self._used_s.update(dict.fromkeys(counted, self._wall_s()))
        return counted

    def drain_used(self) -> dict[str, datetime]:
        """When keys were used since this was last asked; safe from another thread."""
        taken, self._used_s = self._used_s, {}
        return {label: datetime.fromtimestamp(seconds, UTC) for label, seconds in list(taken.items())}

    def _hold(self, key: Key) -> Held:
        last = self._held.get(key.key_id.encode())
        expires_s = key.expires_at.timestamp() if key.expires_at else None
        same = last and (last.key.rate_per_s, last.key.burst) == (key.rate_per_s, key.burst)
        bucket = last.bucket if last and same else self._bucket(key)
        return Held(key, key.key_id, expires_s, bucket, {})

    def _bucket(self, key: Key) -> TokenBucket | None:
        if key.rate_per_s is None:
            return None
        burst = key.burst or key.rate_per_s * BURST_S
        return TokenBucket(key.rate_per_s / self._workers, burst / self._workers)
