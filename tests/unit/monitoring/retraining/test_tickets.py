"""Tickets: one running run a model and kind, and what is remembered of those that ended."""

from dataclasses import replace
from pathlib import Path

import pytest

from monitoring.retraining.tickets import (
    BATCH,
    BETTER,
    CANCELLED,
    FAILED,
    RETRAIN,
    Ticket,
    Tickets,
    ended,
    new_ticket,
)
from serving.lifecycle.database import Database


@pytest.fixture
def tickets(tmp_path: Path) -> Tickets:
    return Tickets(Database(f"sqlite:///{tmp_path}/penstock.db"))


def made(now_s: float = 100.0, model: str = "churn", kind: str = RETRAIN) -> Ticket:
    return new_ticket(kind, model, "1", now_s=now_s, keeper="here")


def test_a_model_has_one_running_ticket_of_a_kind(tickets: Tickets) -> None:
    assert tickets.claim(made())
    assert not tickets.claim(made())
    assert tickets.claim(made(kind=BATCH))
    assert tickets.claim(made(model="fraud"))


def test_an_ended_ticket_makes_room(tickets: Tickets) -> None:
    first = made()
    tickets.claim(first)
    tickets.put(ended(first, FAILED, 200.0))
    assert tickets.claim(made(300.0))
    assert [each.started_s for each in tickets.running()] == [300.0]


def test_what_was_put_is_what_is_found(tickets: Tickets) -> None:
    first = made()
    tickets.claim(first)
    put = tickets.put(replace(first, pid=7, born_s=1.5, rows=3, cut_s=2.5, output="there"))
    assert tickets.last("churn") == put


def test_the_last_is_found_by_state(tickets: Tickets) -> None:
    for now_s, state in ((1.0, BETTER), (2.0, CANCELLED)):
        one = made(now_s)
        tickets.claim(one)
        tickets.put(ended(one, state, now_s))
    assert tickets.last("churn", states=(BETTER,)).started_s == 1.0
    assert tickets.last("churn").state == CANCELLED
    assert tickets.last("fraud") is None


def test_the_last_end_of_each_outcome_is_remembered(tickets: Tickets) -> None:
    for now_s in (1.0, 2.0):
        one = made(now_s)
        tickets.claim(one)
        tickets.put(ended(one, FAILED, now_s + 10))
    assert tickets.last_ends() == {("churn", FAILED): 12.0}


def test_the_ticket_that_made_a_version_is_found(tickets: Tickets) -> None:
    one = made()
    tickets.claim(one)
    tickets.put(ended(one, BETTER, 200.0, made="5", after="canary"))
    assert tickets.of_version("churn", "5").name == one.name
    assert [each.name for each in tickets.waiting()] == [one.name]
