"""Who goes to which variant: exact shares, sticky users, and moves that are no larger than they must be."""

from collections import Counter
from collections.abc import Sequence

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from serving.routing.assign import allot, bucket, fallback
from serving.routing.route import BUCKETS, Variant


def variants(*buckets: int, names: Sequence[str] | None = None) -> list[Variant]:
    called = names or ["champion", *[f"challenger-{i}" for i in range(1, len(buckets))]]
    return [
        Variant(name, "m", "Production", None, count) for name, count in zip(called, buckets, strict=True)
    ]


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


def test_the_champion_is_known_by_name_wherever_it_stands() -> None:
    first = allot(variants(1000, 9000, names=["challenger", "champion"]))
    second = allot(variants(9000, 1000, names=["champion", "challenger"]))
    assert [1 - index for index in first] == list(second)


def test_a_million_users_split_by_the_weights() -> None:
    weights = [7000, 2500, 500]
    owners = np.frombuffer(allot(variants(*weights)), dtype=np.uint8)
    places = np.fromiter((bucket(b"salt", b"user-%d" % i) for i in range(1_000_000)), dtype=np.int64)
    counts = np.bincount(owners[places], minlength=3)
    assert stats.chisquare(counts, np.array(weights) * 100).pvalue > 0.001


def test_a_change_of_weights_moves_the_share_that_must_move_of_a_million_users() -> None:
    old = np.frombuffer(allot(variants(9000, 1000)), dtype=np.uint8)
    new = np.frombuffer(allot(variants(7500, 2500)), dtype=np.uint8)
    places = np.fromiter((bucket(b"salt", b"user-%d" % i) for i in range(1_000_000)), dtype=np.int64)
    moved = old[places] != new[places]
    assert abs(float(moved.mean()) - 0.15) < 0.002
    assert set(old[places][moved].tolist()) == {0}


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
