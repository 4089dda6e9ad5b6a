"""The journal of decisions: what is news is kept, in its order."""

from dataclasses import replace
from pathlib import Path

import pytest

from monitoring.retraining.journal import CANARY, RETRAIN, RETRAINING, WAIT, Decision, Journal
from serving.lifecycle.database import Database

WAITS = Decision(1.0, "churn", RETRAINING, WAIT, ("drift", "3 h of the cool-down are left"), gist="cooldown")


@pytest.fixture
def journal(tmp_path: Path) -> Journal:
    return Journal(Database(f"sqlite:///{tmp_path}/penstock.db"))


def test_a_decision_is_kept_as_it_was_written(journal: Journal) -> None:
    written = journal.add(replace(WAITS, ticket="t", version="7"))
    assert journal.last(10) == [written]
    assert written == replace(WAITS, ticket="t", version="7", sequence=1)


def test_what_only_repeats_is_no_news(journal: Journal) -> None:
    journal.add(WAITS)
    assert journal.add(replace(WAITS, time_s=2.0, reasons=("drift", "2 h are left"))) is None
    assert len(journal.last(10)) == 1


def test_the_same_after_something_else_is_news(journal: Journal) -> None:
    for decision in (WAITS, replace(WAITS, decision=RETRAIN, gist=""), WAITS):
        journal.add(decision)
    assert [each.decision for each in journal.last(10)] == [WAIT, RETRAIN, WAIT]


def test_another_topic_in_between_makes_no_news(journal: Journal) -> None:
    journal.add(WAITS)
    journal.add(replace(WAITS, topic=CANARY, gist=""))
    assert journal.add(WAITS) is None


def test_without_a_gist_every_entry_is_news(journal: Journal) -> None:
    failed = replace(WAITS, decision=RETRAIN, gist="")
    assert journal.add(failed)
    assert journal.add(failed)


def test_the_newest_come_oldest_first_and_of_one_model(journal: Journal) -> None:
    for place in range(5):
        journal.add(replace(WAITS, model="churn" if place % 2 else "fraud", gist=str(place)))
    assert [each.gist for each in journal.last(2)] == ["3", "4"]
    assert [each.gist for each in journal.last(2, "churn")] == ["1", "3"]
