from dataclasses import replace
from datetime import timedelta

import pytest

from penstock.audit.entries import Seen, Wanted, page, stream
from serving.lifecycle.journal import Journal, Move
from serving.lifecycle.route_journal import Change, RouteJournal
from tests.unit.penstock.audit.audit_fixtures import ANA, BEN, NOON, Kept

ALL = Seen(is_all=True)


@pytest.fixture
def kept(tmp_path):
    kept = Kept(tmp_path)
    kept.record(2)
    kept.record(1, BEN, action="model.promote", subject="model churn version 3", project="ben/p")
    kept.record(1, action="login", project="", outcome="refused", subject="ana_x")
    move = Move(NOON + timedelta(seconds=1.5), "churn", "3", "None", "Production", "promote", "eve", "ui")
    Journal(kept.database).append([move])
    later = NOON + timedelta(seconds=9)
    RouteJournal(kept.database).append(Change(later, "ab", "churn", "set", "ana", "why", None, "{}"))
    return kept


def seen_by(kept, wanted=None, seen=ALL, **options):
    return page(kept.database, wanted or Wanted(), seen, **options)


def told(entries):
    return [(entry.source, entry.sequence) for entry in entries]


WHOLE = [("routes", 1), ("audit", 4), ("audit", 3), ("lifecycle", 1), ("audit", 2), ("audit", 1)]


def test_all_sources_come_in_one_order_newest_first(kept):
    assert told(seen_by(kept)) == WHOLE


def test_the_export_is_the_same_oldest_first(kept):
    assert told(stream(kept.database, Wanted(), ALL)) == WHOLE[::-1]


@pytest.mark.parametrize("most", [1, 2, 4])
def test_pages_hold_each_entry_once(kept, most):
    found, before = [], None
    while some := seen_by(kept, before=before, most=most):
        found += some
        before = some[-1].place
    assert told(found) == WHOLE


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        (Wanted(actor="ana"), [("routes", 1), ("audit", 4), ("audit", 2), ("audit", 1)]),
        (Wanted(action="model."), [("audit", 3)]),
        (Wanted(action="promote"), [("lifecycle", 1)]),
        (Wanted(subject="version 3"), [("audit", 3), ("lifecycle", 1)]),
        (Wanted(subject="ana_"), [("audit", 4)]),
        (Wanted(outcome="refused"), [("audit", 4)]),
        (Wanted(project="ben/p"), [("audit", 3)]),
        (Wanted(sources=("routes",)), [("routes", 1)]),
        (Wanted(since=NOON + timedelta(seconds=3)), [("routes", 1), ("audit", 4)]),
        (Wanted(until=NOON + timedelta(seconds=1)), [("audit", 1)]),
    ],
)
def test_a_filter_leaves_the_rest_out(kept, wanted, found):
    assert told(seen_by(kept, wanted)) == found


def test_everybody_sees_their_own(kept):
    assert told(seen_by(kept, seen=Seen(is_all=False, user="ben"))) == [("audit", 3)]


def test_what_a_key_of_theirs_did_is_their_own(kept):
    kept.record(1, replace(BEN, name="ben (key nightly)"))
    kept.record(1, replace(BEN, name="benjamin"))
    assert told(seen_by(kept, seen=Seen(is_all=False, user="ben"))) == [("audit", 5), ("audit", 3)]


def test_a_manager_sees_the_project_and_the_models_journals(kept):
    seen = Seen(is_all=False, user="zoe", projects=["ben/p"], models=["churn"])
    assert told(seen_by(kept, seen=seen)) == [("routes", 1), ("audit", 3), ("lifecycle", 1)]


def test_a_percent_sign_is_no_wildcard(kept):
    assert seen_by(kept, Wanted(subject="%")) == []
    assert seen_by(kept, Wanted(action="%")) == []


def test_an_entry_tells_who_from_where(kept):
    entry = seen_by(kept, Wanted(sources=("audit",)))[-1]
    assert (entry.actor, entry.address, entry.action) == (ANA.name, "127.0.0.1", "dataset.upload")
