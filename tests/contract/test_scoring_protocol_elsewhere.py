"""What runs in another process answers as MLflow does, byte for byte as it does in this one."""

import asyncio
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import mlflow
import orjson
import pandas as pd
import pytest
from mlflow.models import infer_signature
from sklearn.linear_model import LogisticRegression

from serving.hosting.hosting import Hosting
from serving.hosting.spec import HostLimits
from serving.protocol.errors import RequestError
from serving.protocol.media import JSON, media_of
from serving.registry.snapshot import Held
from serving.scorers.load import load_scorer
from serving.scorers.loader import Loader
from serving.scorers.scorer import Remote, Scored, Scorer, Table, Wants, opened
from tests.contract import scoring_protocol_models as models
from tests.contract.scoring_protocol_bodies import RECORDS, Case, cases

# pandas warns of some odd bodies.
pytestmark = pytest.mark.filterwarnings(
    "ignore::UserWarning", "ignore::FutureWarning", "ignore::RuntimeWarning"
)

CASES = cases()
PROBABILITIES = json.dumps({"dataframe_records": RECORDS, "params": {"probabilities": True}}).encode()


@dataclass(frozen=True)
class Both:
    """The same pyfunc in this process and in its own."""

    here: Scorer
    there: Any
    runner: asyncio.Runner

    def asked(self, scorer: Scorer, case: Case) -> tuple[int, bytes, str]:
        body, media = case
        try:
            begun = scorer.begin(body, media_of(None if media is None else media.encode()))
            return 200, self.finished(begun).body, ""
        except RequestError as error:
            # MLflow writes sets into its sentences, whose order is another in each process.
            return error.status, bytes(sorted(error.body())), error.reason

    def finished(self, begun: Any) -> Scored:
        if isinstance(begun, Remote):
            return self.runner.run(begun.answer(30.0))
        return begun if isinstance(begun, Scored) else begun()

    def close(self) -> None:
        self.there.close()
        self.runner.run(asyncio.sleep(0))


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Both]:
    root = tmp_path_factory.mktemp("elsewhere")
    models.save_binary(root / "models" / "people" / "1-a")
    with asyncio.Runner() as runner:
        both = loaded(root, "people", runner)
        yield both
        both.close()


def loaded(root: Path, name: str, runner: asyncio.Runner) -> Both:
    held = Held(name, "1", f"models/{name}/1-a", None)
    loader = Loader(root, Hosting(root, HostLimits(time_s=30.0)))
    return Both(load_scorer(root / held.folder, plan_sha256=None), loader.load(held), runner)


QUICK = ("split", "CSV", "Parquet", "params", "inputs")


@pytest.mark.parametrize(
    "what",
    [what if what.startswith(QUICK) else pytest.param(what, marks=pytest.mark.slow) for what in CASES],
)
def test_every_body_is_answered_alike(both: Both, what: str) -> None:
    assert both.asked(both.there, CASES[what]) == both.asked(both.here, CASES[what])


def test_the_log_gets_the_same_rows(both: Both) -> None:
    here, there = (both.finished(scorer.begin(PROBABILITIES, JSON)) for scorer in (both.here, both.there))
    assert (there.columns, there.count) == (here.columns, len(here.rows))
    for part in ("rows", "predictions", "probabilities"):
        assert opened(getattr(there, part)) == orjson.loads(orjson.dumps(getattr(here, part)))


def test_rows_that_another_protocol_has_read_are_answered_alike(both: Both) -> None:
    table = Table(("age", "income", "city"), [[40.5, None, "oslo"], [30, 2.5, "rome"]])
    wants = Wants(probabilities=True)
    here, there = (both.finished(scorer.begin_table(table, wants)) for scorer in (both.here, both.there))
    assert opened(there.predictions) == here.predictions
    assert opened(there.probabilities) == here.probabilities


FRAME = pd.DataFrame({"a": [0.5, 1.5, -1.0, 2.0], "b": [1.0, 0.0, 3.0, -2.0]})
LABELS = [0, 1, 0, 1]
BODY = b'{"dataframe_split": {"columns": ["a", "b"], "data": [[0.5, 1.0], [-2.0, 1.5]]}}'


def save_lightgbm(folder: Path) -> None:
    import lightgbm

    data = lightgbm.Dataset(FRAME, LABELS, params={"verbose": -1})
    booster = lightgbm.train({"objective": "binary", "verbose": -1, "min_data_in_leaf": 1}, data, 3)
    mlflow.lightgbm.save_model(booster, folder, signature=infer_signature(FRAME, [0.5]))


def save_xgboost(folder: Path) -> None:
    import xgboost

    booster = xgboost.train({"objective": "binary:logistic"}, xgboost.DMatrix(FRAME, LABELS), 3)
    mlflow.xgboost.save_model(booster, folder, signature=infer_signature(FRAME, [0.5]))


def save_sklearn_without_signature(folder: Path) -> None:
    model = LogisticRegression().fit(FRAME, LABELS)
    mlflow.sklearn.save_model(model, folder, serialization_format="cloudpickle")


def returning(value: str) -> Any:
    """Saves a function that returns what the expression says of its input."""

    def save(folder: Path) -> None:
        source = f"lambda model_input: {value}"
        mlflow.pyfunc.save_model(folder, python_model=eval(source), pip_requirements=["mlflow"])

    return save


MAKERS = {
    "lightgbm": save_lightgbm,
    "xgboost": save_xgboost,
    "scikit-learn without a signature": save_sklearn_without_signature,
    "a frame": returning("model_input.assign(c=model_input.a > 0)"),
    "an array": returning("model_input.to_numpy()"),
    "a series": returning("model_input.a"),
    "an object": returning("{'mean': float(model_input.a.mean()), 'names': list(model_input)}"),
    "a text": returning("'all well'"),
    "a number that is none": returning("[float('nan')] * len(model_input)"),
    "lists of different lengths": returning("[[1], [1, 2]]"),
    "nothing": returning("None"),
}


@pytest.mark.parametrize("what", MAKERS)
def test_whatever_a_model_is_or_returns_is_answered_alike(what: str, tmp_path: Path) -> None:
    MAKERS[what](tmp_path / "models" / "m" / "1-a")
    with asyncio.Runner() as runner:
        both = loaded(tmp_path, "m", runner)
        here, there = (both.asked(scorer, (BODY, "application/json")) for scorer in (both.here, both.there))
        both.close()
    assert there == here
    assert there[0] == 200
