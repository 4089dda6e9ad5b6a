"""What of a row never reaches the prediction log: masked columns are null there, hashed ones a keyed hash.

The hash is BLAKE2b with a secret key: without the key nobody can try values until one fits, which for few
values, such as postcodes, a hash alone would allow. Equal values have equal hashes, whatever the model, so
that rows can still be joined and counted. A number hashes alike as `1` and `1.0`.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any

from serving.policy import Policy
from serving.registry.table import Lane
from serving.scorers.scorer import Scored, opened

DIGEST_BYTES = 16
WHOLE_BODY = ("request",)
"""The column of a body that is no table."""

Rows = Sequence[Sequence[object]]


@dataclass(frozen=True, slots=True)
class _Places:
    """What a policy means for the columns of one version; all places are withheld where it cannot be told."""

    policy: Policy
    columns: tuple[str, ...]
    dropped: tuple[int, ...]
    hashed: tuple[int, ...]


class Masks:
    """Masks rows by their lane's policy. For one event loop.

    Attributes:
        key: What keys the hash; without one, hashed columns are dropped.
        is_key_missed: Whether a key was needed and not there.
    """

    def __init__(self, key: bytes | None = None) -> None:
        self.key, self.is_key_missed = key, False
        self._places: dict[str, _Places] = {}

    def masked(self, lane: Lane, scored: Scored) -> Rows:
        """The rows as the log may hold them; call it only for a policy that masks or hashes."""
        places = self._known(lane, scored.columns)
        if places.hashed and self.key is None:
            self.is_key_missed = True
        rows: Any = opened(scored.rows)
        return [self._row(row, places) for row in rows]

    def _known(self, lane: Lane, columns: tuple[str, ...]) -> _Places:
        known = self._places.get(lane.held.folder)
        if known is None or known.policy is not lane.policy or known.columns != columns:
            known = self._places[lane.held.folder] = _places(lane, columns)
        return known

    def _row(self, row: Iterable[object], places: _Places) -> list[object]:
        cells = list(row)
        for place in places.dropped:
            cells[place] = None
        for place in places.hashed:
            cells[place] = self._hash(cells[place])
        return cells

    def _hash(self, value: object) -> str | None:
        if value is None or value != value or self.key is None:  # noqa: PLR0124 - NaN is missing, too
            return None
        return blake2b(_canonical(value), digest_size=DIGEST_BYTES, key=self.key).hexdigest()


def key_of(text: str) -> bytes:
    """A key for the hash from a setting's text."""
    return blake2b(text.encode(), digest_size=32, person=b"penstock-log").digest()


def _canonical(value: object) -> bytes:
    if isinstance(value, int) and not isinstance(value, bool):
        try:
            as_float = float(value)
        except OverflowError:
            return str(value).encode()
        return repr(as_float if as_float == value else value).encode()
    if isinstance(value, float):
        return repr(float(value)).encode()
    return str(value).encode(errors="surrogatepass")


def _places(lane: Lane, columns: tuple[str, ...]) -> _Places:
    policy = lane.policy
    if _is_unclear(lane, columns):
        return _Places(policy, columns, tuple(range(len(columns))), ())
    dropped = tuple(place for place, name in enumerate(columns) if name in policy.mask)
    hashed = tuple(
        place for place, name in enumerate(columns) if name in policy.hashed and name not in policy.mask
    )
    return _Places(policy, columns, dropped, hashed)


def _is_unclear(lane: Lane, columns: tuple[str, ...]) -> bool:
    """Whether a masked column may hide where no name tells: in a whole body, or in columns without names."""
    if columns == WHOLE_BODY:
        return True
    if lane.columns:
        return False
    return not (lane.policy.mask | lane.policy.hashed) <= set(columns)
