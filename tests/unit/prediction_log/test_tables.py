import pyarrow as pa
import pytest

from serving.prediction_log.tables import merge, to_table
from tests.unit.prediction_log.prediction_log_fixtures import make_record


def features(*columns_of_values):
    """The first column of a table of one record a value."""
    return (
        to_table([make_record(columns=("x",), rows=[[value]]) for value in columns_of_values])
        .column("features")
        .combine_chunks()
        .field("x")
    )


@pytest.mark.parametrize(
    ("values", "kind", "expected"),
    [
        ([1, 2.5, None], pa.float64(), [1.0, 2.5, None]),
        ([1, 2], pa.float64(), [1.0, 2.0]),
        ([2**63, 2**60 + 1], pa.float64(), [2.0**63, 2.0**60]),
        (["a", None], pa.string(), ["a", None]),
        ([True, None], pa.bool_(), [True, None]),
        ([True, 2], pa.float64(), [1.0, 2.0]),
        (["a", 3, 2.5, True, None], pa.string(), ["a", "3", "2.5", "true", None]),
        ([[1, 2], {"a": 1}], pa.string(), ["[1,2]", '{"a":1}']),
        ([None, None], pa.null(), [None, None]),
    ],
)
def test_a_feature_is_of_a_kind_that_holds_all_its_values(values, kind, expected):
    column = features(*values)
    assert (column.type, column.to_pylist()) == (kind, expected)


@pytest.mark.parametrize(
    ("values", "expected"),
    [([1, 0], [1, 0]), ([1, 0.5], [1.0, 0.5]), (["yes", "no"], ["yes", "no"]), ([2**63, 1], [2.0**63, 1.0])],
)
def test_predictions_keep_whole_numbers_whole(values, expected):
    found = to_table([make_record(predictions=[value]) for value in values]).column("prediction").to_pylist()
    assert found == expected
    assert [type(value) for value in found] == [type(value) for value in expected]


def test_a_request_of_one_row_bears_its_plain_id():
    assert to_table([make_record(prediction_id="a")]).column("prediction_id").to_pylist() == ["a"]


def test_the_rows_of_a_request_are_numbered():
    record = make_record(prediction_id="a", rows=[[1, "b"], [2, "c"]], predictions=[0, 1], probabilities=None)
    assert to_table([record]).column("prediction_id").to_pylist() == ["a-0", "a-1"]


def test_a_request_without_rows_gives_none():
    record = make_record(rows=[], predictions=[], probabilities=[])
    assert to_table([record]).num_rows == 0


def test_records_with_and_without_probabilities_go_together():
    table = to_table([make_record(), make_record(probabilities=None)])
    assert table.column("probabilities").to_pylist() == [[0.25, 0.75], None]


def test_a_column_named_twice_holds_its_last_values():
    table = to_table([make_record(columns=("x", "x"), rows=[[1, 2]])])
    assert table.column("features").to_pylist() == [{"x": 2.0}]


def test_merged_tables_have_the_columns_of_all():
    first = to_table([make_record(columns=("a",), rows=[[1]])])
    second = to_table([make_record(columns=("b",), rows=[["x"]])])
    assert merge([first, second]).column("features").to_pylist() == [
        {"a": 1.0, "b": None},
        {"a": None, "b": "x"},
    ]


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [(1.5, "a", ["1.5", "a"]), (True, 2.5, [1.0, 2.5]), (None, "a", [None, "a"]), (3, True, [3.0, 1.0])],
)
def test_merged_columns_are_of_a_kind_that_holds_both(first, second, expected):
    tables = [to_table([make_record(columns=("x",), rows=[[value]])]) for value in (first, second)]
    assert [row["x"] for row in merge(tables).column("features").to_pylist()] == expected


def test_no_tables_merge_to_an_empty_one_with_every_column():
    merged = merge([])
    assert merged.num_rows == 0
    assert merged.column_names[-4:] == ["features", "prediction", "probabilities", "latency_us"]
