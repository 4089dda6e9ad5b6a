"""The door of feedback: whose predictions a caller may judge, without a network."""

import asyncio
from collections.abc import Collection
from pathlib import Path
from typing import Any

import orjson
import pytest

from serving.prediction_log.bucket import BucketError
from serving.prediction_log.group_commit import GroupCommit
from serving.prediction_log.record import new_prediction_id
from serving.prediction_log.segment import SegmentWriter
from serving.web.admission import Admission
from serving.web.asgi import Exchange
from serving.web.feedback import NOT_YOURS, FeedbackDoor
from serving.web.guards import Guards

MINE, THEIRS = new_prediction_id(), new_prediction_id()


class Gate:
    """Lets everybody in, who may judge predictions of some models."""

    problem = None

    def __init__(self, judged: frozenset[str] | None) -> None:
        self._judged = judged

    async def admit(self, headers: Any, action: Any, name: Any, table: Any, address: str = "") -> None:
        assert (action, name, address) == ("feedback", None, "192.0.2.1")

    def judged(self, headers: Any, table: Any) -> frozenset[str] | None:
        return self._judged

    def visible(self, headers: Any, table: Any) -> Any:
        return table

    def drain(self) -> dict[str, int]:
        return {}


def known(ids: Collection[str], models: Collection[str]) -> set[str]:
    if "broken" in models:
        raise BucketError("the bucket is gone")
    return {MINE} & set(ids) if "churn" in models else set()


def tell(folder: Path, judged: frozenset[str] | None, *outcomes: dict[str, Any]) -> tuple[int, Any]:
    sent: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": orjson.dumps(outcomes)}

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    async def answer() -> None:
        commit = GroupCommit(SegmentWriter(folder, max_bytes=1 << 20, max_age_s=300.0))
        guards = Guards(gate=Gate(judged))
        door = FeedbackDoor(commit, Admission(4), guards, known, body_bytes=1 << 20, time_s=5.0)
        scope: dict[str, Any] = {"headers": [], "client": ("192.0.2.1", 5)}
        await door.answer({}, Exchange(scope, receive, send), lambda _: None)

    asyncio.run(answer())
    return sent[0]["status"], orjson.loads(sent[1]["body"])


def label(prediction_id: str) -> dict[str, Any]:
    return {"prediction_id": prediction_id, "label": 1}


def test_predictions_of_other_peoples_models_are_refused_one_by_one(tmp_path: Path) -> None:
    bad = {"prediction_id": MINE}
    status, answer = tell(tmp_path, frozenset({"churn"}), label(THEIRS), bad, label(MINE))
    assert (status, answer["accepted"]) == (200, 1)
    assert [(each["index"], each["message"] == NOT_YOURS) for each in answer["rejected"]] == [
        (0, True),
        (1, False),
    ]


def test_who_may_use_no_model_judges_nothing(tmp_path: Path) -> None:
    status, answer = tell(tmp_path, frozenset(), label(MINE))
    assert (status, answer["message"]) == (400, f"none was taken: {NOT_YOURS}")


def test_who_may_judge_all_is_taken_at_his_word(tmp_path: Path) -> None:
    assert tell(tmp_path, None, label(MINE), label(THEIRS)) == (200, {"accepted": 2, "rejected": []})


@pytest.mark.parametrize("models", [frozenset({"broken"})])
def test_a_log_that_cannot_be_read_is_503(tmp_path: Path, models: frozenset[str]) -> None:
    assert tell(tmp_path, models, label(MINE))[0] == 503
