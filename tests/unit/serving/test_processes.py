"""What is told of processes, and who belongs to a gateway."""

import os
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest
from prometheus_client import CollectorRegistry

from serving.hosting.census import census
from serving.hosting.nursery import nurse_file
from serving.processes import Member, ProcessFigures, descendants, this_process

SLEEPER = "import time; time.sleep(60)"
PARENT = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {SLEEPER!r}])"


@pytest.fixture
def family():
    """A process with a child of its own."""
    parent = subprocess.Popen([sys.executable, "-c", PARENT], start_new_session=True)
    deadline = time.monotonic() + 20
    while not psutil.Process(parent.pid).children() and time.monotonic() < deadline:
        time.sleep(0.02)
    yield psutil.Process(parent.pid)
    os.killpg(parent.pid, 9)
    parent.wait()


def figure(members: list[Member], name: str, **labels: str) -> float | None:
    registry = CollectorRegistry()
    registry.register(ProcessFigures(lambda: members))
    return registry.get_sample_value(name, labels)


@pytest.mark.parametrize(
    ("name", "ask"),
    [
        ("penstock_process_start_time_seconds", lambda process: process.create_time()),
        ("penstock_process_threads", lambda process: process.num_threads()),
        ("penstock_process_open_files", lambda process: process.num_fds()),
        ("penstock_process_resident_bytes", lambda process: process.memory_info().rss),
    ],
)
def test_a_figure_is_the_systems(family, name, ask):
    found = figure([Member("worker", family)], name, part="worker", pid=str(family.pid))
    assert found == pytest.approx(ask(family), rel=0.01)


def test_cpu_time_is_a_counter_that_grows():
    own = this_process("test")
    labels = {"part": "test", "pid": str(os.getpid())}
    before = figure([own], "penstock_process_cpu_seconds_total", **labels)
    sum(range(5_000_000))
    after = figure([own], "penstock_process_cpu_seconds_total", **labels)
    assert after is not None
    assert before is not None
    assert after > before


def test_a_process_that_has_ended_is_left_out():
    done = subprocess.Popen([sys.executable, "-c", ""])
    process = psutil.Process(done.pid)
    done.wait()
    labels = {"part": "worker", "pid": str(done.pid)}
    assert figure([Member("worker", process)], "penstock_process_threads", **labels) is None
    assert list(descendants(Member("worker", process), "child")) == []


def test_a_master_has_workers_and_what_they_have_started_are_hosts(family, tmp_path):
    me = Member("master", psutil.Process())
    found = {each.process.pid: each.part for each in census(me, "worker", tmp_path)}
    child = family.children()[0].pid
    assert found[os.getpid()] == "master"
    assert (found[family.pid], found[child]) == ("worker", "host")


@pytest.mark.parametrize(
    "written", ["", "no number", "999999999", pytest.param(str(os.getpid()), id="a stranger")]
)
def test_a_nursery_that_is_none_is_left_out(tmp_path: Path, written: str, family):
    nurse_file(tmp_path).write_text(written)
    parts = [each.part for each in census(Member("master", family), "worker", tmp_path)]
    assert parts == ["master", "worker"]
