"""What only a person can supply is derived from the requirement and the machine."""

from pathlib import Path

import pytest

from projects.requirement.model import Requirement
from projects.requirement.user_tasks import Machine, tasks_markdown, user_tasks


def machine(*, environ=None, modules=("torch",), files=("data.csv",), workers=1):
    return Machine(
        environ or {},
        lambda name: name in modules,
        lambda path: str(path) in files,
        Path("/home/ada"),
        workers=workers,
    )


def told(values, columns=(), **about):
    base = {"data_source": "data.csv", "target": "y"}
    return [
        task.text for task in user_tasks(Requirement.model_validate(base | values), machine(**about), columns)
    ]


def test_nothing_is_left_when_all_is_there():
    assert told({}) == []
    assert "Nothing: the data is there" in tasks_markdown((), "p")


@pytest.mark.parametrize(
    ("values", "about", "text"),
    [
        ({"data_source": "gone.csv"}, {}, "Put the data at `gone.csv`, where there is none"),
        ({"data_source": ""}, {}, "Say where the data is: set `data_source`"),
        ({"target": ""}, {}, "Say what to predict"),
        (
            {"data_source": {"url": "postgresql://ada:${PGPASS}@db/x", "table": "t"}},
            {},
            "Set the environment variable `PGPASS`",
        ),
        (
            {"data_source": {"url": "postgresql://ada:secret@db/x", "table": "t"}},
            {},
            "Take the password out of `data_source`",
        ),
        ({"data_source": "s3://bucket/rows"}, {}, "Give AWS credentials for `s3://bucket/rows`"),
        ({"data_source": "s3://bucket/rows"}, {}, "See that this machine may reach the s3 source"),
        ({"monitoring": {"retrain": "drift"}}, {}, "Name who says yes to a retrained version"),
        ({"deployment": "1 billion calls a day"}, {}, "Give the gateway 12 workers"),
        ({"deployment": "batch nightly"}, {}, "Let a scheduler run the entry point `predict` nightly"),
        (
            {"deployment": "an API"},
            {},
            "Decide how callers on other machines reach the gateway: it listens on 127.0.0.1 alone",
        ),
        ({"candidates": ["lstm"]}, {"modules": ()}, "Install PyTorch for lstm"),
        (
            {"features": {"custom": ["shop.ratios.add"]}},
            {},
            "Write `shop.ratios.add`, a function from frame to frame",
        ),
        ({"features": {"store": ["spend:2"]}}, {}, "See that the feature store holds `spend:2`"),
        (
            {"evaluation": {"groups": ["gender"]}},
            {},
            "Say what difference between groups of `gender` is acceptable",
        ),
        ({"monitoring": {"min_quality": "AUC > 0.8"}}, {}, "Report what came true"),
    ],
)
def test_a_gap_becomes_a_task(values, about, text):
    assert any(text in task for task in told(values, **about))


@pytest.mark.parametrize(
    ("values", "about"),
    [
        ({"data_source": "s3://b/r"}, {"environ": {"AWS_PROFILE": "x"}}),
        ({"data_source": "s3://b/r"}, {"files": ("/home/ada/.aws/credentials",)}),
    ],
)
def test_credentials_that_are_there_are_no_task(values, about):
    assert not any("AWS" in task for task in told(values, **about))


def test_a_password_is_never_repeated():
    values = {"data_source": {"url": "postgresql://ada:secret@db/x", "table": "t"}}
    assert "secret" not in " ".join(told(values))


@pytest.mark.parametrize(
    ("column", "text"),
    [
        ("Email", "`Email`, which looks like a contact"),
        ("customer_name", "looks like a name"),
        ("home_address", "looks like an address"),
        ("DOB", "looks like a birth date"),
        ("Gender", "Decide whether `Gender` may be used"),
        ("foreign_worker", "Decide whether `foreign_worker`"),
    ],
)
def test_columns_about_people_are_named(column, text):
    assert any(text in task for task in told({}, [column]))


def test_a_masked_column_is_decided_about():
    assert not any("`Email`" in task for task in told({"traffic": {"mask": ["Email"]}}, ["Email"]))


def test_plain_columns_are_no_task():
    assert told({}, ["tenure", "MonthlyCharges", "cnt"]) == []


def test_tasks_are_listed_by_section():
    tasks = user_tasks(Requirement(), machine())
    text = tasks_markdown(tasks, "retention")
    assert text.startswith(
        "# What only a person can do for retention\n\n## Data\n\n- [ ] Say where the data is"
    )


@pytest.mark.parametrize("column", ["PhoneService", "department_name", "product_name", "email_opened"])
def test_what_only_sounds_like_a_person_is_no_task(column):
    assert told({}, (column,)) == []


@pytest.mark.parametrize("column", ["name", "FirstName", "user_name", "phone_number"])
def test_a_persons_own_is_a_task(column):
    assert "of a person" in told({}, (column,))[0]
