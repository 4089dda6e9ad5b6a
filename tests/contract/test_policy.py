"""What a requirement writes into the policy is read by monitor and gateway, who find nothing amiss."""

import json

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from monitoring import policy as monitored
from monitoring.retraining.cron import CronError, next_time
from projects.requirement.cron import check_cron
from projects.requirement.model import Requirement
from projects.requirement.policy import policy_of
from serving import policy as served

FULL = {
    "project_name": "retention",
    "user": "ada",
    "deployment": "Production API serving 100k requests/day under 20 ms",
    "traffic": {"canary": [5, 50, 100], "promote": True, "mask": ["email"], "hashed": ["phone"],
                "retention_days": 90, "challenger_ms": 50, "hold": {"min_requests": 100}},
    "monitoring": {
        "business_metrics": {"won": "sum(value)"}, "drift_share": 0.3, "min_quality": "AUC > 0.8",
        "retrain": ["drift", "quality", "rows", "0 2 * * 0"], "approval": False,
        "retraining": {"drift_windows": "3 of 5", "new_rows": "1K", "cooldown_hours": 0, "recent_days": 7.5,
                       "canary": True},
    },
    "batch": {"data": "in/{date}.csv", "output": "out/{date}.parquet", "schedule": "0 6 * * *"},
}  # fmt: skip


def written(**sections):
    return json.dumps(policy_of(Requirement.model_validate(sections)))


def watched(**sections):
    return monitored.parse(written(**sections), model="retention")


def test_nobody_complains():
    assert watched(**FULL).problems == ()
    assert served.parse(written(**FULL), model="retention").problems == ()


def test_the_monitor_reads_what_was_asked_for():
    found = watched(**FULL)
    assert (found.drift_share, found.min_quality, found.approval) == (0.3, ("roc_auc > 0.8",), False)
    assert found.business == {"won": "sum(value)"}
    assert found.hidden == {"email", "phone"}
    assert found.batch == monitored.Batch("in/{date}.csv", "out/{date}.parquet", "0 6 * * *")


def test_the_monitor_reads_how_to_train_again():
    assert watched(**FULL).retraining == monitored.Retraining(
        events=frozenset({"drift", "quality", "rows"}), schedules=("0 2 * * 0",), drift_windows=(3, 5),
        new_rows=1000, cooldown_hours=0.0, recent_days=7.5, canary=True,
    )  # fmt: skip


@pytest.mark.parametrize("sections", [{}, {"monitoring": {"retrain": "drift"}}])
def test_what_is_not_asked_for_is_the_monitors_own(sections):
    found = watched(**sections)
    events = frozenset({"drift"}) if sections else frozenset()
    assert found.problems == ()
    assert found.retraining == monitored.Retraining(events=events)
    assert found.batch is None


@pytest.mark.parametrize("retrain", ["never", [], ["never"]])
def test_never_is_never(retrain):
    assert watched(monitoring={"retrain": retrain}).retraining == monitored.Retraining()


def test_events_may_be_written_in_one_text():
    assert watched(monitoring={"retrain": "drift, rows"}).retraining.events == {"drift", "rows"}


def test_the_commas_of_a_schedule_stay():
    assert watched(monitoring={"retrain": "0 2 1,15 * *"}).retraining.schedules == ("0 2 1,15 * *",)


WORDS = st.sampled_from([
    "*", "0", "5", "59", "60", "7", "31", "32", "13", "*/5", "*/0", "1-5", "5-1", "1,3", "mon", "mon-fri",
    "jan", "24",
    "sun", "sonday", "5-0", "sat-sun", "1-5/2", "5/10", "x", "-1", "*-5", "1,", "08", "0-0", "fri-sun",
])  # fmt: skip


def is_schedule(text):
    try:
        check_cron(text)
    except ValueError:
        return False
    return True


def comes(text):
    try:
        next_time(text, 1.7e9)
    except CronError:
        return False
    return True


@settings(max_examples=400)
@given(st.lists(WORDS, min_size=4, max_size=6).map(" ".join))
@example("0 2 * * 0")
@example("0 24 * * *")
@example("0 0 30 2 *")
@example("0 0 31 4,6,9,11 *")
@example("0 0 30 2 mon")
@example("*/15 8-18 * jan-mar mon-fri")
@example("0 0 29 2 *")
def test_both_take_the_same_schedules(text):
    assert is_schedule(text) == comes(text)
