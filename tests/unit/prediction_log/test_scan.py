"""The log as a stream: the same rows as reading it at once, past what is broken, while files move."""

import json
import math
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pytest

from serving.prediction_log import layout, outcomes
from serving.prediction_log.compact import compact
from serving.prediction_log.outcomes import Outcome
from serving.prediction_log.read import read
from serving.prediction_log.record import Record, encode, new_prediction_id
from serving.prediction_log.scan import Scanner, Wanted
from serving.prediction_log.seal import seal, seal_outcomes
from serving.prediction_log.segment import SegmentWriter
from serving.prediction_log.tables import merge

MIDNIGHT_S = 1_785_542_400.0
ALL = (0.0, 2e9)


def write(
    folder: Path, times_s: list[float], *, model: str = "m", version: str = "1", shadow: bool = False
) -> list[str]:
    writer = SegmentWriter(folder, max_bytes=1 << 20, max_age_s=60.0)
    ids = [new_prediction_id(lambda each=time_s: each) for time_s in times_s]
    for name, time_s in zip(ids, times_s, strict=True):
        writer.append(
            encode(
                Record(name, time_s, model, version, "a", shadow, None, None, ("x",), [[1.5]], [1], None, 900)
            )
        )
    writer.close()
    return ids


def ids(scanner: Scanner, since_s: float = 0.0, until_s: float = 2e9, **only: str) -> list[str]:
    parts = scanner.predictions(Wanted("m", since_s, until_s, **only))
    return sorted(name for part in parts for name in part.table["prediction_id"].to_pylist())


def test_an_absent_log_is_empty(tmp_path):
    assert ids(Scanner(tmp_path / "nothing")) == []
    assert list(Scanner(tmp_path / "nothing").outcomes(0.0)) == []


def test_live_and_sealed_rows_are_each_given_once(tmp_path):
    first = write(tmp_path, [MIDNIGHT_S - 1, MIDNIGHT_S + 1])
    seal(tmp_path)
    second = write(tmp_path, [MIDNIGHT_S + 2])
    assert ids(Scanner(tmp_path)) == sorted([*first, *second])


def test_rows_of_other_models_versions_and_shadows_are_left_out(tmp_path):
    mine = write(tmp_path, [MIDNIGHT_S])
    write(tmp_path, [MIDNIGHT_S], model="m2")
    write(tmp_path, [MIDNIGHT_S], shadow=True)
    other = write(tmp_path, [MIDNIGHT_S], version="2")
    assert ids(Scanner(tmp_path), version="1") == mine
    seal(tmp_path)
    assert ids(Scanner(tmp_path), version="2") == other


def test_a_span_is_half_open_across_midnight(tmp_path):
    made = write(tmp_path, [MIDNIGHT_S - 0.000001, MIDNIGHT_S, MIDNIGHT_S + 1])
    for _ in range(2):
        assert ids(Scanner(tmp_path), MIDNIGHT_S - 1, MIDNIGHT_S) == made[:1]
        assert ids(Scanner(tmp_path), MIDNIGHT_S, MIDNIGHT_S + 1) == made[1:2]
        seal(tmp_path)


def test_the_rows_equal_those_of_reading_at_once(tmp_path):
    write(tmp_path, [MIDNIGHT_S + number for number in range(50)])
    seal(tmp_path)
    write(tmp_path, [MIDNIGHT_S + 100 + number for number in range(50)])
    parts = [part.table for part in Scanner(tmp_path).predictions(Wanted("m", *ALL))]
    streamed = merge(parts).sort_by("prediction_id")
    assert streamed.equals(read(tmp_path, model="m").sort_by("prediction_id"))


@pytest.mark.parametrize("is_sealed", [False, True])
def test_only_the_columns_asked_for_are_given(tmp_path, is_sealed):
    write(tmp_path, [MIDNIGHT_S])
    if is_sealed:
        seal(tmp_path)
    part = next(Scanner(tmp_path).predictions(Wanted("m", *ALL, columns=("ts", "prediction_id"))))
    assert part.table.column_names == ["ts", "prediction_id"]


def test_a_stream_goes_on_when_its_files_are_sealed_and_merged_meanwhile(tmp_path):
    made = [*write(tmp_path, [MIDNIGHT_S]), *write(tmp_path, [MIDNIGHT_S + 1])]
    seal(tmp_path)
    made += write(tmp_path, [MIDNIGHT_S + 2])
    stream = Scanner(tmp_path).predictions(Wanted("m", *ALL))
    found = next(stream).table["prediction_id"].to_pylist()
    seal(tmp_path)
    assert compact(tmp_path, "2030-01-01")
    found += [name for part in stream for name in part.table["prediction_id"].to_pylist()]
    assert sorted(found) == sorted(made)


def test_sealed_files_come_newest_first_and_say_what_is_left(tmp_path):
    for start in (0, 10, 20):
        write(tmp_path, [MIDNIGHT_S + start])
        seal(tmp_path)
    rest = [part.rest_until_s for part in Scanner(tmp_path).predictions(Wanted("m", *ALL))]
    assert rest == pytest.approx([MIDNIGHT_S + 20, MIDNIGHT_S + 10, MIDNIGHT_S], abs=1e-5)


def test_files_without_rows_of_the_span_are_opened_once_at_most(tmp_path, monkeypatch):
    write(tmp_path, [MIDNIGHT_S])
    seal(tmp_path)
    scanner = Scanner(tmp_path)
    assert ids(scanner, MIDNIGHT_S + 5, MIDNIGHT_S + 9) == []
    monkeypatch.setattr("serving.prediction_log.catalogue.pq.ParquetFile", lambda _: 1 / 0)
    assert ids(scanner, MIDNIGHT_S + 5, MIDNIGHT_S + 9) == []


@pytest.mark.parametrize("content", [b"", b"no parquet", b"PAR1" + bytes(100) + b"PAR1"])
def test_a_file_that_is_no_parquet_is_passed_over_named_and_said_once(tmp_path, caplog, content):
    write(tmp_path, [MIDNIGHT_S])
    broken = seal(tmp_path)[0]
    good = write(tmp_path, [MIDNIGHT_S + 1])
    broken.write_bytes(content)
    scanner = Scanner(tmp_path)
    assert ids(scanner) == good
    assert ids(scanner) == good
    assert list(scanner.broken) == [str(broken)]
    assert caplog.text.count("cannot be read wholly and is passed over") == 1


def test_a_file_with_a_torn_middle_is_passed_over(tmp_path):
    write(tmp_path, [MIDNIGHT_S + number for number in range(1000)])
    broken = seal(tmp_path)[0]
    content = bytearray(broken.read_bytes())
    content[4:-2000] = bytes(len(content) - 2004)
    broken.write_bytes(content)
    good = write(tmp_path, [MIDNIGHT_S + 1])
    scanner = Scanner(tmp_path)
    assert ids(scanner) == good
    assert list(scanner.broken) == [str(broken)]


def test_a_merged_file_that_is_broken_costs_its_own_rows_alone(tmp_path):
    for _ in range(2):
        write(tmp_path, [MIDNIGHT_S])
        seal(tmp_path)
    compact(tmp_path, "2030-01-01")[0].write_bytes(b"no parquet")
    good = write(tmp_path, [MIDNIGHT_S + 1])
    scanner = Scanner(tmp_path)
    assert ids(scanner) == good
    assert len(scanner.broken) == 1


def test_a_broken_line_is_named_and_the_others_are_read(tmp_path):
    good = write(tmp_path, [MIDNIGHT_S])
    segment = layout.segments(tmp_path)[0]
    with segment.open("ab") as file:
        file.write(b'{"model":"m", no json\n')
    scanner = Scanner(tmp_path)
    assert ids(scanner) == good
    assert list(scanner.broken) == [segment.stem]


def test_a_line_that_is_being_written_is_not_broken(tmp_path):
    good = write(tmp_path, [MIDNIGHT_S])
    with layout.segments(tmp_path)[0].open("ab") as file:
        file.write(b'{"model":"m", half a l')
    scanner = Scanner(tmp_path)
    assert ids(scanner) == good
    assert scanner.broken == {}


def test_a_broken_file_that_is_removed_is_forgotten(tmp_path):
    write(tmp_path, [MIDNIGHT_S])
    broken = seal(tmp_path)[0]
    broken.write_bytes(b"no parquet")
    scanner = Scanner(tmp_path)
    ids(scanner)
    scanner.forget_gone()
    assert scanner.broken
    broken.unlink()
    scanner.forget_gone()
    assert scanner.broken == {}


def outcome(folder: Path, name: str, received_s: float) -> None:
    writer = SegmentWriter(layout.outcomes_dir(folder), max_bytes=1 << 20, max_age_s=60.0)
    writer.append(outcomes.encode(Outcome(name, json.dumps("yes"), None, received_s, received_s)))
    writer.close()


@pytest.mark.parametrize("is_sealed", [False, True])
def test_outcomes_are_given_by_when_they_were_received(tmp_path, is_sealed):
    outcome(tmp_path, "early", MIDNIGHT_S - 1)
    outcome(tmp_path, "late", MIDNIGHT_S)
    if is_sealed:
        seal_outcomes(tmp_path)
    found = pa.concat_tables(Scanner(tmp_path).outcomes(MIDNIGHT_S))
    assert found["prediction_id"].to_pylist() == ["late"]
    assert pc.all(found["received"].is_valid()).as_py()


def test_a_segment_whose_sealing_died_is_read_once(tmp_path):
    made = write(tmp_path, [MIDNIGHT_S])
    segment = layout.segments(tmp_path)[0]
    content = segment.read_bytes()
    seal(tmp_path)
    segment.write_bytes(content)
    assert ids(Scanner(tmp_path)) == made


def test_a_span_holds_the_same_rows_before_and_after_sealing_to_the_microsecond(tmp_path):
    edge_s = MIDNIGHT_S + 1e-6
    made = write(tmp_path, [math.nextafter(edge_s, 0.0)])
    for _ in range(2):
        assert ids(Scanner(tmp_path), MIDNIGHT_S - 1, edge_s) == []
        assert ids(Scanner(tmp_path), edge_s, MIDNIGHT_S + 1) == made
        seal(tmp_path)
