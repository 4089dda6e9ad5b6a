"""What a service key must be for, and what it is told where it is not."""

from datetime import UTC, datetime

import pytest

from penstock.people.person import Person
from penstock.people.scopes import action_of, check_scope
from penstock.problems import NotAllowed
from serving.keys.key import ACTIONS, OPENS, Key

API = "/api/ml"


def person(*actions: str) -> Person:
    key = Key("0a1b2c", b"", "n", "ada", "", ("*",), actions, None, None, datetime.now(UTC))
    return Person("ada", key=key)


@pytest.mark.parametrize(
    ("method", "path", "action"),
    [
        ("POST", "/models/predict", "predict"),
        ("POST", "/feedback", "feedback"),
        ("GET", "/datasets", "read"),
        ("HEAD", "/datasets", "read"),
        ("POST", "/datasets/upload", "data"),
        ("DELETE", "/datasets/1", "data"),
        ("POST", "/data/clean", "data"),
        ("POST", "/models/train", "train"),
        ("POST", "/jobs/1/cancel", "train"),
        ("POST", "/requirements", "train"),
        ("POST", "/models/deploy", "deploy"),
        ("POST", "/models/1/promote", "deploy"),
        ("PUT", "/routes/churn", "deploy"),
        ("POST", "/approvals", "deploy"),
        ("POST", "/approvals/1/approve", "manage"),
        ("POST", "/keys", "manage"),
        ("GET", "/keys", "manage"),
        ("GET", "/audit", "manage"),
        ("POST", "/projects", "manage"),
        ("POST", "/something/new", "manage"),
        ("GET", "/me", None),
    ],
)
def test_each_endpoint_takes_an_action(method: str, path: str, action: str | None) -> None:
    assert action_of(method, API + path) == action


def test_a_key_that_is_not_for_it_is_told_what_it_takes() -> None:
    with pytest.raises(NotAllowed) as told:
        check_scope(person("predict", "read"), "POST", f"{API}/models/train")
    assert str(told.value) == (
        "key 0a1b2c is for predict, read, and this takes 'train' (trains, tunes and compares models, and "
        "cancels jobs); use another key"
    )


def test_a_key_that_is_for_it_and_people_themselves_may() -> None:
    check_scope(person("train"), "POST", f"{API}/models/train")
    check_scope(Person("ada"), "POST", f"{API}/keys")


@pytest.mark.parametrize(
    "path", ["/", "/history", "/keys", "/models/churn", "/apiary", "/metrics/x", "/a\nb"]
)
def test_pages_are_for_people(path: str) -> None:
    with pytest.raises(NotAllowed, match="a service key is for /api/ml and the gateway, and this is a page"):
        check_scope(person(*ACTIONS), "GET", path)
    check_scope(Person("ada"), "GET", path)


@pytest.mark.parametrize("path", ["/metrics", "/health", "/docs", "/docs/style.css", "/openapi.json"])
def test_what_machines_read_beside_the_api_is_open_to_keys(path: str) -> None:
    check_scope(person("read"), "GET", path)


def test_each_action_is_explained() -> None:
    assert tuple(OPENS) == ACTIONS
