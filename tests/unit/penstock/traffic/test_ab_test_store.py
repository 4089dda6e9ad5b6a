"""A/B tests as the database keeps them."""

from dataclasses import replace
from pathlib import Path

import pytest

from penstock.traffic.ab_test import AbTest, AbTestStore, Arm
from serving.lifecycle.canary.counts import Counts
from serving.lifecycle.database import Database

INFINITE = float("inf")


@pytest.fixture
def store(tmp_path: Path) -> AbTestStore:
    return AbTestStore(Database(f"sqlite:///{tmp_path}/penstock.db"))


def made(name: str = "checkout", created_s: float = 1.0) -> AbTest:
    arms = {side: Arm(f"id-{side}", f"model_{side}", "1", "1.0.0") for side in ("a", "b")}
    return AbTest(f"{name}-{created_s}", name, arms, "ann", created_s)  # type: ignore[arg-type]


def test_what_is_kept_is_what_was_put(store: AbTestStore) -> None:
    wanted = made()
    counts = Counts(5, 1, 0, {0.5: 3, INFINITE: 5})
    wanted = replace(wanted, arms={**wanted.arms, "a": replace(wanted.arms["a"], baseline=counts)})
    store.put(wanted)
    assert store.get("checkout") == wanted


def test_the_newest_of_a_name_is_the_one(store: AbTestStore) -> None:
    store.put(replace(made(created_s=1.0), ended_s=2.0))
    store.put(made(created_s=3.0))
    assert store.get("checkout") == made(created_s=3.0)


def test_tests_under_way_and_ended_ones_are_listed_apart(store: AbTestStore) -> None:
    store.put(made("one", 1.0))
    store.put(made("two", 2.0))
    store.put(replace(made("one", 1.0), ended_s=9.0))
    assert [test.name for test in store.listed()] == ["two"]
    assert [test.name for test in store.listed(is_ended=True)] == ["one"]


def test_an_unknown_name_has_no_test(store: AbTestStore) -> None:
    assert store.get("x' OR 1=1 --") is None


def test_the_variants_bear_the_tests_name() -> None:
    assert made().variant("b") == "checkout.b"
