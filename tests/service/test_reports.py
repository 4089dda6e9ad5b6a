"""Reports in a real MLflow, in a workspace that a real `evidently ui` opens, and in a real browser."""

import json
import shutil
import subprocess
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import mlflow
import pytest
from mlflow.tracking import MlflowClient
from prometheus_client import CollectorRegistry
from prometheus_client.parser import text_string_to_metric_families as parse

from monitoring.door import application, open_door
from monitoring.history import History
from monitoring.lane_check import Drawing
from monitoring.metrics import LaneGauges, MonitorMetrics
from monitoring.monitor import Monitor
from monitoring.registry import Registry
from monitoring.reports.workspace import project_id
from monitoring.result import Result
from monitoring.retraining.journal import Journal
from monitoring.start import pages
from serving.lifecycle.database import Database
from serving.prediction_log import layout
from serving.prediction_log.outcomes import Outcome, encode
from serving.prediction_log.read import read
from serving.prediction_log.segment import SegmentWriter
from serving.settings import Settings, load
from tests.service.monitor_fixtures import register, rows, versioned_reference, write_log

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")


@dataclass
class Desk:
    """A monitor of one model, its pages, and a clock that the test moves."""

    monitor: Monitor
    settings: Settings
    model: str
    client: MlflowClient
    url: str
    clock_s: list[float]

    def check(self, drawing: Drawing = Drawing.ALL) -> Result:
        self.clock_s[0] += 1
        self.monitor.round([self.model], drawing=drawing)
        return self.monitor.results()[0]

    def get(self, path: str, **fields: str) -> str:
        query = f"?{urllib.parse.urlencode(fields)}" if fields else ""
        with urllib.request.urlopen(f"{self.url}{path}{query}", timeout=60) as answer:
            return answer.read().decode()

    def gauges(self) -> dict[tuple[str, str], float]:
        """Values by name and column or metric."""
        samples = [each for family in parse(self.get("/metrics")) for each in family.samples]
        return {
            (each.name, each.labels.get("column") or each.labels.get("metric") or ""): each.value
            for each in samples
            if each.labels.get("model") == self.model
        }

    def runs(self) -> list[mlflow.entities.Run]:
        experiment = self.client.get_experiment_by_name(f"monitoring/{self.model}")
        return self.client.search_runs([experiment.experiment_id], order_by=["attributes.start_time DESC"])

    def pages_of(self, run: mlflow.entities.Run) -> list[str]:
        return sorted(file.path.split("-")[0] for file in self.client.list_artifacts(run.info.run_id))


@pytest.fixture(scope="module")
def model(mlflow_server, tmp_path_factory) -> Iterator[str]:
    mlflow.set_tracking_uri(mlflow_server.uri)
    client, name = MlflowClient(mlflow_server.uri), f"drawn & quartered {uuid.uuid4().hex[:8]}"
    client.create_registered_model(name)
    register(client, name, tmp_path_factory.mktemp("files") / "1", versioned_reference())
    yield name
    mlflow.set_tracking_uri("")


@pytest.fixture
def desk(model, mlflow_server, tmp_path, free_port, monkeypatch) -> Iterator[Desk]:
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "1")
    monkeypatch.setenv("MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT", "true")
    settings = replace(load({}), var_dir=tmp_path, database_url=f"sqlite:///{tmp_path}/penstock.db",
                       tracking_uri=mlflow_server.uri, monitor_reports_kept=2)  # fmt: skip
    client, collectors, clock_s = MlflowClient(mlflow_server.uri), CollectorRegistry(), [time.time()]
    database = Database(settings.database_url)
    history, metrics = History(database), MonitorMetrics(collectors)
    monitor = Monitor(settings, Registry(client, mlflow_server.uri), metrics, history, lambda: clock_s[0])
    collectors.register(LaneGauges(monitor.results))
    site = pages(settings, monitor, history, Journal(database), notice=str)
    port = free_port()
    close = open_door("127.0.0.1", port, application(collectors, site.answer))
    write_log(settings.prediction_log_dir, model, "1", rows(300, 1, 3.0), ts_s=clock_s[0] - 5)
    yield Desk(monitor, settings, model, client, f"http://127.0.0.1:{port}", clock_s)
    close()


def tell_outcomes(desk: Desk) -> None:
    """Nine of ten predictions were right."""
    folder = desk.settings.prediction_log_dir
    writer = SegmentWriter(layout.outcomes_dir(folder), max_bytes=1 << 20, max_age_s=60.0)
    found = read(folder, model=desk.model)
    for place, (name, said) in enumerate(
        zip(found["prediction_id"].to_pylist(), found["prediction"].to_pylist(), strict=True)
    ):
        truth = said if place % 10 else 1 - said
        writer.append(encode(Outcome(name, json.dumps(truth), None, time.time(), time.time())))
    writer.close()


def console_errors(url: str, folder: Path) -> list[str]:
    """What a browser's console says of a page."""
    done = subprocess.run(
        [CHROMIUM, "--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking",
         "--disable-component-update", "--disable-sync", "--no-first-run", f"--user-data-dir={folder}",
         "--virtual-time-budget=8000", "--enable-logging=stderr", "--dump-dom", url],
        capture_output=True, text=True, timeout=120, check=True,
    )  # fmt: skip
    return [line for line in done.stderr.splitlines() if "CONSOLE" in line]


def test_drift_and_quality_reports_are_in_the_run(desk):
    tell_outcomes(desk)
    result = desk.check()
    run = desk.runs()[0]
    assert desk.pages_of(run) == ["drift", "quality"]
    assert run.data.metrics["drift_share"] == result.drift.share
    assert run.data.metrics["quality/accuracy"] == pytest.approx(0.9)
    assert (run.data.tags["penstock.variant"], run.data.tags["penstock.drift"]) == ("champion", "yes")
    assert result.report.run.endswith(run.info.run_id)


def test_older_runs_lose_their_pages_and_keep_their_figures(desk):
    before = len(desk.runs())
    for _ in range(3):
        desk.check()
    runs = desk.runs()
    assert len(runs) == before + 3
    assert [bool(desk.pages_of(run)) for run in runs] == [True, True, *[False] * (len(runs) - 2)]
    assert runs[-1].data.metrics["drift_share"] == 1.0


def test_a_monitor_that_starts_again_takes_the_report_that_is_there(desk):
    made = desk.check().report
    registry = Registry(desk.client, desk.settings.tracking_uri)
    history = History(Database(desk.settings.database_url))
    again = Monitor(
        desk.settings, registry, MonitorMetrics(CollectorRegistry()), history, lambda: desk.clock_s[0]
    )
    again.round([desk.model])
    assert again.results()[0].report == made


def test_the_pages_figures_are_the_metrics(desk):
    tell_outcomes(desk)
    desk.check()
    lane = json.loads(desk.get("/api/status"))["lanes"][0]
    gauges = desk.gauges()
    assert gauges["penstock_drift_share", ""] == lane["drift_share"]
    assert gauges["penstock_window_rows", ""] == lane["rows"]
    assert gauges["penstock_quality", "accuracy"] == lane["quality"]["accuracy"]["value"]
    for column in lane["columns"]:
        assert gauges["penstock_column_drift", column["name"]] == column["distance"]
    html = desk.get("/")
    for text in (f"{lane['drift_share']:.0%}", f"{lane['rows']:,} rows", f"{lane['p99_ms']:.2f}".rstrip("0")):
        assert text in html


def test_a_report_is_made_on_request(desk):
    first = desk.check().report
    time.sleep(max(0.0, first.made_s + 0.1 - time.time()))  # the desk's clock is ahead
    fields = {"model": desk.model, "version": "1", "variant": "champion"}
    asked = urllib.request.Request(
        f"{desk.url}/report", urllib.parse.urlencode(fields).encode(), {"Accept": "application/json"}
    )
    with urllib.request.urlopen(asked, timeout=60) as answer:
        assert answer.status == 202
    assert "is being made" in desk.get(f"/models/{urllib.parse.quote(desk.model)}")
    assert desk.monitor.woken.is_set()
    desk.clock_s[0] = time.time() + 5
    assert desk.check(Drawing.DUE).report.made_s > first.made_s
    assert "is being made" not in desk.get(f"/models/{urllib.parse.quote(desk.model)}")


def test_a_full_workspace_loses_neither_page_nor_run(desk, caplog):
    desk.settings.monitor_dir.mkdir(parents=True)
    (desk.settings.monitor_dir / "workspace").write_text("no folder")
    result = desk.check()
    assert result.report.path.exists()
    assert result.report.run
    assert "the Evidently workspace does not take the report" in caplog.text


@contextmanager
def evidently_ui(workspace: Path, port: int) -> Iterator[str]:
    program = str(Path(sys.executable).with_name("evidently"))
    command = [program, "ui", "--workspace", str(workspace), "--port", str(port)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    url = f"http://127.0.0.1:{port}"
    try:
        wait_for(f"{url}/api/version", "Evidently")
        yield url
    finally:
        process.kill()
        process.wait()


def wait_for(url: str, text: str, timeout_s: float = 180.0) -> str:
    deadline, body = time.monotonic() + timeout_s, ""
    while time.monotonic() < deadline:
        try:
            with urllib.request.urlopen(url, timeout=60) as answer:
                body = answer.read().decode()
        except (OSError, urllib.error.URLError):
            body = ""
        if text in body:
            return body
        time.sleep(0.2)
    raise AssertionError(f"{url} did not say {text!r} within {timeout_s} s but {body[:300]!r}")


@pytest.mark.slow
def test_evidently_ui_shows_the_reports_and_follows_new_ones(desk, free_port):
    desk.check()
    with evidently_ui(desk.settings.monitor_dir / "workspace", free_port()) as url:
        assert desk.model in wait_for(f"{url}/api/projects", desk.model)
        snapshots = f"{url}/api/projects/{project_id(desk.model)}/snapshots"
        assert len(json.loads(wait_for(snapshots, "champion"))) == 1
        desk.check()
        newest = f"{int(desk.clock_s[0] * 1000):012x}"
        wait_for(snapshots, f"{newest[:8]}-{newest[8:]}")


@pytest.mark.slow
@pytest.mark.skipif(CHROMIUM is None, reason="chromium is not installed")
def test_pages_and_reports_show_without_an_error_in_a_browser(desk, tmp_path):
    tell_outcomes(desk)
    desk.check()
    lane = {"model": desk.model, "version": "1", "variant": "champion"}
    addresses = ["/", f"/models/{urllib.parse.quote(desk.model)}"]
    addresses += [f"/report?{urllib.parse.urlencode(lane | more)}" for more in ({}, {"kind": "quality"})]
    said = {path: console_errors(desk.url + path, tmp_path / "browser") for path in addresses}
    assert said == {path: [] for path in addresses}
