"""What two keys may not say together is refused by their section."""

import re

import pytest
from pydantic import ValidationError

from projects.requirement.model import Requirement


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"split": {"strategy": "group"}}, "needs group_column"),
        ({"split": {"cv": "group"}}, "needs group_column"),
        ({"split": {"test_size": 0.6, "validation_size": 0.4}}, "leave no rows to learn from"),
        ({"tuning": {"grid": {"ridge": {"alpha": [1]}}}}, "grid is read by grid_search only, not by optuna"),
        ({"traffic": {"canary": [50, 10]}}, "canary must rise from step to step, not 50, 10"),
        (
            {"monitoring": {"retrain": "sometimes"}},
            "retrain must be never, or of drift, quality, rows and schedules in cron's five fields such as",
        ),
        ({"monitoring": {"retrain": "drfit"}}, "not 'drfit'; did you mean 'drift'?"),
        ({"monitoring": {"retrain": "0 25 * * 0"}}, "the hour of the schedule '0 25 * * 0' must be from 0"),
        ({"monitoring": {"retrain": ["drift", "never"]}}, "retrain is never and drift at once"),
        ({"monitoring": {"retraining": {"drift_windows": "3 of 2"}}}, "must be like '2 of 3', not '3 of 2'"),
        ({"monitoring": {"retraining": {"canary": True}}}, "the steps of traffic.canary, which has none"),
        (
            {"batch": {"data": "a.csv"}},
            "a batch needs data, output and schedule; output and schedule are not",
        ),
        (
            {"batch": {"data": "a.csv", "output": "b-{day}.csv", "schedule": "0 6 * * *"}},
            "the batch's output may hold {date} and {time} only, not '{day}'",
        ),
        ({"validation": [{"column": "a"}]}, "the rule checks nothing"),
        ({"validation": [{"column": "a", "min": 5, "max": 1}]}, "min 5 is above max 1"),
        ({"validation": [{"column": "a", "pattern": "["}]}, "is no regular expression"),
        ({"validation": [{"column": "a", "allowed": []}]}, "allowed is empty"),
        ({"features": {"custom": ["ratios"]}}, "custom must be dotted names"),
        ({"features": {"custom": ["os.system('x')"]}}, "custom must be dotted names"),
        (
            {"tables": {"join": [{"table": "b", "left_on": ["a", "b"], "right_on": ["c"]}]}},
            "as many columns, not 2 and 1",
        ),
        ({"data_source": {"url": "x", "table": "t", "query": "q"}}, "either a table or a query, not both"),
        ({"target": "y", "features": {"drop": ["y"]}}, "'y' is the target and is left out too"),
        (
            {"target": "y", "cleaning": {"columns": {"y": {"keep": False}}}},
            "'y' is the target and is left out too",
        ),
    ],
)
def test_what_cannot_be_together_is_refused(values, sentence):
    with pytest.raises(ValidationError, match=re.escape(sentence)):
        Requirement.model_validate(values)


@pytest.mark.parametrize("schedule", ["never", "drift", "quality", "0 2 * * 0", "*/5 1-4 1,15 JAN MON"])
def test_a_time_to_retrain_is_accepted(schedule):
    assert Requirement.model_validate({"monitoring": {"retrain": schedule}}).monitoring.retrain == schedule


@pytest.mark.parametrize(
    ("retrain", "occasions"),
    [
        ("never", ()),
        ("drift", ("drift",)),
        ("drift, rows", ("drift", "rows")),
        (["quality", "0 2 1,15 * *", "quality"], ("quality", "0 2 1,15 * *")),
    ],
)
def test_occasions_are_told_apart(retrain, occasions):
    assert Requirement.model_validate({"monitoring": {"retrain": retrain}}).monitoring.occasions == occasions


def test_a_requirement_does_not_change_after_reading():
    with pytest.raises(ValidationError, match="frozen"):
        Requirement().target = "x"


def test_the_registered_name_is_the_projects_unless_one_is_given():
    assert Requirement(project_name="p").registered_name == "p"
    assert Requirement(project_name="p", name="n").registered_name == "n"
