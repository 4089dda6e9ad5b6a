"""Which rows are drawn: random, stratified, the newest."""

from pathlib import Path

import duckdb
import numpy as np
import pandas as pd
import pytest

from projects.errors import BadInput
from projects.requirement.sections import Sampling
from projects.sampling.decide import Decision, decide
from projects.sampling.draw import draw

ROWS = 20_000


@pytest.fixture(scope="module")
def rows(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("draw") / "rows.parquet"
    duckdb.sql(
        f"""COPY (SELECT i, CASE WHEN i % 1000 = 0 THEN 'rare' WHEN i % 10 = 0 THEN 'some' ELSE 'most' END
        AS label, ln(1 + hash(i) % 100000) AS amount, DATE '2020-01-01' + ((i * 7919) % {ROWS})::INT AS day
        FROM range({ROWS}) t(i)) TO '{path}'"""
    )
    return path


def wanted(rows: int, strategy: str = "random", **more: object) -> Decision:
    return decide(ROWS, Sampling.model_validate({"sample_size": rows, "sample_strategy": strategy, **more}))


def test_the_same_seed_draws_the_same_rows_in_the_files_order(rows: Path) -> None:
    first, again = (draw(rows, wanted(500), target="label") for _ in range(2))
    pd.testing.assert_frame_equal(first, again)
    assert len(first) == first["i"].nunique() == 500
    assert first["i"].is_monotonic_increasing


def test_another_seed_draws_other_rows(rows: Path) -> None:
    one, other = (set(draw(rows, wanted(500, seed=seed), target="")["i"]) for seed in (1, 2))
    assert len(one & other) < 50


def test_a_smaller_sample_is_part_of_a_larger_one(rows: Path) -> None:
    small, large = (set(draw(rows, wanted(size), target="")["i"]) for size in (200, 900))
    assert small < large


def test_a_random_sample_is_spread_evenly(rows: Path) -> None:
    drawn = draw(rows, wanted(4000), target="")["i"]
    counts = np.histogram(drawn, bins=10, range=(0, ROWS))[0]
    assert abs(counts - 400).max() < 5 * np.sqrt(400)


def test_a_stratified_sample_keeps_each_classs_share(rows: Path) -> None:
    drawn = draw(rows, wanted(2000, "stratified"), target="label")["label"].value_counts()
    assert drawn.sum() == 2000
    assert abs(drawn["most"] - 1800) <= 3
    assert drawn["rare"] == 5


def test_a_stratified_sample_of_an_amount_keeps_its_tenths(rows: Path) -> None:
    whole = draw(rows, wanted(ROWS), target="")["amount"]
    drawn = draw(rows, wanted(1000, "stratified"), target="amount")["amount"]
    counts = np.histogram(drawn, bins=np.quantile(whole, np.linspace(0, 1, 11)))[0]
    assert abs(counts - 100).max() <= 2


def test_time_based_takes_the_newest_rows_in_time_order(rows: Path) -> None:
    drawn = draw(rows, wanted(300, "time_based", time_column="day"), target="label")
    newest = draw(rows, wanted(ROWS), target="")["day"].sort_values().tail(300)
    assert drawn["day"].tolist() == newest.tolist()


def test_time_based_finds_the_only_date_and_says_so(rows: Path) -> None:
    said: list[str] = []
    drawn = draw(rows, wanted(300, "time_based"), target="label", say=said.append)
    assert said == ["no time column is named: the newest rows are those by 'day', the only date"]
    assert drawn["day"].is_monotonic_increasing


def test_time_based_without_a_date_takes_the_last_rows_and_says_so(rows: Path, tmp_path: Path) -> None:
    duckdb.sql(f"COPY (SELECT i, label FROM '{rows}') TO '{tmp_path / 'r.parquet'}'")
    said: list[str] = []
    drawn = draw(tmp_path / "r.parquet", wanted(3, "time_based"), target="label", say=said.append)
    assert drawn["i"].tolist() == [ROWS - 3, ROWS - 2, ROWS - 1]
    (sentence,) = said
    assert sentence.startswith("no time column is named: the last rows of the table are taken for the newest")


def test_an_unknown_time_column_is_refused(rows: Path) -> None:
    with pytest.raises(BadInput, match="no column 'dya' to order the rows in time by; did you mean 'day'"):
        draw(rows, wanted(3, "time_based", time_column="dya"), target="label")


def test_an_unknown_target_to_stratify_by_is_refused(rows: Path) -> None:
    with pytest.raises(BadInput, match="no column 'lable' to keep the shares of; did you mean 'label'"):
        draw(rows, wanted(30, "stratified"), target="lable")


def test_stratified_without_a_target_is_random_and_says_so(rows: Path) -> None:
    said: list[str] = []
    drawn = draw(rows, wanted(30, "stratified"), target="", say=said.append)
    pd.testing.assert_frame_equal(drawn, draw(rows, wanted(30), target=""))
    assert said == ["no target is named to keep the shares of: the sample is drawn at random"]


def test_rows_without_a_target_are_not_drawn_when_stratified(tmp_path: Path) -> None:
    path = tmp_path / "gaps.parquet"
    duckdb.sql(f"COPY (SELECT i, CASE WHEN i % 2 = 0 THEN 'a' END AS y FROM range(1000) t(i)) TO '{path}'")
    drawn = draw(path, decide(1000, Sampling(sample_size=100, sample_strategy="stratified")), target="y")
    assert drawn["y"].tolist() == ["a"] * 100


def test_only_the_columns_asked_for_are_read(rows: Path) -> None:
    drawn = draw(rows, wanted(5, "stratified"), target="label", columns=["amount"])
    assert list(drawn.columns) == ["amount"]
