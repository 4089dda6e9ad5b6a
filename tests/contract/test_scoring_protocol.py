"""The oracle is MLflow's own scoring server: the same status for every body, the same answer for a 200."""

import asyncio
import contextlib
import json
import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import mlflow
import mlflow.pyfunc.scoring_server
import pytest

from serving.protocol.errors import RequestError
from serving.protocol.media import media_of
from serving.scorers.load import load_scorer
from serving.scorers.scorer import Scored, Scorer
from tests.contract import scoring_protocol_models as models
from tests.contract.scoring_protocol_bodies import GOOD, JSON, RECORDS, Case, cases

# pandas warns of some odd bodies.
pytestmark = pytest.mark.filterwarnings(
    "ignore::UserWarning", "ignore::FutureWarning", "ignore::RuntimeWarning"
)

CASES = cases()
KINDS: dict[str, Callable[[Path], str | None]] = {
    "binary": models.save_binary,
    "multiclass": models.save_multiclass,
    "regression": models.save_regression,
}


@dataclass(frozen=True)
class Served:
    """One model three ways: by MLflow's own server, by its plan and by its pyfunc."""

    oracle: Any
    plan: Scorer
    pyfunc: Scorer
    heard: dict[Case, tuple[int, Any]] = field(default_factory=dict)


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Served]]:
    logging.disable(logging.WARNING)
    found = {}
    for kind, save in KINDS.items():
        folder = tmp_path_factory.mktemp("models") / kind
        sha256 = save(folder)
        app = mlflow.pyfunc.scoring_server.init(mlflow.pyfunc.load_model(str(folder)))
        plan, pyfunc = load_scorer(folder, plan_sha256=sha256), load_scorer(folder, plan_sha256=None)
        found[kind] = Served(app, plan, pyfunc)
    yield found
    logging.disable(logging.NOTSET)


def asked(scorer: Scorer, case: Case) -> tuple[int, Any]:
    body, media = case
    try:
        begun = scorer.begin(body, media_of(None if media is None else media.encode()))
        return 200, json.loads((begun if isinstance(begun, Scored) else begun()).body)
    except RequestError as error:
        return error.status, None


def oracle(served: Served, case: Case) -> tuple[int, Any]:
    if case not in served.heard:
        served.heard[case] = heard(served, case)
    return served.heard[case]


def heard(served: Served, case: Case) -> tuple[int, Any]:
    """What MLflow's application answers; it is called as a server would call it."""
    body, media = case
    headers = [] if media is None else [(b"content-type", media.encode())]
    scope = {
        "type": "http",
        "method": "POST",
        "path": "/invocations",
        "query_string": b"",
        "headers": headers,
    }
    sent: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": body}

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    with contextlib.suppress(Exception):  # a crash is raised again after its 500 was sent
        asyncio.run(served.oracle(scope, receive, send))
    status = sent[0]["status"]
    answer = b"".join(message.get("body", b"") for message in sent)
    return status, json.loads(answer) if status == 200 else None


def exact(answer: tuple[int, Any]) -> tuple[int, str]:
    """Kinds of numbers count, as do NaN; floats may differ by a plan's last bits."""
    status, body = answer
    return status, json.dumps(body, default=repr) if body is None else json.dumps(_rounded(body))


def _rounded(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _rounded(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_rounded(item) for item in value]
    return float(f"{value:.9g}") if isinstance(value, float) else value


@pytest.mark.parametrize("what", CASES)
def test_a_plan_answers_as_mlflow_does(served: dict[str, Served], what: str) -> None:
    assert exact(asked(served["binary"].plan, CASES[what])) == exact(oracle(served["binary"], CASES[what]))


@pytest.mark.parametrize("what", CASES)
def test_a_pyfunc_answers_as_mlflow_does(served: dict[str, Served], what: str) -> None:
    assert exact(asked(served["binary"].pyfunc, CASES[what])) == exact(oracle(served["binary"], CASES[what]))


@pytest.mark.parametrize("kind", ["multiclass", "regression"])
@pytest.mark.parametrize("what", [what for what in CASES if what.startswith(("split", "records:", "CSV"))])
def test_other_tasks_answer_as_mlflow_does(served: dict[str, Served], kind: str, what: str) -> None:
    assert exact(asked(served[kind].plan, CASES[what])) == exact(oracle(served[kind], CASES[what]))


# Where MLflow's server crashes with a 500, the client's fault is answered as such.
@pytest.mark.parametrize(
    ("case", "status"),
    [((GOOD, None), 415), ((b'{"inputs":' + b"[" * 100_000 + b"]" * 100_000 + b"}", JSON), 400)],
    ids=["no content type", "100,000 nested lists"],
)
def test_where_mlflow_crashes_the_fault_is_named(served: dict[str, Served], case: Case, status: int) -> None:
    assert oracle(served["binary"], case)[0] == 500
    assert asked(served["binary"].plan, case)[0] == asked(served["binary"].pyfunc, case)[0] == status


def probabilities(scorer: Scorer) -> Any:
    body = json.dumps({"dataframe_records": RECORDS, "params": {"probabilities": True}}).encode()
    return asked(scorer, (body, JSON))


def test_plan_and_pyfunc_answer_the_same_probabilities(served: dict[str, Served]) -> None:
    plan, pyfunc = probabilities(served["binary"].plan), probabilities(served["binary"].pyfunc)
    assert list(plan[1]) == list(pyfunc[1]) == ["predictions", "probabilities"]
    assert plan[1]["predictions"] == pyfunc[1]["predictions"]
    for ours, theirs in zip(plan[1]["probabilities"], pyfunc[1]["probabilities"], strict=True):
        assert ours == pytest.approx(theirs, abs=1e-6)


def test_a_regression_has_no_probabilities(served: dict[str, Served]) -> None:
    assert probabilities(served["regression"].plan)[0] == 400
    assert probabilities(served["regression"].pyfunc)[0] == 400


def test_most_good_bodies_need_no_thread(served: dict[str, Served]) -> None:
    quick = ["split: a good number", "records: null where required", "instances: an int for a double",
             "inputs as columns: an unseen text", "inputs as rows, alone: a text beyond ASCII"]  # fmt: skip
    for what in quick:
        assert isinstance(served["binary"].plan.begin(CASES[what][0], media_of(JSON.encode())), Scored), what
