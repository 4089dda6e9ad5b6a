"""The profile beside what pandas counts."""

from pathlib import Path

import duckdb
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from projects.errors import BadInput
from projects.quality import table as table_module
from projects.quality.model import Profile
from projects.quality.profile import profile
from projects.sampling.frame import frame_of
from tests.unit.projects.quality.quality_tables import mixed, written


@pytest.fixture(scope="module")
def rows(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return written(tmp_path_factory.mktemp("profile") / "rows.parquet", mixed())


@pytest.fixture(scope="module")
def frame(rows: Path) -> pd.DataFrame:
    return frame_of(rows)


@pytest.fixture(scope="module")
def found(rows: Path) -> Profile:
    return profile(rows, {}, "target")


NUMBERS = ("amount", "count", "signed")


def test_gaps_and_distinct_values_are_those_of_pandas(found: Profile, frame: pd.DataFrame) -> None:
    for column in found.columns:
        assert column.missing == frame[column.name].isna().sum(), column.name
        assert (column.distinct, column.distinct_error) == (frame[column.name].nunique(), 0.0), column.name


@pytest.mark.parametrize("name", NUMBERS)
def test_moments_are_those_of_pandas(found: Profile, frame: pd.DataFrame, name: str) -> None:
    numbers, values = found.column(name).numbers, frame[name]
    assert numbers is not None
    assert (numbers.min, numbers.max) == (values.min(), values.max())
    assert (numbers.mean, numbers.std) == pytest.approx((values.mean(), values.std()))
    assert (numbers.zeros, numbers.negatives) == ((values == 0).sum(), (values < 0).sum())


@pytest.mark.parametrize("name", NUMBERS)
def test_quantiles_are_those_of_pandas(found: Profile, frame: pd.DataFrame, name: str) -> None:
    numbers = found.column(name).numbers
    assert numbers is not None
    for share, value in numbers.quantiles.items():
        assert value == pytest.approx(frame[name].quantile(share))


@pytest.mark.parametrize("name", NUMBERS)
def test_outliers_are_counted_by_fences_and_standard_scores(
    found: Profile, frame: pd.DataFrame, name: str
) -> None:
    numbers, values = found.column(name).numbers, frame[name].dropna()
    assert numbers is not None
    low, high = values.quantile([0.25, 0.75])
    for count, fence in ((numbers.outliers_iqr, 1.5), (numbers.outliers_far, 3.0)):
        reach = fence * (high - low)
        assert count == ((values < low - reach) | (values > high + reach)).sum()
    assert numbers.outliers_z == (abs(values - values.mean()) > 3 * values.std()).sum()


@pytest.mark.parametrize("name", NUMBERS)
def test_a_histogram_counts_every_value_once(found: Profile, frame: pd.DataFrame, name: str) -> None:
    numbers = found.column(name).numbers
    assert numbers is not None
    assert numbers.histogram is not None
    histogram, values = numbers.histogram, frame[name].dropna().to_numpy()
    inside = values[(values >= histogram.edges[0]) & (values <= histogram.edges[-1])]
    assert len(histogram.counts) <= 20
    assert list(histogram.counts) == np.histogram(inside, bins=histogram.edges)[0].tolist()
    assert sum(histogram.counts) + histogram.below + histogram.above == len(values)


def test_the_most_frequent_values_come_with_their_counts(found: Profile, frame: pd.DataFrame) -> None:
    counts = frame["city"].value_counts()
    top = found.column("city").top
    assert [count for _, count in top] == counts.head(10).tolist()
    assert all(counts[value] == count for value, count in top)


def test_lengths_of_texts_are_those_of_pandas(found: Profile, frame: pd.DataFrame) -> None:
    texts, lengths = found.column("note").texts, frame["note"].str.len()
    assert texts is not None
    assert (texts.shortest, texts.longest) == (lengths.min(), lengths.max())
    assert texts.mean_length == pytest.approx(lengths.mean())


def test_dates_have_a_first_and_a_last_day(found: Profile, frame: pd.DataFrame) -> None:
    dates = found.column("day").dates
    assert dates is not None
    assert (dates.first, dates.last) == (frame["day"].min(), frame["day"].max())
    assert (dates.days, dates.usual_step_days) == (frame["day"].nunique(), 1.0)


def test_a_gap_of_days_is_found(tmp_path: Path) -> None:
    days = pd.date_range("2024-01-01", periods=60).delete(range(20, 29))
    dates = profile(written(tmp_path / "r", {"day": days.to_numpy("datetime64[D]")})).column("day").dates
    assert dates is not None
    assert [(gap.after, gap.before, gap.days) for gap in dates.gaps] == [("2024-01-20", "2024-01-30", 9)]


def test_classes_are_counted(found: Profile, frame: pd.DataFrame) -> None:
    assert found.target is not None
    assert found.target.task == "binary"
    assert dict(found.target.classes) == frame["target"].value_counts().to_dict()


@pytest.mark.parametrize("copies", [0, 7])
def test_repeated_rows_are_those_of_pandas(tmp_path: Path, copies: int) -> None:
    rows = pq.read_table(written(tmp_path / "r", mixed(500)))
    pq.write_table(pa.concat_tables([rows, rows.slice(0, copies)]), tmp_path / "again")
    assert profile(tmp_path / "again").duplicates == copies


def test_repeats_in_a_long_table_are_found_by_hash(tmp_path: Path) -> None:
    path = tmp_path / "long.parquet"
    duckdb.sql(
        f"COPY (SELECT CASE WHEN i >= 200000 THEN i - 200000 ELSE i END AS a, CAST(a AS VARCHAR) AS b,"
        f" a % 7 AS c, a * 2.5 AS d, a % 3 AS e, a AS f, a AS g, a AS h, a AS k, a AS l"
        f" FROM range(200123) t(i)) TO '{path}'"
    )
    assert profile(path).duplicates == 123


def test_repeats_in_all_but_the_id_are_counted(tmp_path: Path) -> None:
    rows = {"id": [f"k{at}" for at in range(100)], "a": [at % 50 for at in range(100)], "b": ["x"] * 100}
    found = profile(written(tmp_path / "r", rows))
    assert (found.duplicates, found.duplicates_but_ids) == (0, 50)


def test_ids_are_short_texts_and_close_whole_numbers_that_hardly_repeat(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    rows = {
        "key": [f"user-{at}" for at in range(300)],
        "number": np.arange(300) + 1000,
        "measured": rng.normal(size=300),
        "far_apart": np.arange(300) ** 3,
        "order_id": np.arange(300) ** 3,
        "paid": np.arange(300) ** 3,
        "essay": [f"{at} " + "word " * 30 for at in range(300)],
    }
    found = profile(written(tmp_path / "r", rows))
    assert [column.name for column in found.columns if column.is_id_like] == ["key", "number", "order_id"]


def test_infinite_and_huge_numbers_are_counted_apart(tmp_path: Path) -> None:
    rows = {"a": [1.0, 2.0, 3.0, float("inf"), -float("inf"), 1e300, float("nan"), None]}
    column = profile(written(tmp_path / "r", rows)).column("a")
    assert column.numbers is not None
    assert (column.missing, column.numbers.unusable, column.numbers.max) == (2, 3, 3.0)


def test_twins_are_found_among_amounts_and_among_labels(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    codes, amounts = rng.integers(0, 6, 400), rng.normal(size=400)
    rows = {
        "code": [f"c{code}" for code in codes],
        "name": [f"name of {code}" for code in codes],
        "metres": amounts,
        "feet": amounts * 3.281,
        "other": rng.normal(size=400),
        "rare": ["x"] * 399 + ["y"],
        "rare too": ["u"] + ["v"] * 399,
    }
    found = {(pair.left, pair.right) for pair in profile(written(tmp_path / "r", rows)).twins}
    assert found == {("code", "name"), ("metres", "feet")}


def test_relations_put_the_column_that_tells_most_first(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    y = rng.integers(0, 2, 1000)
    rows = {
        "noise": rng.normal(size=1000),
        "label": np.where(rng.random(1000) < 0.9, y, 1 - y).astype(str).tolist(),
        "amount": y + rng.normal(0, 2, 1000),
        "y": y,
    }
    target = profile(written(tmp_path / "r", rows), {}, "y").target
    assert target is not None
    assert [relation.column for relation in target.relations] == ["label", "amount", "noise"]
    assert target.relations[0].strength == pytest.approx(0.8, abs=0.05)
    assert target.relations[-1].strength < 0.1


@pytest.mark.parametrize("distinct", [40_000, 160_000])
def test_estimates_of_very_many_distinct_values_lie_within_their_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, distinct: int
) -> None:
    monkeypatch.setattr("projects.quality.distinct.COUNTED_UP_TO", 10_000)
    monkeypatch.setattr("projects.quality.distinct.PART_VALUES", 5_000)
    path = tmp_path / "many.parquet"
    duckdb.sql(f"COPY (SELECT 'v' || (i % {distinct}) AS v FROM range(200000) t(i)) TO '{path}'")
    column = profile(path).column("v")
    assert 0 < column.distinct_error < 0.02
    assert abs(column.distinct - distinct) < 4 * column.distinct_error * distinct


def test_quantiles_of_a_long_table_come_from_an_even_sample(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(table_module, "SAMPLE_ROWS", 20_000)
    path = tmp_path / "long.parquet"
    duckdb.sql(f"COPY (SELECT i, 'x' || i % 5000 AS t FROM range(200000) t(i)) TO '{path}'")
    found = profile(path)
    numbers = found.column("i").numbers
    assert numbers is not None
    assert abs(found.sampled_rows - 20_000) < 600
    assert numbers.quantiles[0.5] == pytest.approx(100_000, rel=0.03)
    assert found.column("t").top[0] == ("x0", 40)


def test_a_target_that_is_not_there_is_answered_with_the_nearest(rows: Path) -> None:
    with pytest.raises(BadInput, match="no column 'taget' to predict; did you mean 'target'"):
        profile(rows, {}, "taget")


@pytest.mark.parametrize(
    "columns",
    [
        {"a": [], "b": []},
        {"a": [None, None], "b": [1, None]},
        {"a": [1], "b": ["x"]},
        {"a": [float("nan")] * 30, "b": [""] * 30},
        {"a": [0.1] * 40, "b": [True] * 40},
        {"a": [1e38, -1e38] * 20, "b": [5e-324] * 40},
        {"a": [2**62, 2**62 + 1] * 20, "b": ["\x00", "\U0001f600"] * 20},
    ],
)
def test_odd_tables_are_profiled_with_and_without_a_target(tmp_path: Path, columns: dict) -> None:
    path = written(tmp_path / "r", columns)
    assert profile(path).rows == len(columns["a"])
    assert profile(path, {}, "b").rows == len(columns["a"])


def test_nested_and_binary_columns_are_profiled_as_texts(tmp_path: Path) -> None:
    path = tmp_path / "r"
    duckdb.sql(
        f"COPY (SELECT [1, 2] AS l, {{'a': 1}} AS s, TIME '10:00:00' AS t, 1.5::DECIMAL(9, 2) AS d"
        f" FROM range(30)) TO '{path}' (FORMAT parquet)"
    )
    assert [column.kind for column in profile(path, {}, "d").columns] == ["text", "text", "text", "number"]


def test_columns_beyond_the_first_ones_are_counted_but_not_drawn(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(table_module, "DETAILED_COLUMNS", 2)
    rng = np.random.default_rng(0)
    found = profile(written(tmp_path / "r", {f"c{at}": rng.normal(size=60) for at in range(90)}), {}, "c7")
    assert [column.distinct for column in found.columns] == [60] * 90
    drawn = [column.numbers is not None and column.numbers.histogram is not None for column in found.columns]
    assert drawn == [True] * 2 + [False] * 88
