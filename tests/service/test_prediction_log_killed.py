"""Writers killed at any moment lose no line whose append had returned."""

import os
import random
import signal
import subprocess
import sys
import time

from serving.prediction_log.read import read
from serving.prediction_log.seal import seal_segments
from tests.conftest import REPO

# Appends for ever, and tells each id over a pipe only after its append has returned.
WRITER = """
import sys
from pathlib import Path
from serving.prediction_log.record import Record, encode, new_prediction_id
from serving.prediction_log.segment import SegmentWriter
writer = SegmentWriter(Path(sys.argv[1]), max_bytes=200_000, max_age_s=300)
while True:
    name = new_prediction_id()
    writer.append(encode(Record(name, 1785499200.0, "churn", "1", "champion", False, None, None, ("a", "b"),
                                [[1.5, "x" * 200]], [1], [[0.5, 0.5]], 100)))
    sys.stdout.buffer.write(name.encode() + b"\\n")
    sys.stdout.buffer.flush()
"""


def run_and_kill(folder, told, alive_s):
    with told.open("wb") as out:
        writer = subprocess.Popen([sys.executable, "-c", WRITER, str(folder)], stdout=out, cwd=REPO)
        deadline = time.monotonic() + 30
        while told.stat().st_size < 40_000 and time.monotonic() < deadline:
            time.sleep(0.01)
        time.sleep(alive_s)
        os.kill(writer.pid, signal.SIGKILL)
        writer.wait()


def told_ids(paths):
    return [line for path in paths for line in path.read_text().split("\n") if len(line) == 36]


def test_every_line_whose_append_returned_is_read_after_the_writers_were_killed(tmp_path):
    rng, folder = random.Random(7), tmp_path / "log"
    paths = [tmp_path / f"told{number}" for number in range(2)]
    for path in paths:
        run_and_kill(folder, path, rng.random() / 10)
    told = told_ids(paths)
    found = read(folder, model="churn").column("prediction_id").to_pylist()
    assert len(told) > 2000
    assert set(told) <= set(found)
    assert len(found) == len(set(found)) <= len(told) + 2


def test_sealing_and_reading_beside_living_writers_give_every_line_once(tmp_path):
    folder, paths = tmp_path / "log", [tmp_path / f"told{number}" for number in range(2)]
    outs = [path.open("wb") for path in paths]
    writers = [
        subprocess.Popen([sys.executable, "-c", WRITER, str(folder)], stdout=out, cwd=REPO) for out in outs
    ]
    try:
        deadline = time.monotonic() + 30
        while min(path.stat().st_size for path in paths) < 60_000 and time.monotonic() < deadline:
            before = told_ids(paths)
            seal_segments(folder)
            found = read(folder, model="churn").column("prediction_id").to_pylist()
            assert len(found) == len(set(found))
            assert set(before) <= set(found)
    finally:
        for writer in writers:
            writer.kill()
            writer.wait()
        for out in outs:
            out.close()
    report = seal_segments(folder)
    found = read(folder, model="churn").column("prediction_id").to_pylist()
    assert set(told_ids(paths)) <= set(found)
    assert len(report.broken) <= 2
    assert list((folder / "segments").iterdir()) == []
