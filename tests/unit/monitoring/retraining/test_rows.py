"""Newly labelled rows: counted and written as the log and its outcomes tell."""

import time
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from monitoring.retraining.rows import LabelledRows, NewRows, NoRowsError, Written, ids_and_times
from serving.prediction_log import outcomes as told
from serving.prediction_log.outcomes import Outcome
from serving.prediction_log.record import Record, encode
from serving.prediction_log.scan import Scanner
from serving.prediction_log.segment import SegmentWriter

NOW_S = time.time()
AGO_S = NOW_S - 1_000


def write(folder: Path, lines: list[bytes]) -> None:
    writer = SegmentWriter(folder, max_bytes=1 << 20, max_age_s=60.0, clock=time.time)
    for line in lines:
        writer.append(line)
    writer.close()


def predict(
    folder: Path, *names: str, at_s: float = AGO_S, model: str = "churn", shadow: bool = False
) -> None:
    who = (model, "1", "champion", shadow, None, None, ("age", "plan"))
    rows = [[float(place), "plus"] for place in range(len(names))]
    lines = [
        encode(Record(name, at_s + place, *who, [row], [1], None, 9))
        for place, (name, row) in enumerate(zip(names, rows, strict=True))
    ]
    write(folder, lines)


def label(folder: Path, label: str | None, *names: str, at_s: float = AGO_S) -> None:
    outcomes = [Outcome(name, label, 1.0, at_s, at_s) for name in names]
    write(folder / "outcomes", [told.encode(outcome) for outcome in outcomes])


def rows_of(folder: Path, learned_s: float = 0.0) -> LabelledRows:
    return LabelledRows(Scanner(folder), "churn", learned_s, 86_400.0, NOW_S)


def count(folder: Path, *, learned_s: float = 0.0, since_s: float = 0.0, enough: int = 100) -> NewRows:
    return rows_of(folder, learned_s).count(ids_and_times(Scanner(folder)), since_s, enough)


def written(
    folder: Path, *, most: int = 100, hidden: frozenset[str] = frozenset()
) -> tuple[Written, pa.Table]:
    found = rows_of(folder).write(folder / "rows.parquet", target="churned", most=most, hidden=hidden)
    return found, pq.read_table(found.path)


def test_rows_with_a_label_count_and_others_do_not(tmp_path: Path) -> None:
    predict(tmp_path, "a", "b", "c")
    label(tmp_path, '"yes"', "a", "b")
    label(tmp_path, None, "c")
    assert count(tmp_path) == NewRows(2, 2)


def test_other_models_shadows_and_unknown_predictions_do_not_count(tmp_path: Path) -> None:
    predict(tmp_path, "a", model="fraud")
    predict(tmp_path, "b", shadow=True)
    label(tmp_path, "1", "a", "b", "nobody")
    assert count(tmp_path) == NewRows(0, 0)


def test_what_the_champion_has_learned_does_not_count(tmp_path: Path) -> None:
    predict(tmp_path, "a", at_s=AGO_S)
    predict(tmp_path, "b", at_s=AGO_S + 100)
    label(tmp_path, "1", "a", "b", at_s=AGO_S + 200)
    assert count(tmp_path, learned_s=AGO_S) == NewRows(1, 1)


def test_fresh_are_those_whose_outcome_came_since(tmp_path: Path) -> None:
    predict(tmp_path, "a", "b")
    label(tmp_path, "1", "a", at_s=AGO_S + 100)
    label(tmp_path, "1", "b", at_s=AGO_S + 200)
    assert count(tmp_path, since_s=AGO_S + 100) == NewRows(2, 1)


def test_a_request_of_one_row_may_be_named_by_its_first_row(tmp_path: Path) -> None:
    predict(tmp_path, "a")
    label(tmp_path, "1", "a-0")
    assert count(tmp_path) == NewRows(1, 1)


def test_without_a_log_nothing_counts(tmp_path: Path) -> None:
    assert count(tmp_path / "nowhere") == NewRows(0, 0)


def test_the_file_holds_features_time_and_label_oldest_first(tmp_path: Path) -> None:
    predict(tmp_path, "a", "b", "c")
    label(tmp_path, '"no"', "c")
    label(tmp_path, '"yes"', "a", at_s=AGO_S + 5)
    found, table = written(tmp_path)
    assert table.drop_columns(["penstock_ts"]).to_pydict() == {
        "age": [0.0, 2.0],
        "plan": ["plus", "plus"],
        "churned": ["yes", "no"],
    }
    assert (found.rows, found.cut_s) == (2, pytest.approx(AGO_S + 5))


def test_the_newest_rows_are_written_where_there_are_too_many(tmp_path: Path) -> None:
    predict(tmp_path, *(f"p{place}" for place in range(50)))
    label(tmp_path, "1", *(f"p{place}" for place in range(50)))
    _, table = written(tmp_path, most=3)
    assert table["age"].to_pylist() == [47.0, 48.0, 49.0]


def test_columns_that_the_log_holds_masked_are_left_out_and_named(tmp_path: Path) -> None:
    predict(tmp_path, "a")
    label(tmp_path, "1", "a")
    found, table = written(tmp_path, hidden=frozenset({"plan", "never logged"}))
    assert found.left_out == ("plan",)
    assert table.column_names == ["age", "penstock_ts", "churned"]


def test_a_label_that_was_corrected_is_written_as_it_is_now(tmp_path: Path) -> None:
    predict(tmp_path, "a")
    label(tmp_path, "1", "a", at_s=AGO_S + 1)
    label(tmp_path, "0", "a", at_s=AGO_S + 2)
    assert written(tmp_path)[1]["churned"].to_pylist() == [0]


def test_without_labels_there_is_nothing_to_write(tmp_path: Path) -> None:
    predict(tmp_path, "a")
    with pytest.raises(NoRowsError, match="no predictions of 'churn' on the log have outcomes"):
        written(tmp_path)
    assert not (tmp_path / "rows.parquet").exists()
