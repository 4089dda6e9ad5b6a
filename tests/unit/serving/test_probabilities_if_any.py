"""`"params": {"probabilities": "if_any"}`: who has some tells them, who has none predicts."""

import json
import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import mlflow.sklearn
import pandas as pd
import pytest
from mlflow.models import ModelSignature
from mlflow.types.schema import ColSpec, ParamSchema, ParamSpec, Schema
from sklearn.linear_model import LinearRegression

from serving.protocol.media import JSON
from serving.scorers.load import load_pyfunc, load_scorer
from serving.scorers.scorer import Scored, Scorer
from tests.contract.scoring_protocol_models import save_binary, save_regression

ROWS = [{"age": 40.5, "income": 5.0, "city": "oslo"}]


@pytest.fixture(scope="module", params=["plan", "pyfunc"])
def classifier(request: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scorer]:
    logging.disable(logging.WARNING)
    folder = tmp_path_factory.mktemp("some") / "model"
    sha256 = save_binary(folder)
    yield load_scorer(folder, plan_sha256=sha256 if request.param == "plan" else None)
    logging.disable(logging.NOTSET)


def regressor(folder: Path, own: ParamSchema | None = None) -> Scorer:
    """A pyfunc that has no probabilities."""
    fitted = LinearRegression().fit(pd.DataFrame({"a": [1.0, 2.0]}), [1.0, 2.0])
    inputs, outputs = Schema([ColSpec("double", "a")]), Schema([ColSpec("double")])
    signature = ModelSignature(inputs, outputs, own)
    mlflow.sklearn.save_model(fitted, str(folder), signature=signature, pip_requirements=["scikit-learn"])
    return load_pyfunc(folder, fallback="", reason="")


def answer(scorer: Scorer, rows: Any, probabilities: object) -> Any:
    body = json.dumps({"dataframe_records": rows, "params": {"probabilities": probabilities}}).encode()
    begun = scorer.begin(body, JSON)
    return json.loads((begun if isinstance(begun, Scored) else begun()).body)


def test_whoever_has_some_tells_them(classifier: Scorer) -> None:
    assert answer(classifier, ROWS, "if_any") == answer(classifier, ROWS, True)


def test_a_plan_without_them_predicts(tmp_path: Path) -> None:
    scorer = load_scorer(tmp_path / "model", plan_sha256=save_regression(tmp_path / "model"))
    assert set(answer(scorer, ROWS, "if_any")) == {"predictions"}


def test_a_pyfunc_without_them_predicts(tmp_path: Path) -> None:
    assert set(answer(regressor(tmp_path / "model"), [{"a": 1.0}], "if_any")) == {"predictions"}


def test_it_is_not_passed_on_as_a_models_own_parameter(tmp_path: Path) -> None:
    own = ParamSchema([ParamSpec("probabilities", "boolean", default=False)])
    assert set(answer(regressor(tmp_path / "model", own), [{"a": 1.0}], "if_any")) == {"predictions"}
