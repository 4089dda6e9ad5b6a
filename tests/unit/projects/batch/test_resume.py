"""A batch that was stopped goes on where it was: no row is scored twice, the output is that of one run."""

import fcntl
import multiprocessing
import resource
import signal
import threading
from pathlib import Path

import pandas as pd
import pytest

from projects.errors import BadInput
from projects.scorer import PlanScorer, Version
from tests.unit.plan.plan_fixtures import table
from tests.unit.projects.batch.batch_fixtures import plan, predict, save

SINKS = (".csv", ".tsv", ".parquet", ".jsonl")
ROWS, CHUNK_ROWS = 70, 7


class Counting(PlanScorer):
    """Counts the batches that it scores, and may stop the process or fail at one."""

    def __init__(self, *, kill_at: int | None = None, fail_at: int | None = None):
        super().__init__(plan())
        object.__setattr__(self, "calls", 0)
        object.__setattr__(self, "kill_at", kill_at)
        object.__setattr__(self, "fail_at", fail_at)
        object.__setattr__(self, "lock", threading.Lock())

    @property
    def threads(self):
        return 1

    def score(self, cells):
        with self.lock:
            object.__setattr__(self, "calls", self.calls + 1)
        if self.calls == self.kill_at:
            signal.raise_signal(signal.SIGKILL)
        if self.calls == self.fail_at:
            raise BadInput("stopped")
        return super().score(cells)


def served(scorer, number="3"):
    return Version("demo", number, scorer, "scoring plan", {"model": "demo", "version": number})


def run(data, output, scorer, number="3"):
    return predict(data, output, version=served(scorer, number), chunk_rows=CHUNK_ROWS)


def progress_of(output):
    return output.with_name(f".{output.name}.progress")


@pytest.fixture
def data(tmp_path):
    return save(table(ROWS), tmp_path / "in.csv")


def stopped(data, output, *, after):
    with pytest.raises(BadInput, match="stopped"):
        run(data, output, Counting(fail_at=after + 1))
    assert not output.exists()


def unbroken(data, output):
    whole = output.with_name(f"whole{output.suffix}")
    run(data, whole, Counting())
    return whole.read_bytes()


def killed_at(data, output, batch):
    run(data, output, Counting(kill_at=batch))


@pytest.mark.parametrize("sink", SINKS)
def test_after_a_kill_no_finished_batch_is_scored_again_and_the_bytes_are_those_of_one_run(
    tmp_path, data, sink
):
    output = tmp_path / f"out{sink}"
    process = multiprocessing.get_context("spawn").Process(target=killed_at, args=(data, output, 6))
    process.start()
    process.join(120)
    assert process.exitcode == -signal.SIGKILL
    assert not output.exists()
    assert output.with_name(f".{output.name}.work").is_dir()
    scorer = Counting()
    done = run(data, output, scorer)
    assert 3 * CHUNK_ROWS <= done.resumed_rows <= 5 * CHUNK_ROWS
    assert scorer.calls == ROWS // CHUNK_ROWS - done.resumed_rows // CHUNK_ROWS
    assert output.read_bytes() == unbroken(data, output)
    hidden = [path.name for path in tmp_path.iterdir() if path.name.startswith(".")]
    assert hidden == []


@pytest.mark.parametrize("share", [0.0, 0.01, 0.1, 0.35, 0.5, 0.77, 0.9, 0.999])
def test_a_journal_cut_anywhere_gives_the_same_output(tmp_path, data, share):
    output = tmp_path / "out.csv"
    stopped(data, output, after=7)
    journal = progress_of(output)
    journal.write_bytes(journal.read_bytes()[: int(share * journal.stat().st_size)])
    run(data, output, Counting())
    assert output.read_bytes() == unbroken(data, output)


@pytest.mark.parametrize("at", [3, 60, 400, 900, 2000])
def test_a_journal_with_a_wrong_byte_gives_the_same_output(tmp_path, data, at):
    output = tmp_path / "out.csv"
    stopped(data, output, after=7)
    journal = bytearray(progress_of(output).read_bytes())
    journal[at] ^= 0xFF
    progress_of(output).write_bytes(journal)
    run(data, output, Counting())
    assert output.read_bytes() == unbroken(data, output)


def test_a_run_may_be_stopped_several_times(tmp_path, data):
    output = tmp_path / "out.csv"
    for _ in range(3):
        stopped(data, output, after=3)
    scorer = Counting()
    assert run(data, output, scorer).rows == ROWS
    assert scorer.calls < 10 - 5
    assert output.read_bytes() == unbroken(data, output)


def test_rows_that_changed_are_scored_again_and_others_are_not(tmp_path, data):
    output = tmp_path / "out.csv"
    stopped(data, output, after=8)
    frame = table(ROWS)
    frame.loc[10, "count"] = 1.0
    save(frame, data)
    scorer = Counting()
    run(data, output, scorer)
    assert output.read_bytes() == unbroken(data, output)
    assert scorer.calls < 10


def test_another_versions_answers_are_not_taken(tmp_path, data):
    output = tmp_path / "out.csv"
    stopped(data, output, after=8)
    scorer = Counting()
    assert run(data, output, scorer, number="4").resumed_rows == 0
    assert scorer.calls == 10
    assert set(pd.read_csv(output)["version"]) == {4}


def test_other_rows_a_batch_are_scored_anew(tmp_path, data):
    output = tmp_path / "out.csv"
    stopped(data, output, after=8)
    done = predict(data, output, version=served(Counting()), chunk_rows=10)
    assert (done.rows, done.resumed_rows) == (ROWS, 0)


def test_the_columns_to_keep_may_change_when_going_on(tmp_path, data):
    output = tmp_path / "out.csv"
    stopped(data, output, after=8)
    done = predict(data, output, version=served(Counting()), chunk_rows=CHUNK_ROWS, keep="none")
    assert done.resumed_rows >= 6 * CHUNK_ROWS


def test_a_second_run_on_the_same_output_is_refused(tmp_path, data):
    output = tmp_path / "out.csv"
    with progress_of(output).open("wb") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        with pytest.raises(BadInput, match=r"another run is writing .*out.csv'; wait until it ends"):
            run(data, output, Counting())
    assert run(data, output, Counting()).rows == ROWS


def with_little_room(data: Path, output: Path, answers: "multiprocessing.Queue[str]"):
    scorer = Counting()
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (6000, 6000))
    try:
        run(data, output, scorer)
    except BadInput as error:
        answers.put(str(error))


@pytest.mark.parametrize("sink", [".csv", ".parquet"])
def test_a_full_disk_is_a_sentence_and_the_next_run_goes_on(tmp_path, sink):
    data, output = save(table(700), tmp_path / "in.csv"), tmp_path / f"out{sink}"
    context = multiprocessing.get_context("spawn")
    answers = context.Queue()
    process = context.Process(target=with_little_room, args=(data, output, answers))
    process.start()
    sentence = answers.get(timeout=60)
    process.join(30)
    assert "has no room on its disk" in sentence
    assert not output.exists()
    assert run(data, output, Counting()).resumed_rows > 0
    assert output.read_bytes() == unbroken(data, output)
