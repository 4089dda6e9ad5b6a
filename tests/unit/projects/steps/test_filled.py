"""A whole table filled by SQL is what scikit-learn and pandas make of it."""

import json

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from sklearn.impute import SimpleImputer

from projects.requirement.model import Cleaning
from projects.steps.filled import fill, write_lines

RNG = np.random.default_rng(5)
ROWS = 200
NASTY = 'größe "x" <b>\n1'
KINDS = {"number": NASTY, "whole": "whole", "text": "city", "date": "day", "boolean": "member"}


def with_gaps(cells, every):
    return [None if at % every == every // 2 else cell for at, cell in enumerate(cells)]


@pytest.fixture(scope="module")
def table():
    days = pd.date_range("2024-01-01", periods=9).date
    return pa.table(
        {
            NASTY: pa.array(with_gaps(RNG.normal(10, 4, ROWS).tolist(), 7), pa.float64()),
            "whole": pa.array(with_gaps(RNG.integers(0, 9, ROWS).tolist(), 5), pa.int64()),
            "city": pa.array(with_gaps(RNG.choice(["Köln", "Oslo", "東京"], ROWS).tolist(), 6), pa.string()),
            "day": pa.array(with_gaps([days[n] for n in RNG.integers(0, 9, ROWS)], 11), pa.date32()),
            "member": pa.array(with_gaps((RNG.random(ROWS) > 0.3).tolist(), 9), pa.bool_()),
            "bought": pa.array(with_gaps(RNG.choice(["ja", "nein"], ROWS).tolist(), 40), pa.string()),
        }
    )


@pytest.fixture
def cleaned(table, tmp_path):
    """Clean a table; return what came of it and its cells."""

    def clean(cells=table, keep="", **options):
        pq.write_table(cells, tmp_path / "rows.parquet")
        done = fill(tmp_path / "rows.parquet", tmp_path / "out.parquet", Cleaning(**options), keep=keep)
        return done, pq.read_table(tmp_path / "out.parquet").to_pydict()

    return clean


def numbers(table, name):
    return np.array([np.nan if cell is None else cell for cell in table[name].to_pylist()], dtype=float)


@pytest.mark.parametrize(("strategy", "theirs"), [("mean", "mean"), ("median", "median")])
@pytest.mark.parametrize("name", [NASTY, "whole"])
def test_numbers_take_scikit_learns_statistic(table, cleaned, strategy, theirs, name):
    _, cells = cleaned(missing_strategy=strategy)
    wanted = SimpleImputer(strategy=theirs).fit_transform(numbers(table, name)[:, None])[:, 0]
    np.testing.assert_allclose(cells[name], wanted)


@pytest.mark.parametrize("strategy", ["mean", "median", "mode"])
@pytest.mark.parametrize("name", ["city", "day", "member"])
def test_texts_dates_and_truths_take_the_most_frequent(table, cleaned, strategy, name):
    _, cells = cleaned(missing_strategy=strategy)
    held = pd.Series(table[name].to_pylist(), dtype=object)
    assert cells[name] == held.fillna(held.mode()[0]).tolist()


def test_numbers_take_the_mode_if_asked(table, cleaned):
    _, cells = cleaned(missing_strategy="mode")
    wanted = SimpleImputer(strategy="most_frequent").fit_transform(numbers(table, "whole")[:, None])[:, 0]
    assert cells["whole"] == wanted.tolist()


@pytest.mark.parametrize(("strategy", "method"), [("forward_fill", "ffill"), ("backward_fill", "bfill")])
@pytest.mark.parametrize("name", KINDS.values(), ids=KINDS)
def test_gaps_are_filled_along_the_rows_as_pandas_does(table, cleaned, strategy, method, name):
    _, cells = cleaned(missing_strategy=strategy)
    held = pd.Series(table[name].to_pylist(), dtype=object)
    filled = getattr(held, method)()
    assert cells[name] == filled.where(filled.notna(), None).tolist()


def test_what_nothing_comes_before_stays_a_gap_and_is_not_counted(cleaned):
    done, cells = cleaned(pa.table({"a": [None, 1.0, None], "b": [1, 2, 3]}), missing_strategy="forward_fill")
    assert cells["a"] == [None, 1.0, 1.0]
    assert done.filled == {"a": 1}


def test_drop_leaves_whole_rows(table, cleaned):
    done, cells = cleaned(missing_strategy="drop")
    whole = pd.DataFrame(table.to_pydict()).dropna()
    assert done.cleaned_rows == len(whole) < done.original_rows == ROWS
    assert cells["city"] == whole["city"].tolist()
    assert done.filled == {}


def test_one_column_may_have_a_strategy_of_its_own(table, cleaned):
    done, cells = cleaned(missing_strategy="mean", columns={"city": {"missing_strategy": "drop"}})
    assert done.cleaned_rows == table["city"].length() - table["city"].null_count
    assert None not in cells["city"]
    assert set(done.filled) == {NASTY, "whole", "day", "member", "bought"}


def test_the_target_stays_and_rows_without_it_go(table, cleaned):
    done, cells = cleaned(keep="bought", outlier_method="iqr")
    assert cells["bought"] == [cell for cell in table["bought"].to_pylist() if cell is not None]
    assert "bought" not in done.filled


def test_a_target_of_numbers_is_not_pulled_in(cleaned):
    rows = pa.table({"y": [1.0, 2.0, 3.0, 4.0, 1000.0], "x": [1.0, 2.0, 3.0, 4.0, 1000.0]})
    done, cells = cleaned(rows, keep="y", outlier_method="iqr", outlier_threshold=1.5)
    assert cells["y"][-1] == 1000.0
    assert (cells["x"][-1], done.pulled) == (7.0, {"x": 1})


@pytest.mark.parametrize("threshold", [0.5, 1.5])
def test_outliers_are_pulled_to_tukeys_fences(table, cleaned, threshold):
    done, cells = cleaned(missing_strategy="drop", outlier_method="iqr", outlier_threshold=threshold)
    held = numbers(table, NASTY)
    first, third = np.nanquantile(held, [0.25, 0.75])
    low, high = first - threshold * (third - first), third + threshold * (third - first)
    whole = pd.DataFrame(table.to_pydict()).dropna()[NASTY].to_numpy(dtype=float)
    np.testing.assert_allclose(cells[NASTY], np.clip(whole, low, high))
    assert done.pulled.get(NASTY, 0) == int(((whole < low) | (whole > high)).sum())


def test_outliers_are_pulled_to_deviations(table, cleaned):
    _, cells = cleaned(missing_strategy="drop", outlier_method="zscore", outlier_threshold=1.0)
    held = numbers(table, NASTY)
    whole = pd.DataFrame(table.to_pydict()).dropna()[NASTY].to_numpy(dtype=float)
    mean, deviation = np.nanmean(held), np.nanstd(held)
    np.testing.assert_allclose(cells[NASTY], np.clip(whole, mean - deviation, mean + deviation))


def test_gaps_are_filled_with_what_is_left_after_pulling(cleaned):
    rows = pa.table({"x": [1.0, 2.0, 3.0, 4.0, 1000.0, None]})
    _, cells = cleaned(rows, missing_strategy="mean", outlier_method="iqr", outlier_threshold=1.5)
    assert cells["x"][-1] == np.mean([1, 2, 3, 4, 7])


@pytest.mark.parametrize("method", ["iqr", "zscore"])
def test_a_column_of_mostly_one_value_is_left_alone(cleaned, method):
    cells = [0.0] * 9 + [5.0] if method == "iqr" else [0.1] * 10
    done, after = cleaned(pa.table({"x": cells}), outlier_method=method)
    assert (after["x"], done.pulled) == (cells, {})


def test_repeated_rows_go_if_asked_and_the_first_stays(cleaned):
    rows = pa.table({"a": [1, 2, 1, None, None], "b": ["x", "y", "x", "z", "z"]})
    done, cells = cleaned(rows, duplicates="drop", missing_strategy="mode")
    assert (cells["b"], done.repeated, done.cleaned_rows) == (["x", "y", "z"], 2, 3)


def test_a_column_of_gaps_alone_stays_one(cleaned):
    done, cells = cleaned(pa.table({"a": pa.nulls(3, pa.float64()), "b": [1, 2, 3]}), outlier_method="zscore")
    assert (cells["a"], done.filled) == ([None] * 3, {})


def test_the_lines_say_the_same_as_the_parquet_file(table, tmp_path):
    pq.write_table(table, tmp_path / "rows.parquet")
    write_lines(tmp_path / "rows.parquet", tmp_path / "rows.jsonl")
    lines = [json.loads(line) for line in (tmp_path / "rows.jsonl").read_text("utf-8").splitlines()]
    assert [line["day"] for line in lines] == [day and day.isoformat() for day in table["day"].to_pylist()]
    assert [line["city"] for line in lines] == table["city"].to_pylist()
