"""One call for several requests gives each what its own call would have given."""

import json
import warnings
from functools import partial
from pathlib import Path
from typing import Any

import mlflow.pyfunc
import numpy as np
import pandas as pd
import pytest
from mlflow.models import ModelSignature
from mlflow.types.schema import ColSpec, ParamSchema, ParamSpec, Schema

from serving.prediction_log.record import encode_part
from serving.protocol.media import JSON, media_of
from serving.scorers.load import load_pyfunc
from serving.scorers.pyfunc_scorer import PyfuncScorer
from serving.scorers.scorer import Scored, Shareable, Table, Wants

COLUMNS = [
    ColSpec("double", "a", required=False),
    ColSpec("string", "b", required=False),
    ColSpec("boolean", "c"),
]
BODIES = [
    b'{"dataframe_records": [{"a": 1, "b": "x", "c": true}, {"a": null, "b": null, "c": false}]}',
    b'{"dataframe_split": {"columns": ["c", "b", "a"], "data": [[true, "\\u00e9", -0.5]]}}',
    b'{"instances": [{"a": 3, "b": "", "c": true}]}',
    b'{"inputs": {"a": [4, 5], "b": ["y", "z"], "c": [false, true]}}',
    b'{"dataframe_records": [{"a": 1, "b": "x", "c": true, "more": 1}], "params": {}}',
]
ROW = b'{"dataframe_records": [{"a": 1, "b": "x", "c": true}], "params": %b}'
ALONE = {
    "probabilities": ROW % b'{"probabilities": true}',
    "an explanation": ROW % b'{"explain": true}',
    "parameters of its own": ROW % b'{"top": 3}',
    "another kind of cell": b'{"dataframe_records": [{"a": "1", "b": "x", "c": true}]}',
    "a column that is missing": b'{"dataframe_records": [{"b": "x", "c": true}]}',
    "what is no JSON": b"{",
    "two ways at once": b'{"instances": [], "dataframe_records": []}',
    "more rows than a call takes": json.dumps(
        {"dataframe_records": [{"a": 1, "b": "x", "c": True}] * 9}
    ).encode(),
    "a long body": b'{"dataframe_records": [{"a": 1, "b": "%b", "c": true}]}' % (b"x" * 40_000),
}


with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # wants type hints

    class Told(mlflow.pyfunc.PythonModel):  # type: ignore[misc]
        """Answers what it was given in the shape that it is told to."""

        def __init__(self, shape: str) -> None:
            self.shape = shape

        def predict(self, context, model_input, params=None):
            return told(model_input, self.shape)


def told(frame: pd.DataFrame, shape: str) -> Any:
    kinds = [str(kind) for kind in frame.dtypes]
    said = [f"{kinds} {row}" for row in frame.astype(object).to_numpy().tolist()]
    shapes = {
        "array": np.array(said, dtype=object),
        "frame": pd.DataFrame({"told": said, "again": said}),
        "series": pd.Series(said),
        "list": said,
        "text": " ".join(said),
    }
    return shapes[shape]


def scorer(folder: Path, shape: str = "list", metadata: Any = None, columns: Any = None) -> PyfuncScorer:
    params = ParamSchema([ParamSpec("top", "long", 1)])
    inputs = Schema(COLUMNS if columns is None else columns)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # wants an example
        mlflow.pyfunc.save_model(
            folder,
            python_model=Told(shape),
            pip_requirements=["mlflow"],
            signature=ModelSignature(inputs, Schema([ColSpec("string")]), params),
            metadata={"penstock.batch_rows": 8} if metadata is None else metadata,
        )
    return load_pyfunc(folder, fallback="", reason="")


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> PyfuncScorer:
    return scorer(tmp_path_factory.mktemp("plain") / "model")


def logged(scored: Scored) -> tuple[Any, ...]:
    return (
        scored.body,
        scored.columns,
        encode_part(scored.rows),
        encode_part(scored.predictions),
        scored.probabilities,
    )


def shareable(made: PyfuncScorer, body: bytes) -> Shareable:
    job = made.begin(body, JSON)
    assert isinstance(job, Shareable)
    return job


@pytest.mark.parametrize("shape", ["list", "array", "frame", "series"])
def test_each_is_answered_and_logged_as_it_would_be_alone(tmp_path: Path, shape: str) -> None:
    made = scorer(tmp_path / "model", shape)
    jobs = [shareable(made, body) for body in BODIES]
    together = jobs[0].shared.answer([job.rows for job in jobs])
    plain_bodies = BODIES[:4]  # the last one's own log also holds what the signature does not know
    assert [logged(each) for each in together[:4]] == [logged(job()) for job in jobs[: len(plain_bodies)]]
    assert together[4].body == jobs[4]().body


@pytest.mark.parametrize("body", ALONE.values(), ids=ALONE)
def test_it_goes_alone_if_it_asks_for(plain: PyfuncScorer, body: bytes) -> None:
    assert isinstance(plain.begin(body, JSON), partial)


def test_a_body_that_is_no_json_goes_alone(plain: PyfuncScorer) -> None:
    assert isinstance(plain.begin(b"a,b,c\n1,x,true\n", media_of(b"text/csv")), partial)


def test_rows_of_another_protocol_join_unless_more_is_wanted(plain: PyfuncScorer) -> None:
    table = Table(("c", "b", "a"), [[True, "x", 2.5]])
    job = plain.begin_table(table, Wants())
    assert isinstance(job, Shareable)
    assert logged(job.shared.answer([job.rows, job.rows])[1]) == logged(job())
    assert isinstance(plain.begin_table(table, Wants(probabilities=True)), partial)


@pytest.mark.parametrize("metadata", [{}, {"penstock.batch_rows": 1}, {"penstock.batch_rows": "many"}])
def test_a_version_that_does_not_ask_for_it_answers_alone(tmp_path: Path, metadata: Any) -> None:
    made = scorer(tmp_path / "model", metadata=metadata)
    assert isinstance(made.begin(BODIES[0], JSON), partial)


def test_a_version_with_columns_that_are_not_plain_answers_alone(tmp_path: Path) -> None:
    made = scorer(tmp_path / "model", columns=[ColSpec("long", "a")])
    assert isinstance(made.begin(b'{"dataframe_records": [{"a": 1}]}', JSON), partial)


def test_an_answer_without_a_part_a_row_ends_company(tmp_path: Path) -> None:
    made = scorer(tmp_path / "model", "text")
    job = shareable(made, BODIES[0])
    with pytest.raises(Exception, match="for 4 rows it answered a str of another length"):
        job.shared.answer([job.rows, job.rows])
    assert isinstance(made.begin(BODIES[0], JSON), partial)


def test_a_version_that_allows_it_answers_a_row_of_gaps_before_anybody_asks(
    plain: PyfuncScorer, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level("INFO"):
        plain.warm_up()
    assert caplog.messages == []


def test_a_row_of_gaps_that_makes_the_model_fail_is_no_fault(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    made = scorer(tmp_path / "model", "none of them")
    with caplog.at_level("INFO"):
        made.warm_up()
    assert "a row of gaps could not be answered" in caplog.messages
