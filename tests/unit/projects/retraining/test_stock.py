"""What is learned from and what is held back."""

import json

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest

from projects.errors import BadInput
from projects.ingest.convert import Conversion
from projects.ingest.schema import ColumnSchema, read_schema
from projects.retraining.arrivals import DIGEST, LEARNED, TIME, Arrived
from projects.retraining.stock import Parts, held_back, lay_in, since_of

DAY = 86_400.0


def column(name, kind, **options):
    conversion = Conversion(kind, **options)
    return ColumnSchema(name, name, "t", kind, conversion.sql_type, conversion, 0, 0, {}, (), ())


COLUMNS = (column("x", "number", whole=True), column("y", "text"))


def arrived(folder, count=300, learned=()):
    """One row an hour."""
    frame = pd.DataFrame({"x": np.arange(count) + 1000.5, "y": "b", TIME: 3600.0 * np.arange(count),
                          DIGEST: np.arange(count, dtype=np.uint64)})  # fmt: skip
    frame[LEARNED] = np.isin(np.arange(count), learned)
    frame.to_parquet(folder / "arrived.parquet", index=False)
    return Arrived(folder / "arrived.parquet", count, ())


@pytest.fixture
def original(tmp_path):
    frame = pd.DataFrame({"x": np.arange(50), "y": "a", "id": "not wanted"})
    frame.to_parquet(tmp_path / "original.parquet", index=False)
    return tmp_path / "original.parquet"


def parts(tmp_path, original=None, **more):
    given = {"arrived": arrived(tmp_path, learned=more.pop("learned", ())), "since_s": None}
    return Parts(original, columns=COLUMNS, target="y", table="t", **({"sources": {}} | given | more))


def laid(parts, tmp_path, **more):
    stock = lay_in(parts, tmp_path, lambda _: None, **more)
    return stock, pd.read_parquet(stock.folder / "rows.parquet"), pd.read_parquet(stock.held)


@pytest.mark.parametrize(
    ("rows", "held"), [(40, 20), (150, 75), (200, 100), (300, 100), (3000, 1000), (90_000, 5000)]
)
def test_the_newest_third_is_held_back_within_bounds(rows, held):
    assert held_back(rows) == held


def test_as_many_are_held_back_as_are_asked_for():
    assert held_back(300, 250) == 250


def test_more_than_there_are_cannot_be_held_back():
    with pytest.raises(BadInput, match="held_rows is 300, and of 300 new rows at most 280 can be held back"):
        held_back(300, 300)


def test_too_few_rows_are_refused():
    with pytest.raises(
        BadInput, match="1 newly labelled row can be learned from, and 40 are needed at least"
    ):
        held_back(1)


def test_original_rows_come_first_and_the_newest_are_held_back(tmp_path, original):
    stock, rows, held = laid(parts(tmp_path, original), tmp_path)
    assert rows["x"].tolist() == [*range(50), *(np.arange(200) + 1000.5)]
    assert held["x"].tolist() == (np.arange(200, 300) + 1000.5).tolist()
    assert (stock.learned_new, stock.held_rows, stock.until_s) == (200, 100, 199 * 3600.0)


def test_only_the_columns_that_are_wanted_are_there(tmp_path, original):
    _, rows, held = laid(parts(tmp_path, original), tmp_path)
    assert list(rows.columns) == list(held.columns) == ["x", "y"]


def test_the_folder_is_one_of_clean_rows(tmp_path, original):
    stock, rows, _ = laid(parts(tmp_path, original), tmp_path)
    assert [each.name for each in read_schema(stock.folder)] == ["x", "y"]
    told = json.loads((stock.folder / "schema.json").read_text())
    assert (told["rows"], told["target"], told["table"]) == (len(rows), "y", "t")
    assert len(json.loads((stock.folder / "lineage.json").read_text())["sha256"]) == 64


def test_other_rows_have_another_digest(tmp_path, original):
    digests = []
    for source in ("one", "other"):
        folder = tmp_path / source
        folder.mkdir()
        stock, _, _ = laid(parts(folder, original, sources={"original": source}), folder)
        digests.append(json.loads((stock.folder / "lineage.json").read_text())["sha256"])
    assert digests[0] != digests[1]


def test_recent_rows_alone(tmp_path):
    given = parts(tmp_path)
    since_s = since_of(given.arrived, 5.0)
    assert since_s == 299 * 3600.0 - 5 * DAY
    _, rows, held = laid(parts(tmp_path, since_s=since_s), tmp_path)
    assert len(rows) + len(held) == 121
    assert rows["x"].min() == 179 + 1000.5


def test_recent_rows_must_say_when_they_came(tmp_path):
    frame = pd.DataFrame({TIME: np.array([None, None], dtype=float)})
    frame.to_parquet(tmp_path / "a.parquet", index=False)
    with pytest.raises(BadInput, match="recent_days needs to know when rows came"):
        since_of(Arrived(tmp_path / "a.parquet", 2, ()), 5.0)


def test_rows_that_the_original_ones_hold_are_not_learned_twice(tmp_path, original):
    known = tmp_path / "before.parquet"
    pd.DataFrame({DIGEST: np.arange(150, dtype=np.uint64)}).to_parquet(known, index=False)
    stock, rows, held = laid(parts(tmp_path, original, known=known, learned=range(150)), tmp_path)
    assert len(rows) == 50 + 75
    assert held["x"].min() == 225 + 1000.5
    assert sorted(pq.read_table(stock.known)[DIGEST].to_pylist()) == list(range(225))


def test_rows_that_were_learned_are_learned_again_where_the_original_ones_are_not(tmp_path):
    _, rows, held = laid(parts(tmp_path, learned=range(150)), tmp_path)
    assert (len(rows), len(held)) == (225, 75)


def test_what_was_learned_is_never_held_back(tmp_path):
    _, _, held = laid(parts(tmp_path, learned=range(250, 300)), tmp_path)
    assert held["x"].max() == 249 + 1000.5
