from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from serving.lifecycle.journal import Move
from serving.lifecycle.timeline import of_versions_there, production_at, rollback_target

START = datetime(2026, 7, 31, 12, tzinfo=UTC)


def told(*steps):
    """Moves an hour apart, each written as 'action version stage'."""
    moves = []
    for hour, step in enumerate(steps):
        action, version, stage = step.split()
        when = START + timedelta(hours=hour)
        moves.append(
            Move(when, "churn", version, "None", stage, action, "ann", "", external=action == "external")
        )
    return moves


def promoted(*versions):
    return told(*[f"promote {version} Production" for version in versions])


@pytest.mark.parametrize(
    ("hours", "version"), [(-1, None), (0, "1"), (0.5, "1"), (1, None), (2.5, "2"), (3, "1"), (9, "1")]
)
def test_production_at_a_time(hours, version):
    moves = told(
        "promote 1 Production", "archive 1 Archived", "promote 2 Production", "rollback 1 Production"
    )
    assert production_at(moves, START + timedelta(hours=hours)) == version


def test_of_two_in_production_the_last_to_come_counts():
    assert (
        production_at(told("external 3 Production", "external 2 Production"), START + timedelta(hours=2))
        == "2"
    )


def test_when_the_last_to_come_has_left_the_other_counts():
    moves = told("external 3 Production", "external 2 Production", "external 2 Archived")
    assert production_at(moves, START + timedelta(hours=3)) == "3"


@pytest.mark.parametrize(
    ("moves", "existing", "target"),
    [
        (promoted("1", "2", "3"), "123", "2"),
        (promoted("1", "2", "3"), "13", "1"),
        (promoted("1"), "1", None),
        ([], "1", None),
        (promoted("1", "2") + told("archive 2 Archived"), "12", "1"),
        (promoted("1", "2") + told("rollback 1 Production"), "12", None),
        (promoted("1", "2", "3") + told("rollback 2 Production"), "123", "1"),
        (promoted("1", "2", "3") + told("rollback 1 Production"), "123", None),
        (promoted("1", "2") + told("rollback 1 Production", "promote 3 Production"), "123", "1"),
        (promoted("1", "2", "1"), "12", "2"),
        (promoted("1", "2") + told("rollback 2 Production"), "12", "1"),
    ],
)
def test_a_rollback_goes_to_the_version_before(moves, existing, target):
    assert rollback_target(moves, existing) == target


def test_without_an_earlier_one_it_is_the_highest_that_was_archived_before_the_journal_began():
    moves = told("external 9 Archived", "external 10 Archived", "external 11 Production")
    assert rollback_target(moves, ["9", "10", "11"]) == "10"


def test_a_candidate_that_was_archived_from_staging_is_never_gone_back_to():
    moves = told("promote 1 Production", "promote 2 Staging", "replaced 2 Archived")
    assert rollback_target(moves, ["1", "2"]) is None


def test_a_version_that_was_archived_unused_is_never_gone_back_to():
    moves = told("promote 1 Production", "archive 2 Archived")
    assert rollback_target(moves, ["1", "2"]) is None


@given(st.lists(st.integers(1, 6), min_size=2, max_size=8, unique=True))
def test_rollbacks_undo_promotions_one_by_one(order):
    versions = [str(number) for number in order]
    moves, visited = promoted(*versions), []
    while (target := rollback_target(moves, versions)) is not None:
        visited.append(target)
        moves += told(f"rollback {target} Production")
    assert visited == versions[-2::-1]


def test_moves_of_a_deleted_version_are_not_those_of_another_with_its_number():
    moves = told("promote 1 Production", "external 1 Deleted", "promote 1 Staging")
    assert of_versions_there(moves, {"1": None}) == moves[2:]


def test_moves_from_before_a_version_was_made_are_not_its_own():
    moves = promoted("1", "2")
    assert of_versions_there(moves, {"1": START + timedelta(hours=0.5), "2": START}) == moves[1:]


def test_moves_of_versions_that_are_gone_count_as_before():
    moves = promoted("1", "2", "3") + told("external 3 Deleted")
    assert of_versions_there(moves, {"1": START, "2": START}) == moves


def test_a_registrys_clock_may_be_a_little_ahead():
    moves = promoted("1")
    assert of_versions_there(moves, {"1": START + timedelta(seconds=30)}) == moves
