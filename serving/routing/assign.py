"""Who goes to which variant: a user's bucket, and the buckets of each variant.

Users fall into 10,000 buckets by a keyed hash, and a variant owns as many buckets as its weight says. The
champion lies in the middle of the row; challengers grow inwards from its two ends, in the order in which the
route names them. So a weight that changes moves only the users between that challenger and the champion, for
two challengers at a time; a third one lies beside the first, and moves when that grows. (No rule without a
memory can move the least for every change of three or more weights: Bavarian et al., "The optimality of
correlated sampling", 2016.)
"""

from collections.abc import Sequence
from hashlib import blake2b

from serving.routing.route import BUCKETS, CHAMPION, Variant


def bucket(salt: bytes, user_key: bytes) -> int:
    """The bucket of a user, from 0 to 9,999: the same for the same salt and key, always and everywhere."""
    digest = blake2b(salt + b"\0" + user_key, digest_size=8).digest()
    return int.from_bytes(digest, "big") % BUCKETS


def champion_index(variants: Sequence[Variant]) -> int:
    """Which variant is the champion: the one with that name, else the first."""
    return next((i for i, variant in enumerate(variants) if variant.name == CHAMPION), 0)


def allot(variants: Sequence[Variant]) -> bytes:
    """The owner of each bucket: byte i is the index of the variant that bucket i belongs to.

    Args:
        variants: At most 32 variants whose buckets sum to 10,000.
    """
    champion = champion_index(variants)
    challengers = [index for index in range(len(variants)) if index != champion]
    left = _row(variants, challengers[1::2])
    right = _row(variants, challengers[0::2])[::-1]
    middle = bytes([champion]) * (BUCKETS - len(left) - len(right))
    return left + middle + right


def fallback(variants: Sequence[Variant], *, resolved: Sequence[bool]) -> int | None:
    """Who takes the share of a variant that has no version: the champion, else the first that has one."""
    champion = champion_index(variants)
    if variants and resolved[champion]:
        return champion
    return next((index for index, has_version in enumerate(resolved) if has_version), None)


def _row(variants: Sequence[Variant], indices: Sequence[int]) -> bytes:
    return b"".join(bytes([index]) * variants[index].buckets for index in indices)
