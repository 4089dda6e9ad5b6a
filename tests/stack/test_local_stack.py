"""`make run` as a newcomer starts it: once to its end, then again, then stopped by Ctrl-C."""

import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import REPO, pick_free_port

pytestmark = pytest.mark.slow
PORTS = ("PENSTOCK_MLFLOW_PORT", "PENSTOCK_GATEWAY_PORT", "PENSTOCK_MONITOR_PORT", "PENSTOCK_API_PORT")


@pytest.fixture(scope="module")
def environ(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    var = tmp_path_factory.mktemp("local") / "var with a space"
    free = {name: str(pick_free_port()) for name in PORTS}
    return (
        {k: v for k, v in os.environ.items() if k != "MLFLOW_TRACKING_URI"}
        | free
        | {"PENSTOCK_VAR_DIR": str(var)}
    )


def run_once(environ: dict[str, str]) -> tuple["subprocess.CompletedProcess[str]", float]:
    started = time.monotonic()
    done = subprocess.run(
        [sys.executable, "-m", "infra.local"],
        cwd=REPO,
        env=environ | {"ONCE": "1"},
        text=True,
        capture_output=True,
        timeout=400,
        check=False,
    )
    return done, time.monotonic() - started


@pytest.fixture(scope="module")
def first(environ: dict[str, str]) -> "subprocess.CompletedProcess[str]":
    return run_once(environ)[0]


def are_closed(environ: dict[str, str]) -> bool:
    """Whether nobody listens any more; what is killed at the end takes a moment."""
    until = time.monotonic() + 30
    while any(_is_open(int(environ[name])) for name in PORTS):
        if time.monotonic() > until:
            return False
        time.sleep(0.1)
    return True


def _is_open(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def test_the_first_start_predicts_with_two_versions_reports_drift_and_exits_0(
    first: "subprocess.CompletedProcess[str]", environ: dict[str, str]
) -> None:
    assert first.returncode == 0, first.stdout + first.stderr
    assert re.search(r"champion \(version 1\) answered \d+", first.stdout)
    assert re.search(r"challenger \(version 2\) answered \d+", first.stdout)
    reports = re.findall(r" and (/\S.*\.html)", first.stdout)
    assert len(reports) == 2
    assert all(Path(report).stat().st_size > 100_000 for report in reports)
    assert are_closed(environ)


def test_champion_and_challenger_are_different_algorithms(first: "subprocess.CompletedProcess[str]") -> None:
    winners = re.findall(r"use: +(\w+):", first.stdout)
    assert len(set(winners)) == 2


def test_the_second_start_does_not_train(
    first: "subprocess.CompletedProcess[str]", environ: dict[str, str]
) -> None:
    assert first.returncode == 0
    again, _ = run_once(environ)
    assert again.returncode == 0, again.stdout + again.stderr
    assert "Training" not in again.stdout
    assert re.search(r"challenger \(version 2\) answered \d+", again.stdout)


@pytest.fixture
def running(
    first: "subprocess.CompletedProcess[str]", environ: dict[str, str]
) -> Iterator["subprocess.Popen[str]"]:
    assert first.returncode == 0
    process = subprocess.Popen(
        [sys.executable, "-m", "infra.local"],
        cwd=REPO,
        env=environ,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )
    try:
        yield process
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
            process.wait(120)


def test_the_printed_curl_line_works_as_pasted_and_ctrl_c_stops_everything(
    running: "subprocess.Popen[str]", environ: dict[str, str]
) -> None:
    assert running.stdout is not None
    lines = []
    for line in running.stdout:
        lines.append(line.strip())
        if line.startswith("Ctrl-C"):
            break
    (curl,) = [line for line in lines if line.startswith("curl ")]
    answer = subprocess.run(curl, shell=True, capture_output=True, text=True, check=True)
    assert answer.stdout in {'{"predictions":[0]}', '{"predictions":[1]}'}
    os.killpg(running.pid, signal.SIGINT)
    assert running.wait(120) == 0
    assert are_closed(environ)


def test_a_port_in_use_stops_the_start_with_one_sentence(environ: dict[str, str]) -> None:
    with socket.create_server(("127.0.0.1", int(environ["PENSTOCK_GATEWAY_PORT"]))):
        done, _ = run_once(environ)
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1
    assert "gateway_port" in done.stderr
