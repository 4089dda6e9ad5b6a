"""The labelled rows of a model on the prediction log."""

import json
import time
from types import SimpleNamespace

import pandas as pd
import pytest

from projects.errors import BadInput
from projects.retraining.arrivals import TIME
from projects.retraining.logged import hidden_columns, write_logged
from serving.prediction_log import layout, outcomes
from serving.prediction_log.outcomes import Outcome
from serving.prediction_log.record import Record, encode, new_prediction_id
from serving.prediction_log.segment import SegmentWriter
from serving.settings import Settings

START_S = 1.7e9


@pytest.fixture
def settings(tmp_path):
    """Six predictions of a model, a minute apart; the first four have outcomes."""
    settings = Settings(var_dir=tmp_path)
    folder = settings.prediction_log_dir
    ids = [new_prediction_id() for _ in range(6)]
    writer = SegmentWriter(folder, max_bytes=1 << 20, max_age_s=60.0, clock=time.time)
    for at, name in enumerate(ids):
        names, row = ("size", "city", "phone"), [at + 0.5, "Oslo", "hashed"]
        record = Record(
            name, START_S + 60 * at, "m", "1", "champion", False, None, None, names, [row], ["no"], None, 9
        )
        writer.append(encode(record))
    writer.close()
    said = SegmentWriter(layout.outcomes_dir(folder), max_bytes=1 << 20, max_age_s=60.0)
    for name in ids[:4]:
        said.append(outcomes.encode(Outcome(name, json.dumps("yes"), None, START_S, START_S)))
    said.close()
    return settings


def written(settings, tmp_path, **more):
    asked = {"since_s": None, "hidden": ()} | more
    write_logged(settings, "m", "kept", path=tmp_path / "rows.parquet", **asked)
    return pd.read_parquet(tmp_path / "rows.parquet")


def test_labelled_rows_are_written_as_they_came(settings, tmp_path):
    frame = written(settings, tmp_path)
    assert frame["size"].tolist() == [0.5, 1.5, 2.5, 3.5]
    assert frame["kept"].tolist() == ["yes"] * 4
    assert frame[TIME].iloc[0].timestamp() == START_S


def test_hidden_columns_are_left_out(settings, tmp_path):
    assert "phone" not in written(settings, tmp_path, hidden={"phone"}).columns


def test_earlier_predictions_are_left_out(settings, tmp_path):
    assert written(settings, tmp_path, since_s=START_S + 100)["size"].tolist() == [2.5, 3.5]


def test_predictions_without_outcomes_are_refused(settings, tmp_path):
    with pytest.raises(BadInput, match="none of the 2 predictions of 'm' on the log"):
        written(settings, tmp_path, since_s=START_S + 200)


@pytest.mark.parametrize(("policy", "hidden"), [
    ({"log": {"mask": ["a"], "hash": ["b"]}}, {"a", "b"}), ({}, set()), ([], set()), ({"log": 5}, set()),
    ({"log": {"mask": "a"}}, set()),
])  # fmt: skip
def test_the_policy_says_what_is_hidden(policy, hidden):
    tags = {"penstock.policy": json.dumps(policy)}
    client = SimpleNamespace(get_registered_model=lambda _: SimpleNamespace(tags=tags))
    assert hidden_columns(client, "m") == hidden
