import json

import pytest

from serving.lifecycle.approval import read_approval
from serving.lifecycle.canary.rules import read_rules


def read(promotion):
    return read_approval(json.dumps({"promotion": promotion}), model="churn")


@pytest.mark.parametrize("text", [None, "", "{}", '{"monitoring": {"approval": true}}', '{"promotion": {}}'])
def test_one_person_is_enough_where_nothing_is_said(text):
    approval = read_approval(text, model="churn")
    assert (approval.people, approval.comment, approval.is_needed) == (1, False, False)


def test_what_is_asked_for_is_read():
    approval = read({"people": 3, "comment": True})
    assert (approval.people, approval.comment, approval.is_needed, approval.problems) == (3, True, True, ())


@pytest.mark.parametrize("people", [0, 6, True, "two", 1.5, None, [2]])
def test_a_number_that_cannot_be_used_asks_for_two(people):
    approval = read({"people": people})
    assert approval.people == 2
    assert f"promotion.people must be 1 to 5, not {people!r}; two people must agree" in approval.problems[0]


@pytest.mark.parametrize("text", ["no JSON", "[1]", '"x"', "[" * 100_000])
def test_a_broken_policy_asks_for_two(text):
    approval = read_approval(text, model="churn")
    assert (approval.people, approval.comment) == (2, True)
    assert approval.problems[0].startswith("the policy of 'churn' must be a JSON object; two people")


@pytest.mark.parametrize("section", [2, [], "two"])
def test_a_section_that_is_no_object_asks_for_two(section):
    assert read(section).people == 2


@pytest.mark.parametrize(("people", "promotes"), [(1, True), (2, False)])
def test_a_canary_promotes_by_itself_only_where_one_person_is_enough(people, promotes):
    policy = {"traffic": {"canary": [10, 100], "promote": True}, "promotion": {"people": people}}
    assert read_rules(json.dumps(policy), model="churn").promotes is promotes
