from datetime import UTC, datetime

import pytest

from serving.prediction_log import layout
from serving.prediction_log import read as reading
from serving.prediction_log.read import read
from serving.prediction_log.record import encode
from serving.prediction_log.seal import seal
from tests.unit.prediction_log.prediction_log_fixtures import NOON, make_record, open_writer, write

COLUMNS = ["prediction_id", "ts", "model", "version", "variant", "shadow", "request_id", "user_key",
           "features", "prediction", "probabilities", "latency_us"]  # fmt: skip
DAY_S = 86_400


def ids(folder, **options):
    return read(folder, model="churn", **options).column("prediction_id").to_pylist()


@pytest.fixture(params=["live", "sealed"])
def log(request, tmp_path):
    """A function that writes records to a log of which they are read live, or sealed."""

    def fill(*records):
        write(tmp_path, *records)
        if request.param == "sealed":
            seal(tmp_path)
        return tmp_path

    return fill


def test_a_log_that_does_not_exist_is_empty(tmp_path):
    assert read(tmp_path / "none", model="churn").column_names == COLUMNS


def test_a_record_is_read_as_it_was_written(log):
    folder = log(make_record(prediction_id="a", request_id="r", user_key="k"))
    assert read(folder, model="churn").to_pylist() == [
        {
            "prediction_id": "a", "ts": datetime.fromtimestamp(NOON, UTC), "model": "churn", "version": "3",
            "variant": "champion", "shadow": False, "request_id": "r", "user_key": "k",
            "features": {"tenure": 12.5, "plan": "basic"}, "prediction": 1, "probabilities": [0.25, 0.75],
            "latency_us": 420,
        }
    ]  # fmt: skip


def test_live_and_sealed_records_have_the_same_schema(tmp_path):
    write(tmp_path, make_record())
    live = read(tmp_path, model="churn")
    seal(tmp_path)
    assert read(tmp_path, model="churn").equals(live)


def test_another_model_is_left_out(log):
    assert ids(
        log(make_record(prediction_id="a"), make_record(model="churn2"), make_record(model='"churn"'))
    ) == ["a"]


def test_rows_come_oldest_first(log):
    folder = log(*[make_record(prediction_id=str(late), ts_s=NOON + late) for late in (2, 0, DAY_S, 1)])
    assert ids(folder) == ["0", "1", "2", str(DAY_S)]


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({"version": "4"}, ["b"]),
        ({"variant": "challenger"}, ["c"]),
        ({"shadow": True}, ["d"]),
        ({"shadow": None}, ["a", "b", "c", "d", "e"]),
        ({"since_s": NOON + 0.5}, ["e"]),
        ({"until_s": NOON}, []),
        ({"since_s": NOON, "until_s": NOON + DAY_S}, ["a", "b", "c"]),
        ({"since_s": NOON + 2 * DAY_S}, []),
    ],
)
def test_rows_are_filtered(log, options, expected):
    folder = log(
        make_record(prediction_id="a"),
        make_record(prediction_id="b", version="4"),
        make_record(prediction_id="c", variant="challenger"),
        make_record(prediction_id="d", shadow=True),
        make_record(prediction_id="e", ts_s=NOON + DAY_S),
    )
    assert ids(folder, **options) == expected


@pytest.mark.parametrize("limit", [0, 1, 3, 7, 100])
def test_a_limit_gives_the_newest_rows(log, limit):
    numbers = list(range(10))
    folder = log(*[make_record(prediction_id=str(n), ts_s=NOON + n * DAY_S / 4) for n in numbers])
    assert ids(folder, limit=limit) == [str(n) for n in numbers[max(0, 10 - limit) :]]


def test_a_limit_counts_live_and_sealed_rows_together(tmp_path):
    write(tmp_path, make_record(prediction_id="a"), make_record(prediction_id="c", ts_s=NOON + 2))
    seal(tmp_path)
    write(tmp_path, make_record(prediction_id="b", ts_s=NOON + 1))
    assert ids(tmp_path, limit=2) == ["b", "c"]


def test_a_limit_holds_while_old_rows_are_dropped_on_the_way(tmp_path, monkeypatch):
    monkeypatch.setattr(reading, "_BATCH_RECORDS", 2)
    for late in (5, 1, 9, 3, 7):
        write(
            tmp_path, *[make_record(prediction_id=f"{late}{n}", ts_s=NOON + late + n / 10) for n in range(4)]
        )
    assert ids(tmp_path, limit=3) == ["91", "92", "93"]


def test_the_rows_of_a_request_stay_in_order(log):
    rows = [[number, "x"] for number in range(12)]
    folder = log(make_record(rows=rows, predictions=list(range(12)), probabilities=None))
    assert read(folder, model="churn").column("prediction").to_pylist() == list(range(12))


def test_a_record_is_read_while_its_segment_is_open(tmp_path):
    writer = open_writer(tmp_path)
    writer.append(encode(make_record(prediction_id="a")))
    assert ids(tmp_path) == ["a"]
    writer.close()


def test_a_line_that_is_being_written_is_passed_over(tmp_path):
    write(tmp_path, make_record(prediction_id="a"))
    with layout.segments(tmp_path)[0].open("ab") as file:
        file.write(encode(make_record())[:-1])
    assert ids(tmp_path) == ["a"]


def test_versions_with_other_columns_are_read_together(log):
    folder = log(
        make_record(columns=("a",), rows=[[1]]), make_record(columns=("b",), rows=[["x"]], version="4")
    )
    rows = read(folder, model="churn").column("features").to_pylist()
    assert sorted(map(str, rows)) == ["{'a': 1.0, 'b': None}", "{'a': None, 'b': 'x'}"]


def test_sealed_files_of_a_segment_that_is_still_there_do_not_count(tmp_path):
    write(tmp_path, make_record(prediction_id="a"))
    segment = layout.segments(tmp_path)[0]
    kept = segment.read_bytes()
    seal(tmp_path)
    segment.write_bytes(kept)
    assert ids(tmp_path) == ["a"]


def test_a_segment_sealed_between_listing_and_opening_is_read_once(tmp_path, monkeypatch):
    write(tmp_path, make_record(prediction_id="a"))
    listed = layout.segments(tmp_path)
    seal(tmp_path)
    monkeypatch.setattr(layout, "segments", lambda folder: listed)
    assert ids(tmp_path) == ["a"]


def test_a_segment_sealed_after_it_was_read_is_read_once(tmp_path, monkeypatch):
    write(tmp_path, make_record(prediction_id="a"))
    days = layout.sealed_days

    def seal_first(folder, model):
        seal(folder)
        return days(folder, model)

    monkeypatch.setattr(layout, "sealed_days", seal_first)
    assert ids(tmp_path) == ["a"]
