"""V2 on the hot path: short bodies are answered at once, long ones elsewhere, all alike."""

import asyncio
import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest

from serving.protocol.dialect import Asked
from serving.protocol.errors import RequestError
from serving.protocol.v2.dialect import SMALL_BYTES, V2
from serving.scorers.load import load_scorer
from serving.scorers.scorer import Remote, Scored, Scorer
from tests.contract.scoring_protocol_models import save_binary
from tests.unit.serving.v2.v2_fixtures import as_json

COUNT = 3000
PERSON = [("age", "FP64", [1], [40.5]), ("income", "FP64", [1], [5.0]), ("city", "BYTES", [1], ["oslo"])]
PEOPLE = [(name, datatype, [COUNT], values * COUNT) for name, datatype, _, values in PERSON]


@pytest.fixture(scope="module")
def scorers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Scorer]]:
    logging.disable(logging.WARNING)
    folder = tmp_path_factory.mktemp("dialect") / "model"
    sha256 = save_binary(folder)
    yield {
        "plan": load_scorer(folder, plan_sha256=sha256),
        "pyfunc": load_scorer(folder, plan_sha256=None),
    }
    logging.disable(logging.NOTSET)


def answered(begun: Any) -> Scored:
    if isinstance(begun, Remote):
        return asyncio.run(begun.answer(30.0))
    return begun if isinstance(begun, Scored) else begun()


def begin(scorer: Scorer, tensors: Any, **more: Any) -> Any:
    return V2("m").begin(scorer, Asked(as_json(tensors, **more), {}), "3")


def test_one_row_over_a_plan_is_answered_at_once(scorers: dict[str, Scorer]) -> None:
    scored = begin(scorers["plan"], PERSON)
    assert isinstance(scored, Scored)
    assert (scored.columns, scored.rows) == (("age", "income", "city"), [[40.5, 5.0, "oslo"]])


@pytest.mark.parametrize("kind", ["plan", "pyfunc"])
def test_a_long_body_is_answered_elsewhere_and_alike(scorers: dict[str, Scorer], kind: str) -> None:
    assert len(as_json(PEOPLE)) > SMALL_BYTES
    begun = begin(scorers[kind], PEOPLE)
    assert not isinstance(begun, Scored)
    scored = answered(begun)
    [one] = json.loads(answered(begin(scorers[kind], PERSON)).body)["outputs"][0]["data"]
    assert (scored.count, json.loads(scored.body)["outputs"][0]["data"]) == (COUNT, [one] * COUNT)


@pytest.mark.parametrize("kind", ["plan", "pyfunc"])
def test_probabilities_come_when_asked_for(scorers: dict[str, Scorer], kind: str) -> None:
    scored = answered(begin(scorers[kind], PERSON, outputs=[{"name": "probabilities"}]))
    [output] = json.loads(scored.body)["outputs"]
    assert (output["name"], output["shape"], sum(output["data"])) == (
        "probabilities",
        [1, 2],
        pytest.approx(1),
    )


def test_infinity_is_refused_by_its_column(scorers: dict[str, Scorer]) -> None:
    with pytest.raises(RequestError, match="column 'age' must be a finite number"):
        begin(scorers["plan"], [("age", "FP64", [1], [float("inf")]), *PERSON[1:]])


def test_a_refusal_has_v2s_form() -> None:
    assert V2("m").refusal(RequestError(400, "no")) == b'{"error":"no"}'
