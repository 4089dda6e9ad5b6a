"""The monitor against a real MLflow server and a real prediction log."""

import io
import os
import signal
import subprocess
import sys
import time
import urllib.parse
import urllib.request
import uuid
from collections.abc import Iterator
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path

import mlflow
import orjson
import pytest
from mlflow.tracking import MlflowClient

from monitoring.__main__ import main
from tests.service.monitor_fixtures import register, rows, versioned_reference, write_log, write_outcomes

REPO = Path(__file__).parents[2]
QUIET = {
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "1",
    "MLFLOW_HTTP_REQUEST_TIMEOUT": "10",
    "DO_NOT_TRACK": "true",
    "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false",
    "MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT": "true",
}
"""What the command sets for itself; named here so that it is undone after each command."""
STOP_S = 15.0
"""Longer than stopping takes on a slow machine, shorter than what a stopping loop could be waiting for."""
VERDICTS = {"1": 0.0, "2": 3.0}
"""Versions, and by how many deviations their traffic is shifted."""


@dataclass(frozen=True)
class Answer:
    returncode: int
    stdout: str
    stderr: str


@dataclass(frozen=True)
class Stack:
    client: MlflowClient
    model: str
    environ: dict[str, str]
    var: Path
    port: int

    def run(self, *arguments: str, **environ: str) -> Answer:
        """A command in this process: importing MLflow and Evidently takes seconds."""
        out, err = io.StringIO(), io.StringIO()
        with pytest.MonkeyPatch.context() as patch, redirect_stdout(out), redirect_stderr(err):
            for key, value in (self.environ | QUIET | environ).items():
                patch.setenv(key, value)
            code = main(arguments)
        mlflow.set_tracking_uri(self.environ["PENSTOCK_TRACKING_URI"])  # what the command set for itself
        return Answer(code, out.getvalue(), err.getvalue())

    def start(self, **environ: str) -> subprocess.Popen[bytes]:
        with (self.var / "loop.log").open("wb") as log:
            return subprocess.Popen(
                [sys.executable, "-m", "monitoring", "loop"],
                env=self.environ | environ,
                cwd=REPO,
                stdout=log,
                stderr=subprocess.STDOUT,
            )

    def get(self, path: str, port: int | None = None) -> str:
        with urllib.request.urlopen(f"http://127.0.0.1:{port or self.port}{path}", timeout=60) as answer:
            return answer.read().decode()

    def wait_for(
        self, text: str, path: str = "/metrics", *, port: int | None = None, timeout_s: float = 60.0
    ) -> str:
        deadline, body = time.monotonic() + timeout_s, ""
        while time.monotonic() < deadline:
            try:
                body = self.get(path, port)
            except OSError:
                body = ""
            if text in body:
                return body
            time.sleep(0.1)
        raise AssertionError(
            f"{text!r} did not come within {timeout_s} s; {body}\n{(self.var / 'loop.log').read_text()}"
        )


@pytest.fixture(scope="module")
def stack(mlflow_server, tmp_path_factory, free_port) -> Iterator[Stack]:
    mlflow.set_tracking_uri(mlflow_server.uri)
    client, var = MlflowClient(mlflow_server.uri), tmp_path_factory.mktemp("var")
    model = f"monitored {uuid.uuid4().hex[:8]}"
    client.create_registered_model(model)
    for version, shift in VERDICTS.items():
        assert register(client, model, var / f"files-{version}", versioned_reference()) == version
        write_log(var / "predictions", model, version, rows(200, 1, shift))
    port = free_port()
    environ = {
        key: value for key, value in os.environ.items() if not key.startswith(("PENSTOCK_", "MLFLOW_"))
    }
    environ |= {
        "PENSTOCK_VAR_DIR": str(var),
        "PENSTOCK_TRACKING_URI": mlflow_server.uri,
        "PENSTOCK_MONITOR_PORT": str(port),
        "PENSTOCK_MONITOR_INTERVAL_S": "0.5",
    }
    yield Stack(client, model, environ, var, port)
    mlflow.set_tracking_uri("")


@pytest.fixture(scope="module")
def checked(stack) -> dict[str, dict]:
    """What `once --json` found, by version."""
    command = [sys.executable, "-m", "monitoring", "once", "--model", stack.model, "--json"]
    done = subprocess.run(
        command, env=stack.environ, cwd=REPO, capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stderr
    return {found["version"]: found for found in orjson.loads(done.stdout)}


@pytest.fixture(scope="module")
def loop(stack, checked) -> Iterator[subprocess.Popen[bytes]]:
    process = stack.start()
    yield process
    process.kill()
    process.wait()


def test_traffic_like_the_reference_has_a_low_share(checked):
    assert checked["1"]["drift_share"] == 0.0
    assert not checked["1"]["is_drifted"]


def test_shifted_traffic_has_a_high_share(checked):
    assert checked["2"]["drift_share"] == 1.0
    assert checked["2"]["is_drifted"]


def test_the_mlflow_run_holds_report_metrics_and_tags(stack, checked):
    run_id = checked["2"]["run"].rpartition("/")[2]
    run = stack.client.get_run(run_id)
    assert [file.path for file in stack.client.list_artifacts(run_id)] == [Path(checked["2"]["report"]).name]
    assert run.data.metrics["drift_share"] == 1.0
    assert run.data.metrics["column_drift/age"] == pytest.approx(3.0, abs=0.3)
    assert (run.data.tags["penstock.version"], run.data.tags["penstock.variant"]) == ("2", "champion")
    assert stack.client.get_experiment(run.info.experiment_id).name == f"monitoring/{stack.model}"
    assert run.info.status == "FINISHED"


def test_the_local_report_is_an_html_page(checked):
    assert "<html" in Path(checked["2"]["report"]).read_text()[:200]


def test_the_plain_answer_is_a_line_a_version(stack, checked):
    done = stack.run("once", "--model", stack.model)
    lines = done.stdout.splitlines()
    assert len(lines) == 2
    assert lines[1].startswith(
        f"{stack.model} version 2 (champion), 200 rows: drift share 1.00 (drift); 4 of 4 columns drifted: "
    )


def test_an_unknown_model_exits_2_and_names_near_ones(stack):
    done = stack.run("once", "--model", stack.model[:-1])
    assert done.returncode == 2
    assert f"there is no registered model '{stack.model[:-1]}'; did you mean '{stack.model}'" in done.stderr


def test_too_few_rows_exit_0_and_say_how_many_more(stack):
    done = stack.run("once", "--model", stack.model, PENSTOCK_MONITOR_MIN_ROWS="300")
    assert done.returncode == 0
    assert "200 rows: 100 more rows are needed for a check" in done.stdout


def test_no_log_folder_is_no_traffic(stack, tmp_path):
    done = stack.run("once", "--model", stack.model, PENSTOCK_VAR_DIR=str(tmp_path / "fresh"))
    assert done.returncode == 0
    assert f"no predictions of '{stack.model}' in the last 3600 seconds" in done.stdout


def test_once_without_mlflow_goes_on_with_what_is_kept(stack, checked, free_port, caplog):
    away = f"http://127.0.0.1:{free_port()}"
    done = stack.run("once", "--model", stack.model, "--report", PENSTOCK_TRACKING_URI=away)
    assert done.returncode == 0, done.stderr
    assert caplog.text.count("going on with what is kept here") == 1
    assert "drift share 1.00" in done.stdout
    assert "(not in MLflow, which did not answer)" in done.stdout


def test_once_without_mlflow_and_nothing_kept_exits_1(stack, tmp_path, free_port):
    done = stack.run(
        "once", PENSTOCK_VAR_DIR=str(tmp_path), PENSTOCK_TRACKING_URI=f"http://127.0.0.1:{free_port()}"
    )
    assert done.returncode == 1
    assert "did not do what was asked" in done.stderr
    assert "Traceback" not in done.stderr


def test_versions_without_a_usable_reference_are_said_and_stop_no_other(stack, tmp_path):
    bare = f"bare-{uuid.uuid4().hex[:8]}"
    stack.client.create_registered_model(bare)
    register(stack.client, bare, tmp_path / "none", None)
    register(stack.client, bare, tmp_path / "good", rows(300, 0, 0.0))
    for version in ("1", "2", "77"):
        write_log(tmp_path / "var" / "predictions", bare, version, rows(60, 1, 0.0))
    done = stack.run("once", "--model", bare, PENSTOCK_VAR_DIR=str(tmp_path / "var"))
    assert done.returncode == 0
    assert f"version 1 of '{bare}' has no reference.parquet" in done.stdout
    assert f"version 77 of '{bare}' is in the prediction log but not in the registry" in done.stdout
    assert f"{bare} version 2 (champion), 60 rows: drift share 0.00" in done.stdout


def test_the_loop_serves_a_gauge_a_version(stack, loop):
    metrics = stack.wait_for("penstock_drift_share{")
    assert f'penstock_drift_share{{model="{stack.model}",variant="champion",version="2"}} 1.0' in metrics
    assert f'penstock_drift_share{{model="{stack.model}",variant="champion",version="1"}} 0.0' in metrics


def test_the_loop_serves_the_page_and_the_report(stack, loop):
    stack.wait_for(stack.model, "/")
    lane = {"model": stack.model, "version": "2", "variant": "champion"}
    stack.wait_for("penstock_drift_share{")
    assert "<html" in stack.get(f"/report?{urllib.parse.urlencode(lane)}")[:200]


def test_the_loop_makes_no_second_report_of_the_same_verdicts(stack, loop):
    stack.wait_for("penstock_drift_share{")
    time.sleep(1.5)  # three rounds
    assert f'penstock_reports_total{{model="{stack.model}"}} 0.0' in stack.get("/metrics")


def test_a_second_monitor_stands_by_and_says_who_is_on_duty(stack, loop, free_port):
    stack.wait_for("penstock_drift_share{")
    port = free_port()
    second = stack.start(PENSTOCK_MONITOR_PORT=str(port))
    try:
        assert "penstock_drift_share{" not in stack.wait_for("penstock_monitor_standby 1.0", port=port)
        stack.wait_for(f"port {stack.port}", "/", port=port)
    finally:
        second.kill()
        second.wait()


def test_a_second_loop_on_the_same_port_says_that_it_is_taken(stack, loop):
    stack.wait_for("ok", "/health")
    done = stack.run("loop")
    assert done.returncode == 2
    assert f"cannot listen on 127.0.0.1:{stack.port}" in done.stderr
    assert "Traceback" not in done.stderr


def test_an_open_host_is_refused(stack):
    done = stack.run("loop", PENSTOCK_HOST="0.0.0.0")
    assert done.returncode == 2
    assert "the monitor asks nobody who they are, so it listens on loopback only" in done.stderr


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_the_loop_waits_for_mlflow_and_stops_without_it(stack, tmp_path, free_port, number):
    port = free_port()
    process = stack.start(
        PENSTOCK_VAR_DIR=str(tmp_path / "fresh"),
        PENSTOCK_TRACKING_URI=f"http://127.0.0.1:{free_port()}",
        PENSTOCK_MONITOR_PORT=str(port),
    )
    try:
        stack.wait_for('penstock_check_errors_total{model="",reason="registry"}', port=port)
        process.send_signal(number)
        assert process.wait(STOP_S) == 0
    finally:
        process.kill()
        process.wait()


def test_a_loop_with_reports_stops(stack, loop):
    stack.wait_for("penstock_drift_share{")
    loop.send_signal(signal.SIGTERM)
    assert loop.wait(STOP_S) == 0


def test_status_says_windows_lanes_and_that_nobody_is_on_duty(stack, tmp_path):
    folder = tmp_path / "var"
    write_log(folder / "predictions", stack.model, "2", rows(80, 1, 3.0), ts_s=time.time() - 3_700)
    assert stack.run("once", "--model", stack.model, PENSTOCK_VAR_DIR=str(folder)).returncode == 0
    said = stack.run("status", PENSTOCK_VAR_DIR=str(folder)).stdout.splitlines()
    assert said[0] == "on duty: nobody; start `python -m monitoring loop`"
    assert said[1] == f"{stack.model} version 2 (champion)"
    assert "80 rows; p99 0.9" in said[2]
    assert "drift share 1.00 (drift)" in said[2]


def test_status_as_json_holds_what_it_says(stack, tmp_path):
    done = stack.run("status", "--json", PENSTOCK_VAR_DIR=str(tmp_path / "fresh"))
    assert orjson.loads(done.stdout) == {"on_duty": None, "windows": [], "decisions": []}


def test_quality_is_measured_estimated_and_told_window_by_window(stack, tmp_path):
    folder = tmp_path / "var"
    ids = write_log(folder / "predictions", stack.model, "1", rows(100, 1, 0.0))
    write_outcomes(folder / "predictions", ids[:60], 1, time.time())
    done = stack.run("quality", "--model", stack.model, PENSTOCK_VAR_DIR=str(folder))
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert lines[0] == f"{stack.model} version 1 (champion), the last 100 rows"
    assert lines[1].startswith("  measured on 60 labelled rows: ")
    assert any(line.startswith("    accuracy 0.") for line in lines)


def test_quality_without_outcomes_says_where_they_go(stack, tmp_path):
    folder = tmp_path / "var"
    write_log(folder / "predictions", stack.model, "1", rows(100, 1, 0.0))
    done = stack.run("quality", "--model", stack.model, PENSTOCK_VAR_DIR=str(folder))
    assert "no outcomes are known; send them to /feedback" in done.stdout


def test_a_count_that_is_none_is_refused(stack, capsys):
    with pytest.raises(SystemExit) as ended:
        main(["status", "--last", "0"])
    assert ended.value.code == 2
    assert "must be a whole number from 1, not '0'" in capsys.readouterr().err
