"""What a service key may is its owner's right, cut down to what the key is for."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from penstock.people.mlflow_rights import MlflowRights
from penstock.people.person import Level, Person
from penstock.problems import Away
from serving.callers.asking import UsersAway
from serving.callers.grants import Grants
from serving.keys.key import Key

PROJECTS = {("experiment", "1"): "ada/shop", ("registered_model", "churn"): "ada/shop"}


class Book:
    """ada manages all, ben may use experiment 1."""

    def __init__(self) -> None:
        self.is_away = False

    def of(self, user: str) -> Grants | None:
        if self.is_away:
            raise UsersAway("gone")
        if user == "ada":
            return Grants("ada", is_admin=True, floor={}, given={}, denied=frozenset())
        given = {("experiment", "1"): 2}
        return Grants("ben", False, {}, given, frozenset()) if user == "ben" else None


def rights(book: Book | None = None) -> MlflowRights:
    told: Any = book or Book()
    accounts: Any = None
    return MlflowRights(told, accounts, lambda kind, name: PROJECTS.get((kind, name), ""))


def key(**values: Any) -> Person:
    made = {"models": ("*",), "actions": ("manage",), "project": ""} | values
    held = Key("k", b"", "n", "ada", rate_per_s=None, burst=None, made_at=datetime.now(UTC), **made)
    return Person("ada", key=held)


@pytest.mark.parametrize(("user", "level"), [("ada", Level.MANAGE), ("ben", Level.USE), ("eve", Level.NONE)])
def test_people_have_what_mlflow_says(user: str, level: Level) -> None:
    assert rights().level(Person(user), "experiment", "1") == level


@pytest.mark.parametrize(
    ("actions", "level"),
    [
        (("read",), Level.READ),
        (("predict", "read"), Level.USE),
        (("data",), Level.EDIT),
        (("deploy",), Level.MANAGE),
    ],
)
def test_a_key_reaches_as_far_as_its_actions(actions: tuple[str, ...], level: Level) -> None:
    assert rights().level(key(actions=actions), "experiment", "1") == level


@pytest.mark.parametrize(
    ("actions", "acting", "level"),
    [
        (("data", "deploy"), "data", Level.EDIT),
        (("read", "deploy"), "read", Level.READ),
        (("data", "deploy"), "deploy", Level.MANAGE),
        (("data", "manage"), "data", Level.MANAGE),
    ],
)
def test_a_call_reaches_as_far_as_its_own_action(actions: Any, acting: str, level: Level) -> None:
    caller = replace(key(actions=actions), acting=acting)
    assert rights().level(caller, "experiment", "1") == level


def test_a_key_never_reaches_further_than_its_owner() -> None:
    bens = Person("ben", key=key().key)
    assert rights().level(bens, "experiment", "1") == Level.USE
    assert rights().level(bens, "registered_model", "churn") == Level.NONE


@pytest.mark.parametrize(("model", "level"), [("churn", Level.MANAGE), ("fraud", Level.NONE)])
def test_a_key_for_some_models_knows_no_others(model: str, level: Level) -> None:
    assert rights().level(key(models=("chu*",)), "registered_model", model) == level


@pytest.mark.parametrize("project", ["ada/shop", "shop"])
def test_a_key_for_a_project_knows_no_other(project: str) -> None:
    person = key(project=project)
    found = [
        rights().level(person, "experiment", "1"),
        rights().level(person, "registered_model", "churn"),
        rights().level(person, "experiment", "2"),
        rights().level(person, "registered_model", "fraud"),
    ]
    assert found == [Level.MANAGE, Level.MANAGE, Level.NONE, Level.NONE]


def test_with_mlflow_away_it_is_said_when_to_come_again() -> None:
    book = Book()
    book.is_away = True
    with pytest.raises(Away, match="MLflow does not answer who may do what") as told:
        rights(book).level(Person("ada"), "experiment", "1")
    assert told.value.retry_s


def test_an_administrator_at_the_machine_manages_all_without_an_account_of_mlflow() -> None:
    assert rights().level(Person("root", is_admin=True), "experiment", "1") == Level.MANAGE
    assert rights().level(Person("root"), "experiment", "1") == Level.NONE
