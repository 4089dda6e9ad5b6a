"""`"params": {"explain": true}` adds explanations beside the predictions, in both protocols."""

import csv
import io
import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest

from serving.protocol.dialect import MLFLOW, Asked
from serving.protocol.errors import RequestError
from serving.protocol.v2.dialect import V2
from serving.scorers.load import load_scorer
from serving.scorers.scorer import Scored, Scorer
from tests.contract.scoring_protocol_models import save_binary
from tests.unit.serving.v2.v2_fixtures import as_json

NAMES = ["age", "income", "city"]
ROWS = [[40.5, 5.0, "oslo"], [None, 70.0, None], [19.0, None, "nowhere"]]
TENSORS = [("age", "FP64", [1], [40.5]), ("income", "FP64", [1], [5.0]), ("city", "BYTES", [1], ["oslo"])]


@pytest.fixture(scope="module")
def scorers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Scorer]]:
    logging.disable(logging.WARNING)
    folder = tmp_path_factory.mktemp("explained") / "model"
    sha256 = save_binary(folder)
    yield {
        "plan": load_scorer(folder, plan_sha256=sha256),
        "pyfunc": load_scorer(folder, plan_sha256=None),
    }
    logging.disable(logging.NOTSET)


def whole(begun: Any) -> Scored:
    return begun if isinstance(begun, Scored) else begun()


def ask(scorer: Scorer, params: Any, rows: Any = ROWS) -> Scored:
    body = {"dataframe_split": {"columns": NAMES, "data": rows}} | ({"params": params} if params else {})
    asked = Asked(json.dumps(body).encode(), {b"content-type": b"application/json"})
    return whole(MLFLOW.begin(scorer, asked, "1"))


def test_explanations_stand_beside_the_predictions_as_they_are(scorers: dict[str, Scorer]) -> None:
    plain = json.loads(ask(scorers["plan"], None).body)
    found = json.loads(ask(scorers["plan"], {"explain": True}).body)
    assert set(found) == {"predictions", "explanations"}
    assert found["predictions"] == plain["predictions"]
    assert len(found["explanations"]) == len(ROWS)
    assert set(found["explanations"][0]) == {"class", "base", "contributions", "unit"}


def test_explanations_add_up_to_the_probabilities_beside_them(scorers: dict[str, Scorer]) -> None:
    found = json.loads(ask(scorers["plan"], {"probabilities": True, "explain": True}).body)
    lists = (found["predictions"], found["probabilities"], found["explanations"])
    for label, shares, entry in zip(*lists, strict=True):
        assert entry["class"] == label
        assert list(entry["contributions"]) == NAMES
        assert entry["base"] + sum(entry["contributions"].values()) == pytest.approx(max(shares), abs=1e-9)


@pytest.mark.parametrize("params", [None, {}, {"explain": False}, {"probabilities": False}])
def test_who_does_not_ask_gets_none(scorers: dict[str, Scorer], params: Any) -> None:
    assert set(json.loads(ask(scorers["plan"], params).body)) == {"predictions"}


def test_an_explained_request_is_left_to_a_thread(scorers: dict[str, Scorer]) -> None:
    body = {"dataframe_split": {"columns": NAMES, "data": ROWS[:1]}, "params": {"explain": True}}
    asked = Asked(json.dumps(body).encode(), {b"content-type": b"application/json"})
    assert not isinstance(MLFLOW.begin(scorers["plan"], asked, "1"), Scored)


def test_bodies_that_mlflow_must_judge_are_explained_too(scorers: dict[str, Scorer]) -> None:
    found = json.loads(ask(scorers["plan"], {"explain": True, "other": 1}).body)
    assert found["explanations"] == json.loads(ask(scorers["plan"], {"explain": True}).body)["explanations"]


def test_the_log_keeps_no_explanations(scorers: dict[str, Scorer]) -> None:
    plain, found = ask(scorers["plan"], None), ask(scorers["plan"], {"explain": True})
    assert (found.columns, found.rows) == (plain.columns, plain.rows)
    assert (found.predictions, found.probabilities) == (plain.predictions, plain.probabilities)


def test_a_versions_own_code_cannot_be_explained(scorers: dict[str, Scorer]) -> None:
    with pytest.raises(
        RequestError, match=r"^this version cannot be explained: its own code answers"
    ) as error:
        ask(scorers["pyfunc"], {"explain": True})
    assert error.value.status == 400


def test_too_many_rows_are_refused_by_a_sentence(scorers: dict[str, Scorer]) -> None:
    with pytest.raises(
        RequestError, match="at most 1000 rows can be explained in one request, this one has 1001"
    ):
        ask(scorers["plan"], {"explain": True}, ROWS[:1] * 1001)


def test_csv_is_not_explained_and_answered_as_ever(scorers: dict[str, Scorer]) -> None:
    text = io.StringIO()
    csv.writer(text).writerows([NAMES, ROWS[0]])
    asked = Asked(text.getvalue().encode(), {b"content-type": b"text/csv"})
    assert set(json.loads(whole(MLFLOW.begin(scorers["plan"], asked, "1")).body)) == {"predictions"}


def test_v2_answers_them_as_texts_of_json(scorers: dict[str, Scorer]) -> None:
    asked = Asked(as_json(TENSORS, parameters={"explain": True}), {})
    found = json.loads(whole(V2("m").begin(scorers["plan"], asked, "1")).body)["outputs"]
    plain = json.loads(whole(V2("m").begin(scorers["plan"], Asked(as_json(TENSORS), {}), "1")).body)[
        "outputs"
    ]
    assert found[:-1] == plain
    assert {key: found[-1][key] for key in ("name", "datatype", "shape")} == {
        "name": "explanations",
        "datatype": "BYTES",
        "shape": [1],
    }
    wanted = json.loads(ask(scorers["plan"], {"explain": True}, ROWS[:1]).body)["explanations"]
    assert json.loads(found[-1]["data"][0]) == wanted[0]


def test_v2_refuses_what_cannot_be_explained(scorers: dict[str, Scorer]) -> None:
    asked = Asked(as_json(TENSORS, parameters={"explain": True}), {})
    with pytest.raises(RequestError, match="its own code answers"):
        whole(V2("m").begin(scorers["pyfunc"], asked, "1"))
