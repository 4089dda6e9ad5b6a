"""Whoever may use a prediction's model says what became of it, right after it as well as later."""

import asyncio
import time
from types import SimpleNamespace
from typing import Any

import orjson
import pytest

from penstock.calling.answered import Answered
from penstock.people.person import Level, Person
from penstock.problems import BadRequest
from penstock.services.feedback import feedback
from serving.prediction_log.record import encode, new_prediction_id
from serving.prediction_log.segment import SegmentWriter
from tests.unit.prediction_log.prediction_log_fixtures import make_record

ADA, BEN, EVE, ROOT = Person("ada"), Person("ben"), Person("eve"), Person("root", is_admin=True)
LEVELS = {"ada": Level.MANAGE, "ben": Level.READ}


class Gateway:
    """Takes all but what is called bad."""

    def __init__(self) -> None:
        self.sent: list[str] = []

    async def exchange(self, path: bytes, body: bytes, headers: Any) -> Any:
        ids = [each["prediction_id"] for each in orjson.loads(body)]
        bad = [
            {"index": at, "prediction_id": each, "message": "bad"}
            for at, each in enumerate(ids)
            if "bad" in each
        ]
        self.sent += ids
        told = {"accepted": len(ids) - len(bad), "rejected": bad}
        return SimpleNamespace(status=200, headers={}, body=orjson.dumps(told))


@pytest.fixture
def desk(tmp_path: Any) -> Any:
    level = lambda person, kind, name: LEVELS.get(person.name, Level.NONE) if name == "churn" else Level.NONE  # noqa: E731
    return SimpleNamespace(
        settings=SimpleNamespace(auth="mlflow", prediction_log_dir=tmp_path, log_s3_uri=""),
        gateway=Gateway(),
        gateway_key=SimpleNamespace(headers=dict),
        rights=SimpleNamespace(level=level),
        switchboard=SimpleNamespace(answered=Answered()),
        versions=SimpleNamespace(listed=lambda: [SimpleNamespace(name=name) for name in ("churn", "fraud")]),
    )


def logged(desk: Any, model: str) -> str:
    made = new_prediction_id()
    writer = SegmentWriter(
        desk.settings.prediction_log_dir, max_bytes=1 << 20, max_age_s=300.0, clock=time.time
    )
    writer.append(encode(make_record(prediction_id=made, ts_s=time.time(), model=model)))
    writer.close()
    return made


def told(desk: Any, person: Person, *ids: str) -> Any:
    return asyncio.run(feedback(desk, person, [{"prediction_id": each, "label": 1} for each in ids]))


def test_what_the_log_has_of_ones_own_model_is_taken(desk: Any) -> None:
    mine = logged(desk, "churn")
    assert told(desk, ADA, mine).accepted == 1
    assert desk.gateway.sent == [mine]


def test_right_after_a_prediction_its_outcome_is_taken(desk: Any) -> None:
    made = new_prediction_id()
    desk.switchboard.answered.note(made, frozenset({"churn"}))
    assert told(desk, ADA, made, f"{made}-0", f"{made}-17").accepted == 3
    with pytest.raises(BadRequest, match="none was taken: there is no such prediction on the log, or its"):
        told(desk, BEN, made)


@pytest.mark.parametrize("person", [BEN, EVE])
def test_who_may_not_use_the_model_judges_nothing_of_it(desk: Any, person: Person) -> None:
    with pytest.raises(BadRequest, match="its model is not yours to use"):
        told(desk, person, logged(desk, "churn"))
    assert desk.gateway.sent == []


def test_of_a_list_ones_own_are_taken_and_the_others_named_by_their_places(desk: Any) -> None:
    theirs, mine, unknown = logged(desk, "fraud"), logged(desk, "churn"), new_prediction_id()
    found = told(desk, ADA, theirs, mine, unknown, "nonsense")
    assert desk.gateway.sent == [mine]
    assert (found.accepted, [each["index"] for each in found.rejected]) == (1, [0, 2, 3])


def test_the_gateways_refusals_keep_their_places(desk: Any) -> None:
    bad, mine, theirs = f"bad{new_prediction_id()}", logged(desk, "churn"), logged(desk, "fraud")
    desk.switchboard.answered.note(bad, frozenset({"churn"}))
    found = told(desk, ADA, theirs, mine, bad)
    assert [(each["index"], each["message"][:3]) for each in found.rejected] == [(0, "the"), (2, "bad")]


def test_an_administrator_is_taken_at_their_word(desk: Any) -> None:
    assert told(desk, ROOT, new_prediction_id()).accepted == 1


def test_where_nobody_signs_in_all_is_taken(desk: Any) -> None:
    desk.settings.auth = "off"
    assert told(desk, EVE, new_prediction_id()).accepted == 1
