"""Live windows: each lane's newest rows, from as few files as it takes."""

from pathlib import Path

import pytest

from monitoring.lane import Lane, Span
from monitoring.windows.live import Window, live_windows
from serving.prediction_log.record import Record, encode, new_prediction_id
from serving.prediction_log.scan import Scanner
from serving.prediction_log.seal import seal
from serving.prediction_log.segment import SegmentWriter

START_S = 1_785_542_400.0
SPAN = Span(START_S, START_S + 3600)


def write(folder: Path, start_s: float, count: int, version: str = "1", variant: str = "champion") -> None:
    writer = SegmentWriter(folder, max_bytes=1 << 20, max_age_s=60.0)
    for number in range(count):
        time_s = start_s + number
        name = new_prediction_id(lambda time_s=time_s: time_s)
        record = Record(
            name, time_s, "m", version, variant, False, None, None, ("x",), [[1.0]], [1], None, 900
        )
        writer.append(encode(record))
    writer.close()
    seal(folder)


def found(folder: Path, max_rows: int = 50, known: tuple[Lane, ...] = ()) -> dict[tuple[str, str], Window]:
    windows = live_windows(Scanner(folder), "m", SPAN, max_rows=max_rows, known=known)
    return {window.lane[1:]: window for window in windows}


def test_no_log_has_no_windows(tmp_path):
    assert found(tmp_path / "nothing") == {}


def test_each_lane_has_its_own_window_in_order(tmp_path):
    write(tmp_path, START_S, 5, "10")
    write(tmp_path, START_S, 6, "9", "challenger")
    write(tmp_path, START_S, 7, "9")
    rows = {lane: window.rows for lane, window in found(tmp_path).items()}
    assert list(rows.items()) == [(("9", "challenger"), 6), (("9", "champion"), 7), (("10", "champion"), 5)]


def test_a_full_window_begins_with_its_oldest_row(tmp_path):
    write(tmp_path, START_S, 200)
    window = found(tmp_path)["1", "champion"]
    assert window.rows == 50
    assert window.span.since_s == START_S + 150
    assert window.traffic.per_second == pytest.approx(50 / (3600 - 150))


def test_rows_from_before_and_after_the_span_are_left_out(tmp_path):
    write(tmp_path, START_S - 3, 3)
    write(tmp_path, START_S + 3600, 3)
    assert found(tmp_path) == {}


def test_of_files_that_can_add_nothing_one_at_most_is_read(tmp_path, monkeypatch):
    for part in range(5):
        write(tmp_path, START_S + part * 100, 60)
    read = []
    batches = Scanner._batches
    monkeypatch.setattr(
        Scanner, "_batches", lambda *given: read.append(given[1].file.name) or batches(*given)
    )
    assert found(tmp_path)["1", "champion"].rows == 50
    assert len(read) == 2


def test_a_known_lane_is_looked_for_behind_the_newest_rows_of_others(tmp_path):
    write(tmp_path, START_S, 5, variant="canary")
    for part in range(3):
        write(tmp_path, START_S + 100 + part * 100, 60)
    assert ("1", "canary") not in found(tmp_path)
    assert found(tmp_path, known=(Lane("m", "1", "canary"),))["1", "canary"].rows == 5
