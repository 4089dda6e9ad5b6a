"""The typed parser gives the rows that MLflow's own code gives, for any body that it takes."""

import json
from pathlib import Path
from typing import Any

import mlflow
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from serving.protocol.judge import Judge
from serving.protocol.media import media_of
from serving.protocol.typed import TypedParser
from tests.contract.scoring_protocol_bodies import NAMES, forms
from tests.contract.scoring_protocol_models import save_binary

# pandas warns of some odd bodies.
pytestmark = pytest.mark.filterwarnings(
    "ignore::UserWarning", "ignore::FutureWarning", "ignore::RuntimeWarning"
)

JSON = media_of(b"application/json")
numbers = st.one_of(
    st.none(), st.booleans(), st.integers(-(2**70), 2**70), st.floats(allow_nan=False, allow_infinity=False)
)
texts = st.one_of(st.none(), st.text(max_size=5), st.integers(0, 3))
rows = st.lists(st.tuples(numbers, numbers, texts).map(list), min_size=1, max_size=4)
form_names = st.sampled_from(sorted(forms([[1, 1, "a"]])))


@pytest.fixture(scope="module")
def judge(tmp_path_factory: pytest.TempPathFactory) -> Judge:
    folder: Path = tmp_path_factory.mktemp("short") / "model"
    save_binary(folder)
    return Judge(mlflow.models.Model.load(str(folder)))


@settings(max_examples=150)
@given(form=form_names, cells=rows)
def test_the_short_way_gives_the_rows_that_mlflow_gives(
    judge: Judge, form: str, cells: list[list[Any]]
) -> None:
    body = json.dumps(forms(cells)[form]).encode()
    short = TypedParser(judge.columns).parse(body)
    if short is None:
        return
    frame = judge.enforce(judge.parse(body, JSON), body, JSON)
    theirs = frame[NAMES].astype(object).where(frame[NAMES].notna(), None).to_numpy().tolist()
    assert [[*map(_number, row[:2]), row[2]] for row in short.rows] == theirs


def _number(value: Any) -> float | None:
    return None if value is None else float(value)
