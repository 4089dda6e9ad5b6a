"""Prometheus and Alertmanager as a person on call has them, only quicker; and the webhook that is called."""

import json
import re
import subprocess
import threading
import time
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import yaml

from tests.conftest import REPO, pick_free_port, stop_group, wait_for_http

INFRA = REPO / "infra"


def get(url: str) -> Any:
    with urllib.request.urlopen(url, timeout=60) as answer:
        return json.loads(answer.read())


@dataclass
class Webhook:
    """What a receiver of alerts was told, in order."""

    port: int
    told: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    """The path, which names the receiver, and the alert."""

    def alerts(self, name: str) -> list[tuple[str, dict[str, Any]]]:
        return [(path, alert) for path, alert in self.told if alert["labels"]["alertname"] == name]


@contextmanager
def listening_webhook() -> Iterator[Webhook]:
    webhook = Webhook(0)

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            message = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            webhook.told += [(self.path, alert) for alert in message["alerts"]]
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    webhook.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield webhook
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@dataclass(frozen=True)
class Alerting:
    prometheus: str
    alertmanager: str
    webhook: Webhook

    def value(self, query: str) -> float | None:
        asked = urllib.parse.urlencode({"query": query})
        found = get(f"{self.prometheus}/api/v1/query?{asked}")["data"]["result"]
        return float(found[0]["value"][1]) if found else None

    def firing(self) -> set[str]:
        found = get(f"{self.prometheus}/api/v1/alerts")["data"]["alerts"]
        return {alert["labels"]["alertname"] for alert in found if alert["state"] == "firing"}

    def is_inhibited(self, name: str) -> bool:
        found = get(f"{self.alertmanager}/api/v2/alerts")
        return any(alert["status"]["inhibitedBy"] for alert in found if alert["labels"]["alertname"] == name)

    def wait_until(self, is_so: Callable[[], object], limit_s: float = 180.0) -> None:
        deadline = time.monotonic() + limit_s
        while not is_so():
            assert time.monotonic() < deadline, f"firing: {self.firing()}; told: {self.webhook.told}"
            time.sleep(0.2)


@contextmanager
def alerting(folder: Path, *, gateway_port: int, monitor_port: int, api_port: int) -> Iterator[Alerting]:
    """The configurations of infra with these ports, and seconds where they have minutes."""
    prometheus_port, alertmanager_port = pick_free_port(), pick_free_port()
    ports = {8000: gateway_port, 9101: monitor_port, 8080: api_port}
    ports |= {9090: prometheus_port, 9093: alertmanager_port}
    for file in ("prometheus.yml", "recording.yml", "alerts.yml", "model_servers.yml"):
        text = (INFRA / "prometheus" / file).read_text(encoding="utf-8")
        text = re.sub(r"\b(for|interval|\w+_interval): \d+[smh]", r"\1: 1s", text)
        for port, real in ports.items():
            text = text.replace(f"127.0.0.1:{port}", f"127.0.0.1:{real}")
        (folder / file).write_text(text, encoding="utf-8")
    with listening_webhook() as webhook:
        (folder / "alertmanager.yml").write_text(_alertmanager(webhook.port), encoding="utf-8")
        with (
            _running(
                folder,
                "prometheus-alertmanager",
                alertmanager_port,
                f"--config.file={folder}/alertmanager.yml",
                f"--storage.path={folder}/alertmanager",
                "--cluster.listen-address=",
            ) as alertmanager,
            _running(
                folder,
                "prometheus",
                prometheus_port,
                f"--config.file={folder}/prometheus.yml",
                f"--storage.tsdb.path={folder}/prometheus",
                "--rules.alert.resend-delay=1s",
            ) as prometheus,
        ):
            yield Alerting(prometheus, alertmanager, webhook)


def _alertmanager(webhook_port: int) -> str:
    text = (INFRA / "alertmanager" / "alertmanager.yml").read_text(encoding="utf-8")
    config = yaml.safe_load(re.sub(r"\b(group_wait|group_interval): \d+[smh]", r"\1: 1s", text))
    for receiver in config["receivers"]:
        address = f"http://127.0.0.1:{webhook_port}/{receiver['name']}"
        receiver["webhook_configs"] = [{"url": address, "send_resolved": False}]
    return str(yaml.safe_dump(config))


@contextmanager
def _running(folder: Path, program: str, port: int, *options: str) -> Iterator[str]:
    with (folder / f"{program}.log").open("wb") as log:
        process = subprocess.Popen(
            [program, *options, f"--web.listen-address=127.0.0.1:{port}"],
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        wait_for_http(f"http://127.0.0.1:{port}/-/ready", process)
        yield f"http://127.0.0.1:{port}"
    finally:
        stop_group(process)
