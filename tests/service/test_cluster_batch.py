"""A batch on a cluster started by hand: a scheduler and workers on free ports, of which some are lost."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pandas as pd
import pytest
from distributed import Client
from lightgbm import LGBMClassifier

from projects.batch.run import Asked, predict_source
from projects.compute.cluster import cluster
from projects.compute.crew import Crew
from projects.errors import BadInput
from projects.requirement.compute_section import Compute
from projects.scorer import PlanScorer, Version
from serving.plan.load import digest, load_plan
from serving.plan.write import write_plan
from tests.unit.plan.plan_fixtures import COLUMNS, pipe, table, truth
from tests.unit.projects.batch.batch_fixtures import KNOWN, save

REPO = Path(__file__).parents[2]
ByHand = tuple[str, list["subprocess.Popen[bytes]"]]
ONE_THREAD = {"OMP_NUM_THREADS": "1", "PYTHONPATH": str(REPO)}


@contextmanager
def process(*words: str, folder: Path, name: str) -> Iterator["subprocess.Popen[bytes]"]:
    """Run a command of Dask's until the test is over."""
    with (folder / f"{name}.log").open("wb") as log:
        started = subprocess.Popen(
            [sys.executable, "-m", "distributed.cli." + words[0], *words[1:]],
            cwd=folder, env=os.environ | ONE_THREAD, stdout=log, stderr=log,
        )  # fmt: skip
        try:
            yield started
        finally:
            started.kill()
            started.wait()


@pytest.fixture
def by_hand(tmp_path: Path, free_port: Callable[[], int]) -> Iterator[ByHand]:
    """Start a scheduler and two workers; the processes are the scheduler's, then the workers'."""
    address = f"tcp://127.0.0.1:{free_port()}"
    with ExitStack() as stack:
        own = tmp_path / "dask"
        own.mkdir()
        port = address.rpartition(":")[2]
        head = ("dask_scheduler", "--host", "127.0.0.1", "--port", port, "--no-dashboard")
        started = [stack.enter_context(process(*head, folder=own, name="scheduler"))]
        for at in range(2):
            words = ("dask_worker", address, "--no-nanny", "--nthreads", "1", "--no-dashboard")
            place = ("--host", "127.0.0.1", "--local-directory", str(own))
            started.append(stack.enter_context(process(*words, *place, folder=own, name=f"worker-{at}")))
        _wait_for_workers(own, 2)
        yield address, started


def _wait_for_workers(folder: Path, count: int) -> None:
    """Until the scheduler has so many: whoever connects earlier waits for a few seconds only."""
    until, said = time.monotonic() + 180, ""
    while said.count("Registered to:") < count:
        assert time.monotonic() < until, said
        time.sleep(0.05)
        said = "".join(log.read_text("utf-8", "replace") for log in folder.glob("worker-*.log"))


@pytest.fixture
def version(tmp_path: Path) -> Version:
    plan = tmp_path / "version" / "plan"
    plan.mkdir(parents=True)
    model = LGBMClassifier(n_estimators=5, n_jobs=1, verbosity=-1, random_state=1)
    write_plan(pipe(model).fit(table(), truth(table(), "texts")), COLUMNS, plan, task="binary")
    scorer = PlanScorer(load_plan(plan))
    return Version("demo", "3", scorer, "scoring plan", {"version": "3"}, None, plan.parent, digest(plan))


@pytest.fixture
def rows(tmp_path: Path) -> Path:
    return save(pd.concat([table()] * 20, ignore_index=True), tmp_path / "rows.csv")


@contextmanager
def helped(address: str, workers: int) -> Iterator[tuple[Client, Crew]]:
    with cluster(Compute(cluster=address), lambda _line: None) as client:
        assert client is not None
        client.wait_for_workers(workers, timeout=180)
        yield client, Crew(client, lambda _line: None, grain=4000)


def when_begun(output: Path, action: "threading.Thread") -> threading.Thread:
    """Have something happen as soon as a batch has written its first answers."""
    journal = output.with_name(f".{output.name}.progress")

    def watch() -> None:
        until = time.monotonic() + 240
        while time.monotonic() < until and not (journal.exists() and journal.stat().st_size > 1000):
            time.sleep(0.005)
        action.start()

    watching = threading.Thread(target=watch)
    watching.start()
    return watching


def killing(victim: "subprocess.Popen[bytes]") -> threading.Thread:
    return threading.Thread(target=victim.send_signal, args=(signal.SIGKILL,))


def test_a_worker_killed_in_the_middle_costs_time_only(
    tmp_path: Path, by_hand: ByHand, version: Version, rows: Path
) -> None:
    address, (_, victim, _) = by_hand
    predict_source(str(rows), KNOWN, Asked(version, tmp_path / "alone.csv", chunk_rows=100))
    output = tmp_path / "crew.csv"
    with helped(address, 2) as (_, crew):
        watching = when_begun(output, killing(victim))
        done = predict_source(str(rows), KNOWN, Asked(version, output, chunk_rows=100, crew=crew))
        watching.join()
    assert victim.wait(timeout=120) == -signal.SIGKILL
    assert done.rows == len(pd.read_csv(rows))
    assert output.read_bytes() == (tmp_path / "alone.csv").read_bytes()


def test_a_scheduler_lost_in_the_middle_is_a_sentence_and_the_batch_goes_on_later(
    tmp_path: Path, by_hand: ByHand, version: Version, rows: Path
) -> None:
    address, (scheduler, _, _) = by_hand
    output = tmp_path / "crew.csv"
    with helped(address, 2) as (_, crew):
        watching = when_begun(output, killing(scheduler))
        with pytest.raises(BadInput, match=r"the Dask (cluster|scheduler) at tcp://127.0.0.1:"):
            predict_source(str(rows), KNOWN, Asked(version, output, chunk_rows=100, crew=crew))
        watching.join()
    assert not output.exists()
    done = predict_source(str(rows), KNOWN, Asked(version, output, chunk_rows=100))
    assert done.resumed_rows > 0
