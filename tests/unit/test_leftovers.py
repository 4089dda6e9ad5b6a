"""What tests start is gone when they are over: groups of processes, and lines that were cut for a while."""

import signal
import socket
import subprocess
import sys
import time
from contextlib import suppress

import psutil
import pytest

from tests.conftest import pick_free_port, stop_group
from tests.service.s3_process import Line

STUBBORN = "import signal, time; signal.signal(15, signal.SIG_IGN); print(flush=True); time.sleep(60)"
LEADER = """
import subprocess, sys, time
child = subprocess.Popen([sys.executable, "-c", sys.argv[1]], stdout=subprocess.PIPE)
child.stdout.readline()
print(child.pid, flush=True)
time.sleep(float(sys.argv[2]))
"""


def started(lives_s: float) -> tuple["subprocess.Popen[bytes]", psutil.Process]:
    """A leader that lives for some seconds, and its child, which takes no notice of SIGTERM."""
    leader = subprocess.Popen(
        [sys.executable, "-c", LEADER, STUBBORN, str(lives_s)], stdout=subprocess.PIPE, start_new_session=True
    )
    assert leader.stdout is not None
    with leader.stdout:
        return leader, psutil.Process(int(leader.stdout.readline()))


@pytest.mark.parametrize("lives_s", [0.0, 60.0], ids=["ended by itself", "was ended"])
def test_no_child_outlives_its_leader(lives_s: float) -> None:
    leader, child = started(lives_s)
    if not lives_s:
        leader.wait(10)
    stop_group(leader)
    try:
        child.wait(5)
    finally:
        with suppress(psutil.NoSuchProcess):
            child.kill()


def test_a_number_that_is_anothers_by_now_is_left_alone() -> None:
    with subprocess.Popen(["sleep", "60"], start_new_session=True) as stranger:
        gone = subprocess.Popen(["true"], start_new_session=True)
        gone.wait(10)
        gone.pid = stranger.pid
        stop_group(gone)
        assert stranger.poll() is None
        stranger.send_signal(signal.SIGKILL)


def test_a_line_that_has_ended_is_not_mended() -> None:
    line = Line(pick_free_port())
    line.cut_after(0, away_s=0.1)
    line.cut()
    line.end()
    time.sleep(0.3)
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", line.port), 1)
