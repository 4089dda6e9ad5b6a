"""Who goes to which variant: exact shares, sticky users, and moves that are no larger than they must be."""

import os
import subprocess
import sys
from collections import Counter
from collections.abc import Sequence
from functools import cache

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from serving.routing.assign import allot, bucket, fallback
from serving.routing.route import BUCKETS, Variant


def variants(*buckets: int, names: Sequence[str] | None = None) -> list[Variant]:
    called = names or ["champion", *[f"challenger-{i}" for i in range(1, len(buckets))]]
    return [
        Variant(name, "m", "Production", None, count) for name, count in zip(called, buckets, strict=True)
    ]


@cache
def million() -> np.ndarray:
    """The buckets of a million users."""
    return np.fromiter((bucket(b"salt", b"user-%d" % i) for i in range(1_000_000)), dtype=np.int64)


def owners_of_million(*weights: int) -> np.ndarray:
    return np.frombuffer(allot(variants(*weights)), dtype=np.uint8)[million()]


shares = (
    st.lists(st.integers(0, BUCKETS), min_size=0, max_size=6)
    .map(sorted)
    .map(lambda cuts: [b - a for a, b in zip([0, *cuts], [*cuts, BUCKETS], strict=True)])
)
two_challengers = st.tuples(st.integers(0, 5000), st.integers(0, 5000))


@given(shares)
def test_each_variant_owns_exactly_its_share(weights: list[int]) -> None:
    owned = Counter(allot(variants(*weights)))
    assert [owned[index] for index in range(len(weights))] == weights


@given(two_challengers, two_challengers)
def test_only_buckets_of_challengers_that_changed_move(
    before: tuple[int, int], after: tuple[int, int]
) -> None:
    old = np.frombuffer(allot(variants(BUCKETS - sum(before), *before)), dtype=np.uint8)
    new = np.frombuffer(allot(variants(BUCKETS - sum(after), *after)), dtype=np.uint8)
    assert int((old != new).sum()) == abs(before[0] - after[0]) + abs(before[1] - after[1])


@given(st.integers(0, BUCKETS), st.integers(0, BUCKETS))
def test_between_two_variants_the_least_moves(before: int, after: int) -> None:
    old, new = allot(variants(BUCKETS - before, before)), allot(variants(BUCKETS - after, after))
    assert sum(a != b for a, b in zip(old, new, strict=True)) == abs(before - after)


def test_a_new_challenger_takes_users_from_the_champion_alone() -> None:
    old, new = allot(variants(9000, 1000)), allot(variants(8500, 1000, 500))
    assert {(a, b) for a, b in zip(old, new, strict=True) if a != b} == {(0, 2)}


def test_a_third_challenger_grows_from_the_champion_alone() -> None:
    old, new = allot(variants(7000, 1000, 1000, 1000)), allot(variants(6500, 1000, 1000, 1500))
    assert {(a, b) for a, b in zip(old, new, strict=True) if a != b} == {(0, 3)}


def test_the_champion_is_known_by_name_wherever_it_stands() -> None:
    first = allot(variants(1000, 9000, names=["challenger", "champion"]))
    second = allot(variants(9000, 1000, names=["champion", "challenger"]))
    assert [1 - index for index in first] == list(second)


@pytest.mark.parametrize("weights", [(7000, 2500, 500), (9999, 1), (5000, 5000), (100,) * 32 + (6800,)])
def test_a_million_users_split_by_the_weights(weights: tuple[int, ...]) -> None:
    counts = np.bincount(owners_of_million(*weights), minlength=len(weights))
    assert stats.chisquare(counts, np.array(weights) * 100).pvalue > 0.001


@settings(max_examples=30)
@given(st.integers(0, BUCKETS), st.integers(0, BUCKETS))
def test_a_change_of_weights_moves_of_a_million_users_the_share_that_must_move(
    before: int, after: int
) -> None:
    old, new = owners_of_million(BUCKETS - before, before), owners_of_million(BUCKETS - after, after)
    moved = old != new
    must = abs(before - after) / BUCKETS
    # Five standard deviations of a share of a million.
    assert abs(float(moved.mean()) - must) <= 5 * (must * (1 - must) / 1e6) ** 0.5
    assert set(new[moved].tolist()) <= {int(after > before)}


@settings(max_examples=20)
@given(two_challengers, two_challengers)
def test_of_a_million_users_no_one_moves_between_two_challengers(
    before: tuple[int, int], after: tuple[int, int]
) -> None:
    old = owners_of_million(BUCKETS - sum(before), *before)
    new = owners_of_million(BUCKETS - sum(after), *after)
    moved = old != new
    assert np.all((old[moved] == 0) | (new[moved] == 0))


def test_another_process_deals_users_out_alike() -> None:
    code = (
        "from serving.routing.assign import bucket; "
        "print([bucket(b'salt', b'user-%d' % i) for i in range(200)])"
    )
    told = {
        subprocess.run(
            [sys.executable, "-c", code],
            env=os.environ | {"PYTHONHASHSEED": seed},
            capture_output=True,
            check=True,
            text=True,
        ).stdout.strip()
        for seed in ("1", "2")
    }
    assert told == {str(million()[:200].tolist())}


@given(st.binary(max_size=30), st.binary(max_size=30))
def test_a_user_always_falls_into_the_same_bucket(salt: bytes, user: bytes) -> None:
    assert bucket(salt, user) == bucket(salt, user)
    assert 0 <= bucket(salt, user) < BUCKETS


def test_a_bucket_is_the_same_in_every_release() -> None:
    assert [bucket(b"churn-1", user) for user in (b"ann", b"bob", b"")] == [138, 2026, 3292]


def test_another_salt_shuffles_users() -> None:
    users = [b"user-%d" % i for i in range(1000)]
    assert sum(bucket(b"a", user) == bucket(b"b", user) for user in users) < 10


def test_the_share_without_a_version_goes_to_the_champion_or_the_first_that_has_one() -> None:
    three = variants(5000, 3000, 2000)
    assert fallback(three, resolved=[True, False, True]) == 0
    assert fallback(three, resolved=[False, False, True]) == 2
    assert fallback(three, resolved=[False, False, False]) is None
