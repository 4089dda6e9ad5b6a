"""Promotions that take several people, over MLflow's own store."""

import sqlite3
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace

import pytest

from penstock.approvals.request import RequestStore
from penstock.people.person import Level
from penstock.people.rights import OpenRights
from penstock.problems import BadRequest, Conflict, NotAllowed, NotFound, Problem
from penstock.services import approvals
from tests.service.provenance_fixtures import ANA, BEN, EVE, name_of, store_uri, world  # noqa: F401 - fixtures


class Some(OpenRights):
    """Rights by name, as a test sets them."""

    def __init__(self, **levels):
        self.levels = levels

    def level(self, person, kind, name):
        return self.levels.get(person.name, Level.NONE)


@pytest.fixture
def model(world):  # noqa: F811
    name = name_of("churn")
    world.version(name, gate="pass", project="ana/p")
    world.policy(name, promotion={"people": 2})
    return name


def stage(world, model, version="1"):  # noqa: F811
    return world.client.get_model_version(model, version).current_stage


def ask(world, model, **options):  # noqa: F811
    return approvals.ask(world.desk, ANA, model, "1", comment="better in July", **options)


def test_whether_it_is_needed_is_the_policys(world, model):  # noqa: F811
    assert approvals.needed(world.desk, model)
    world.policy(model, monitoring={"approval": True})
    assert not approvals.needed(world.desk, model)


def test_nobody_promotes_alone(world, model):  # noqa: F811
    with pytest.raises(Conflict, match="takes 2 people; ask for it with `POST /api/ml/approvals`") as refused:
        approvals.refuse_alone(world.desk, model, "1")
    assert refused.value.code == "approval_needed"


def test_a_second_persons_yes_promotes_in_both_names(world, model):  # noqa: F811
    request = ask(world, model)
    assert (request.state, stage(world, model)) == ("open", "None")
    done = approvals.approve(world.desk, BEN, request.request_id, comment="seen")
    assert (done.state, stage(world, model)) == ("done", "Production")
    (move,) = _moves(world, model)
    assert (move.actor, move.reason) == ("ben", "asked by ana: better in July; approved by ben: seen")


def _moves(world, model):  # noqa: F811
    from serving.lifecycle.journal import Journal

    return Journal(world.desk.database).entries(model)


def test_it_is_all_in_the_audit_trail(world, model):  # noqa: F811
    request = ask(world, model)
    with pytest.raises(NotAllowed):
        approvals.approve(world.desk, ANA, request.request_id)
    approvals.approve(world.desk, BEN, request.request_id)
    told = [(action, outcome) for action, _, outcome in world.audited()]
    assert told == [
        ("approval.ask", "begun"), ("approval.ask", "done"),
        ("approval.approve", "begun"), ("approval.approve", "refused"),
        ("approval.approve", "begun"), ("approval.approve", "done"),
    ]  # fmt: skip


def test_whoever_asks_does_not_answer_nor_does_their_key(world, model):  # noqa: F811
    request = ask(world, model)
    for person in (ANA, replace(ANA, is_admin=True), replace(ANA, address="elsewhere")):
        with pytest.raises(NotAllowed, match="whoever asks for a promotion cannot agree to it"):
            approvals.approve(world.desk, person, request.request_id)
        with pytest.raises(NotAllowed, match="cannot reject it; withdraw it"):
            approvals.reject(world.desk, person, request.request_id, comment="no")
    assert stage(world, model) == "None"


def test_only_who_manages_the_model_answers(world, model):  # noqa: F811
    request = ask(world, model)
    world.desk.rights = Some(ana=Level.EDIT, ben=Level.EDIT)
    with pytest.raises(NotAllowed, match="takes MANAGE, and you have EDIT"):
        approvals.approve(world.desk, BEN, request.request_id)
    with pytest.raises(NotFound, match=f"there is no request '{request.request_id}'"):
        approvals.approve(world.desk, EVE, request.request_id)
    assert approvals.listed(world.desk, EVE) == []


def test_three_people_are_three(world, model):  # noqa: F811
    world.policy(model, promotion={"people": 3})
    request = ask(world, model)
    assert approvals.approve(world.desk, BEN, request.request_id).missing == 1
    with pytest.raises(Conflict, match="you have agreed already, and one more person must yet"):
        approvals.approve(world.desk, BEN, request.request_id)
    assert stage(world, model) == "None"
    assert approvals.approve(world.desk, EVE, request.request_id).state == "done"


def test_a_policy_that_became_stricter_counts(world, model):  # noqa: F811
    request = ask(world, model)
    world.policy(model, promotion={"people": 3})
    assert approvals.approve(world.desk, BEN, request.request_id).missing == 1


def test_a_policy_that_became_laxer_does_not(world, model):  # noqa: F811
    world.policy(model, promotion={"people": 3})
    request = ask(world, model)
    world.policy(model)
    assert approvals.approve(world.desk, BEN, request.request_id).missing == 1


def test_a_broken_policy_lets_nobody_through_alone(world, model):  # noqa: F811
    world.client.set_registered_model_tag(model, "penstock.policy", "{")
    assert approvals.needed(world.desk, model)


def test_a_rejection_ends_it_and_takes_a_reason(world, model):  # noqa: F811
    request = ask(world, model)
    with pytest.raises(BadRequest, match="a comment is wanted"):
        approvals.reject(world.desk, BEN, request.request_id, comment=" ")
    assert approvals.reject(world.desk, BEN, request.request_id, comment="no").state == "rejected"
    with pytest.raises(Conflict, match="the request is rejected; ask anew"):
        approvals.approve(world.desk, EVE, request.request_id)
    assert ask(world, model).state == "open"


def test_one_request_a_version_is_open_at_a_time(world, model):  # noqa: F811
    first = ask(world, model)
    with pytest.raises(Conflict, match="there is an open request for version 1"):
        ask(world, model)
    approvals.withdraw(world.desk, ANA, first.request_id)
    assert ask(world, model).request_id != first.request_id


def test_only_who_asked_withdraws(world, model):  # noqa: F811
    request = ask(world, model)
    with pytest.raises(NotAllowed, match="ana asked for it and can withdraw it; reject it instead"):
        approvals.withdraw(world.desk, BEN, request.request_id)


def test_a_request_expires(world, model, monkeypatch):  # noqa: F811
    request = ask(world, model, days=1)
    later = world.desk.now_s() + 86_401
    monkeypatch.setattr(type(world.desk), "now_s", staticmethod(lambda: later))
    with pytest.raises(Conflict, match="the request has expired; ask anew"):
        approvals.approve(world.desk, BEN, request.request_id)
    assert [each.state for each in approvals.listed(world.desk, BEN, model=model)] == ["expired"]
    assert ask(world, model).state == "open"


def test_a_failed_gate_stops_it_unless_it_was_asked_for_so(world):  # noqa: F811
    name = name_of("gated")
    world.version(name, gate="fail: recall >= 0.6")
    world.policy(name, promotion={"people": 2})
    request = ask(world, name)
    with pytest.raises(BadRequest, match="failed its gate"):
        approvals.approve(world.desk, BEN, request.request_id)
    assert approvals.get(world.desk, ANA, request.request_id).state == "failed"
    forced = ask(world, name, force=True)
    assert approvals.approve(world.desk, BEN, forced.request_id).state == "done"


def test_two_who_agree_at_once_promote_once(world, model):  # noqa: F811
    request = ask(world, model)

    def agree(person):
        try:
            return approvals.approve(world.desk, person, request.request_id).state
        except Problem as problem:
            return problem.code

    with ThreadPoolExecutor(2) as pool:
        told = sorted(pool.map(agree, (BEN, EVE)))
    assert told == ["conflict", "done"]
    assert len(_moves(world, model)) == 1


def test_what_was_cut_off_while_it_was_carried_out_can_be_approved_again(world, model, monkeypatch):  # noqa: F811
    request = ask(world, model)
    store = RequestStore(world.desk.database, world.desk.now_s)
    store.change(request.request_id, lambda now: replace(now, state="carrying", ended_s=world.desk.now_s()))
    with pytest.raises(Conflict, match="is being carried out; look again"):
        approvals.approve(world.desk, BEN, request.request_id)
    later = world.desk.now_s() + 121
    monkeypatch.setattr(type(world.desk), "now_s", staticmethod(lambda: later))
    assert approvals.approve(world.desk, BEN, request.request_id).state == "done"


def test_asking_where_nobody_else_is_needed_is_refused(world, model):  # noqa: F811
    world.policy(model)
    with pytest.raises(Conflict, match="asks for no second person; promote version 1 at once"):
        ask(world, model)


def test_a_version_that_is_not_there_cannot_be_asked_for(world, model):  # noqa: F811
    with pytest.raises(NotFound):
        approvals.ask(world.desk, ANA, model, "9", comment="x")
    with pytest.raises(NotFound, match="there is no request 'x'"):
        approvals.get(world.desk, ANA, "x")


def test_a_comment_has_bounds(world, model):  # noqa: F811
    with pytest.raises(BadRequest, match="at most 2,000 marks, not 2,001"):
        approvals.ask(world.desk, ANA, model, "1", comment="x" * 2001)


def test_a_yes_of_whoever_manages_the_model_no_more_does_not_count(world, model):  # noqa: F811
    world.policy(model, promotion={"people": 3})
    request = ask(world, model)
    approvals.approve(world.desk, BEN, request.request_id, comment="seen")
    world.desk.rights = Some(ana=Level.EDIT, ben=Level.READ, eve=Level.MANAGE)
    after = approvals.approve(world.desk, EVE, request.request_id, comment="seen")
    assert (after.state, after.missing, stage(world, model)) == ("open", 1, "None")
    assert [answer.person for answer in after.answers] == ["eve"]


def test_nobody_waits_for_the_database_while_mlflow_is_asked_who_manages_the_model(world, model):  # noqa: F811
    world.policy(model, promotion={"people": 3})
    request = ask(world, model)
    approvals.approve(world.desk, BEN, request.request_id)
    file, asked = world.desk.settings.database_url.removeprefix("sqlite:///"), []

    class Watched(OpenRights):
        def level(self, person, kind, name):
            with closing(sqlite3.connect(file, timeout=0)) as connection:
                connection.execute("BEGIN IMMEDIATE")
            asked.append(person.name)
            return Level.MANAGE

    world.desk.rights = Watched()
    assert approvals.approve(world.desk, EVE, request.request_id).state == "done"
    assert asked == ["eve", "ben"]
