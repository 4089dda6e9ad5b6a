"""The policy's words on canaries, and each refusal's sentence."""

import json
from typing import Any

import pytest

from serving.lifecycle.canary.rules import Hold, read_rules
from serving.lifecycle.errors import InvalidMoveError


def policy(**traffic: Any) -> str:
    return json.dumps({"format": 1, "traffic": traffic})


def test_steps_limits_and_promotion_are_read() -> None:
    rules = read_rules(policy(canary=[10, 50, 100], promote=True, hold={"min_requests": 50}), model="m")
    assert (rules.steps, rules.promotes) == ((10, 50, 100), True)
    assert rules.hold == Hold(min_requests=50)


def test_the_next_step_is_the_first_above_the_share() -> None:
    rules = read_rules(policy(canary=[10, 50, 100]), model="m")
    assert [rules.after(percent) for percent in (0, 10, 30, 50, 100)] == [10, 50, 50, 100, None]


def test_a_challengers_percent_is_the_only_step_without_others() -> None:
    assert read_rules(policy(challenger_percent=20), model="m").steps == (20,)


def test_a_schedule_that_stops_below_all_does_not_promote() -> None:
    assert not read_rules(policy(canary=[10, 50], promote=True), model="m").promotes


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (None, "the policy of 'm' has no traffic.canary; set it, such as [10, 50, 100]"),
        ("{", "the policy of 'm' must be JSON"),
        ("[]", "the policy of 'm' must be a JSON object"),
        (policy(canary="all"), "traffic.canary must be rising percents such as [10, 50, 100], not 'all'"),
        (policy(canary=[50, 10]), "must be rising percents such as [10, 50, 100], not [50, 10]"),
        (policy(canary=[0, 10]), "must be rising percents such as [10, 50, 100], not [0, 10]"),
        (policy(canary=[10, True]), "must be rising percents such as [10, 50, 100], not [10, True]"),
        (policy(canary=[100]), "the first must leave the champion a share to be compared with"),
        (policy(canary=[1.125, 100]), "with at most two decimals"),
        (policy(canary=[10], hold=5), "the policy of 'm': hold must be an object, not 5"),
        (
            policy(canary=[10], hold={"max_errors": 1}),
            "traffic.hold.max_errors is no key; known are max_error",
        ),
        (policy(canary=[10], hold={"min_minutes": -1}), "traffic.hold.min_minutes must be a number from 0"),
        (policy(canary=[10], promote="yes"), "traffic.promote must be true or false, not 'yes'"),
    ],
)
def test_a_policy_that_cannot_be_used_is_refused(text: str | None, sentence: str) -> None:
    with pytest.raises(InvalidMoveError) as caught:
        read_rules(text, model="m")
    assert sentence in str(caught.value)
