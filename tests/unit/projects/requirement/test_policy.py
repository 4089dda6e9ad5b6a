"""The requirement's wishes become a tag, and what was edited since stays."""

import json
from types import SimpleNamespace

import pytest

from projects.errors import BadInput
from projects.requirement.model import Requirement
from projects.requirement.parameters import dotted_values
from projects.requirement.policy import TAG, WRITTEN, lay_policy, merge, policy_of, write_policy
from serving.lifecycle.approval import read_approval
from serving.lifecycle.canary.rules import Hold, read_rules
from serving.policy import parse


class Registry:
    """The two calls of MLflow's client, on a dictionary."""

    def __init__(self, **tags):
        self.tags = dict(tags)
        self.writes = []

    def get_registered_model(self, name):
        return SimpleNamespace(name=name, tags=dict(self.tags))

    def set_registered_model_tag(self, name, key, value):
        self.writes.append(key)
        self.tags[key] = value

    @property
    def policy(self):
        return json.loads(self.tags[TAG])


def asked(**sections):
    return Requirement.model_validate({"project_name": "retention", **sections})


def test_what_is_asked_for_is_in_the_policy():
    policy = policy_of(
        asked(
            user="ada",
            deployment="100k requests/day under 20 ms",
            traffic={"canary": [5, 50], "mask": ["email"], "retention_days": 90, "cold_ms": 500},
            monitoring={
                "business_metrics": {"won": "sum(value)"},
                "min_quality": "AUC > 0.8",
                "retrain": "drift",
            },
        )
    )
    assert policy == {
        "format": 1,
        "project": "retention",
        "user": "ada",
        "traffic": {"canary": [5, 50]},
        "capacity": {"requests_per_day": 100_000, "p99_ms": 20, "cold_ms": 500},
        "monitoring": {"min_quality": ["roc_auc > 0.8"], "retrain": "drift", "approval": True},
        "business_metrics": {"won": "sum(value)"},
        "log": {"mask": ["email"], "retention_days": 90},
    }


def test_a_canarys_rules_are_read_by_the_serving_side_as_they_were_meant():
    hold = {"max_error_ratio": 0.02, "min_requests": "1k", "min_minutes": 5}
    traffic = {"canary": [10, 100], "promote": True, "hold": hold, "challenger_ms": 80}
    policy = policy_of(asked(traffic=traffic))
    rules = read_rules(json.dumps(policy), model="m")
    assert (rules.steps, rules.promotes) == ((10, 100), True)
    assert rules.hold == Hold(max_error_ratio=0.02, min_requests=1000, min_minutes=5)
    assert parse(json.dumps(policy), model="m").challenger_ms == 80


def test_a_canarys_limit_is_set_by_its_dotted_name():
    assert dotted_values("traffic.hold.min_requests=50") == {("traffic", "hold", "min_requests"): "50"}


def test_nothing_said_is_nothing_written():
    assert policy_of(Requirement()) == {"format": 1, "monitoring": {"retrain": "never", "approval": True}}


def test_a_first_policy_is_written():
    registry = Registry()
    assert write_policy(registry, "m", asked()) == ()
    assert registry.policy["project"] == "retention"


def test_the_same_again_writes_nothing():
    registry = Registry()
    write_policy(registry, "m", asked())
    registry.writes.clear()
    write_policy(registry, "m", asked())
    assert registry.writes == []


def test_what_nobody_edited_follows_the_requirement():
    registry = Registry()
    write_policy(registry, "m", asked(traffic={"canary": [5, 50]}))
    write_policy(registry, "m", asked(traffic={"canary": [10, 50]}))
    assert registry.policy["traffic"]["canary"] == [10, 50]


def test_what_was_edited_stays_and_is_said():
    registry = Registry()
    write_policy(registry, "m", asked(monitoring={"drift_share": 0.5}))
    edited = registry.policy
    edited["monitoring"]["drift_share"] = 0.3
    edited["owner"] = "grace"
    registry.tags[TAG] = json.dumps(edited)
    kept = write_policy(registry, "m", asked(monitoring={"drift_share": 0.6}))
    assert registry.policy["monitoring"]["drift_share"] == 0.3
    assert registry.policy["owner"] == "grace"
    assert "the policy's monitoring.drift_share stays 0.3; the requirement says 0.6" in kept


def test_what_was_taken_out_by_hand_stays_out():
    registry = Registry()
    write_policy(registry, "m", asked(traffic={"mask": ["email"]}))
    edited = registry.policy
    del edited["log"]
    registry.tags[TAG] = json.dumps(edited)
    kept = write_policy(registry, "m", asked(traffic={"mask": ["email"]}))
    assert "log" not in registry.policy
    assert "stays nothing, as someone took it out" in kept[0]


def test_what_the_requirement_no_longer_says_goes():
    merged, _ = merge({"a": {"b": 1, "c": 2}}, {"a": {"b": 1, "c": 2}}, {"a": {"c": 2}})
    assert merged == {"a": {"c": 2}}


def test_a_policy_that_was_there_before_is_not_overwritten():
    registry = Registry(**{TAG: json.dumps({"monitoring": {"retrain": "quality"}})})
    write_policy(registry, "m", asked(monitoring={"retrain": "drift", "drift_share": 0.5}))
    assert registry.policy["monitoring"] == {"retrain": "quality", "drift_share": 0.5, "approval": True}


@pytest.mark.parametrize("tag", ["{", "[1]", '"x"'])
def test_a_broken_tag_is_left_alone(tag):
    registry = Registry(**{TAG: tag})
    with pytest.raises(BadInput, match=r"the tag penstock\.policy of 'm' is no JSON object; mend it"):
        write_policy(registry, "m", asked())
    assert registry.tags == {TAG: tag}


def test_a_policy_that_no_tag_holds_is_refused():
    metrics = {f"metric_{n}": f"sum(value) * {n}" for n in range(300)}
    with pytest.raises(BadInput, match="and a tag takes at most 5,000; shorten the business metrics"):
        write_policy(Registry(), "m", asked(monitoring={"business_metrics": metrics}))


def test_what_was_written_is_kept_beside():
    registry = Registry()
    write_policy(registry, "m", asked())
    assert json.loads(registry.tags[WRITTEN]) == policy_of(asked())


def test_how_many_people_a_promotion_takes_is_in_the_policy():
    policy = policy_of(asked(promotion={"people": 2, "comment": "yes"}))
    assert policy["promotion"] == {"people": 2, "comment": True}
    assert read_approval(json.dumps(policy), model="m").is_needed


@pytest.mark.parametrize("change", [{"stage": "Production"}, {"traffic": {"canary": [50], "promote": True}}])
def test_nothing_goes_to_production_by_itself_where_several_people_must_agree(change):
    with pytest.raises(ValueError, match=r"promotion\.people asks for 2 people, and .* promotes without any"):
        asked(promotion={"people": 2}, **change)


def test_a_plain_training_does_not_take_the_second_person_away():
    registry = Registry()
    write_policy(registry, "m", asked(promotion={"people": 3, "comment": True}))
    kept = write_policy(registry, "m", asked())
    write_policy(registry, "m", asked(promotion={"people": 2}))
    assert registry.policy["promotion"] == {"people": 3, "comment": True}
    assert "the policy's promotion.people stays 3; the requirement says nothing" in kept


def test_a_training_may_ask_for_more_people():
    registry = Registry()
    write_policy(registry, "m", asked(promotion={"people": 2}))
    write_policy(registry, "m", asked(promotion={"people": 4}))
    assert registry.policy["promotion"] == {"people": 4}


@pytest.mark.parametrize("promotion", ["none", {"people": True}, {"people": "1"}, {"people": {"x": 1}}, []])
def test_no_training_puts_nonsense_in_the_place_of_the_second_person(promotion):
    registry = Registry()
    write_policy(registry, "m", asked(promotion={"people": 3}))
    lay_policy(registry, "m", {"promotion": promotion})
    assert registry.policy["promotion"] == {"people": 3}


def test_a_broken_promotion_stays_broken_until_somebody_mends_it():
    registry = Registry(**{TAG: json.dumps({"promotion": "two"})})
    write_policy(registry, "m", asked(promotion={"people": 2}))
    assert registry.policy["promotion"] == "two"
