"""READ knows of a model, USE has it predict."""

from types import SimpleNamespace
from typing import Any

import pytest

from penstock.calling.route_book import Listed
from penstock.calling.ways import find_way
from penstock.people.person import Level, Person
from penstock.problems import NotAllowed, NotFound
from serving.routing.route import straight

BEN = Person("ben")


def desk(level: Level) -> Any:
    held = SimpleNamespace(name="churn", tags={})
    return SimpleNamespace(
        gateway_key=SimpleNamespace(headers=dict),
        rights=SimpleNamespace(level=lambda *_: level),
        versions=SimpleNamespace(find=lambda _: held),
        routes=SimpleNamespace(find=lambda name: Listed(name, "churn", None, straight("churn"))),
    )


@pytest.mark.parametrize("is_route", [True, False])
@pytest.mark.parametrize(("level", "problem"), [(Level.NONE, NotFound), (Level.READ, NotAllowed)])
def test_who_may_not_use_it_finds_no_way(level: Level, problem: type[Exception], is_route: bool) -> None:
    with pytest.raises(problem):
        find_way(desk(level), BEN, "churn", is_route=is_route)


@pytest.mark.parametrize("is_route", [True, False])
def test_a_way_tells_what_it_is_about(is_route: bool) -> None:
    assert find_way(desk(Level.USE), BEN, "churn", is_route=is_route).named == {"churn"}
