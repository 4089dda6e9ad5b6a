"""A Dask scheduler and workers, started by hand as a person would, on free ports of this machine."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from tests.conftest import REPO, pick_free_port, stop_group

START_S = 180


@dataclass
class Dask:
    """A scheduler and its workers.

    Attributes:
        address: The scheduler's.
        folder: Where the processes write.
        workers: The workers' processes: nannies, each over a worker.
    """

    address: str
    folder: Path
    workers: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def add_worker(self) -> None:
        """Start a worker of one thread."""
        self.workers.append(
            _started(self.folder, f"worker-{len(self.workers)}", "worker", self.address, "--nthreads", "1",
                     "--host", "127.0.0.1", "--no-dashboard", "--local-directory", str(self.folder))
        )  # fmt: skip

    def kill_a_worker(self) -> None:
        """Kill a worker's process at once; its nanny starts another."""
        until = time.monotonic() + START_S
        while time.monotonic() < until:
            for child in psutil.Process(self.workers[0].pid).children():
                if "spawn_main" in " ".join(child.cmdline()):
                    child.kill()
                    return
            time.sleep(0.1)
        raise TimeoutError("the nanny has no worker")

    def log(self) -> str:
        """What all processes wrote."""
        return "".join(path.read_text("utf-8", "replace") for path in sorted(self.folder.glob("*.log")))


@contextmanager
def running_dask(folder: Path, workers: int = 2) -> Iterator[Dask]:
    """Start a scheduler and workers; they end with this."""
    port = pick_free_port()
    dask = Dask(f"tcp://127.0.0.1:{port}", folder)
    scheduler = _started(
        folder, "scheduler", "scheduler", "--host", "127.0.0.1", "--port", str(port), "--no-dashboard"
    )
    try:
        for _ in range(workers):
            dask.add_worker()
        _wait_for(dask, workers)
        yield dask
    finally:
        for process in (*dask.workers, scheduler):
            stop_group(process)


def _started(folder: Path, name: str, *words: str) -> subprocess.Popen[bytes]:
    with (folder / f"{name}.log").open("wb") as log:
        return subprocess.Popen(
            [sys.executable, "-m", "dask", *words],
            env=os.environ | {"PYTHONPATH": str(REPO)}, cwd=folder, stdout=log, stderr=subprocess.STDOUT,
            start_new_session=True,
        )  # fmt: skip


def _wait_for(dask: Dask, workers: int) -> None:
    until = time.monotonic() + START_S
    while dask.log().count("Registered to:") < workers:
        if time.monotonic() > until:
            raise TimeoutError(f"no {workers} workers within {START_S} s:\n{dask.log()[-2000:]}")
        time.sleep(0.1)
