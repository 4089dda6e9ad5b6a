"""What of a policy's text cannot be used is told, and its default stands."""

import json

import pytest

from monitoring.policy import NO_POLICY, parse


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ('{"monitoring": {"drift_share": ' + "1" * 5_000 + "}}", "Exceeds the limit"),
        ('{"business_metrics": {"\\ud800": "count()"}}', "surrogates not allowed"),
        ("[" * 100_000, "recursion"),
        ("{", "Expecting property name"),
    ],
)
def test_a_text_that_is_no_json_is_told(text, why):
    policy = parse(text, model="churn")
    (problem,) = policy.problems
    assert problem.startswith("the policy of 'churn' must be JSON: ")
    assert why in problem
    assert (policy.approval, policy.retraining, policy.business) == (True, NO_POLICY.retraining, {})


def test_where_several_people_must_agree_a_retrained_version_waits():
    text = json.dumps({"monitoring": {"approval": False}, "promotion": {"people": 2}})
    assert parse(text, model="m").approval is True
