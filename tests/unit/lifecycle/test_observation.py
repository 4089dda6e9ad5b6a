from datetime import UTC, datetime, timedelta

import pytest

from serving.lifecycle.journal import Move
from serving.lifecycle.observation import external_moves, may_have_moved
from serving.lifecycle.versions import RegisteredModel, Version

NOON = datetime(2026, 7, 31, 12, tzinfo=UTC)


def at(minutes):
    return NOON + timedelta(minutes=minutes)


def make_model(**stages):
    """Versions by number: v1='Production' or v1=('Production', minutes of its last change)."""
    found = {}
    for name, given in stages.items():
        stage, minutes = given if isinstance(given, tuple) else (given, 0)
        found[name[1:]] = Version(name[1:], stage, "", at(minutes))
    return RegisteredModel("churn", found, {})


def last(**stages):
    return {
        name[1:]: Move(NOON, "churn", name[1:], "None", stage, "promote", "ann", "")
        for name, stage in stages.items()
    }


def steps(moves):
    return [f"{move.version}: {move.from_stage} -> {move.to_stage}" for move in moves]


def test_stages_as_the_journal_knows_them_are_no_moves():
    assert external_moves(make_model(v1="Production", v2="None"), last(v1="Production"), at(9)) == []


def test_a_version_that_changed_its_stage_has_moved():
    moves = external_moves(make_model(v1="Archived", v2="Production"), last(v1="Production"), at(9))
    assert steps(moves) == ["1: Production -> Archived", "2: None -> Production"]


def test_a_version_that_is_gone_was_deleted():
    assert steps(external_moves(make_model(), last(v1="Production"), at(9))) == ["1: Production -> Deleted"]


def test_a_deletion_is_told_once():
    assert external_moves(make_model(), last(v1="Deleted"), at(9)) == []


def test_an_external_move_says_so():
    (move,) = external_moves(make_model(v1="Staging"), {}, at(9))
    assert (move.actor, move.action, move.external) == ("external", "external", True)


@pytest.mark.parametrize(("changed", "noted"), [(5, 5), (-5, 0), (99, 9)])
def test_its_time_is_the_registrys_between_the_last_entry_and_now(changed, noted):
    (move,) = external_moves(make_model(v1=("Archived", changed)), last(v1="Production"), at(9))
    assert move.time == at(noted)


def test_moves_come_in_the_order_of_their_times():
    model = make_model(v1=("Archived", 8), v2=("Archived", 3))
    assert steps(external_moves(model, {}, at(9))) == ["2: None -> Archived", "1: None -> Archived"]


@pytest.mark.parametrize(
    ("known", "seen", "expected"),
    [
        ({"v1": "Production"}, {"1": "Production"}, False),
        ({"v1": "Production"}, {"1": "Archived"}, True),
        ({}, {"1": "Staging"}, True),
        ({}, {"1": "None"}, False),
        ({"v1": "Production"}, {}, True),
        ({"v1": "Archived", "v2": "Production"}, {"2": "Production"}, False),
        ({"v1": "Deleted"}, {}, False),
    ],
)
def test_a_poll_that_contradicts_the_journal_is_worth_a_closer_look(known, seen, expected):
    assert may_have_moved(last(**known), seen) is expected
