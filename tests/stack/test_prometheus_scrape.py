"""A real Prometheus scrapes the gateway and the monitor and finds every metric that the code names."""

import json
import re
import shutil
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.conftest import REPO, pick_free_port, stop_group, wait_for_http
from tests.infra.declared import FILES
from tests.service.gateway_fixtures import Load
from tests.stack.conftest import NAME, House
from tests.stack.running_api import running_api

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        shutil.which("prometheus") is None, reason="needs prometheus (apt install prometheus)"
    ),
]


FROM_THE_FIRST_EVENT_ON = {
    "penstock_caller_requests_total",
    "penstock_fallbacks_total",
    "penstock_model_evictions_total",
    "penstock_pyfunc_starts_total",
    "penstock_requirement_to_production_seconds",
    "penstock_upstream_down",
    "penstock_upstream_retries_total",
}
"""Whose labels nobody knows before, and which nothing here brings about."""


def names_in(source: Path) -> set[str]:
    return set(re.findall(r'"(penstock_\w+)"', source.read_text(encoding="utf-8")))


@pytest.fixture(scope="module")
def monitor_port(trained: House) -> Iterator[int]:
    port = pick_free_port()
    environ = trained.environ | {"PENSTOCK_MONITOR_PORT": str(port), "PENSTOCK_MONITOR_INTERVAL_S": "2"}
    process = subprocess.Popen(
        [sys.executable, "-m", "monitoring", "loop"],
        cwd=REPO,
        env=environ,
        start_new_session=True,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        wait_for_http(f"http://127.0.0.1:{port}/metrics", process)
        yield port
    finally:
        stop_group(process)


@pytest.fixture(scope="module")
def api_port(trained: House, monitor_port: int, tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    environ = trained.environ | {
        "PENSTOCK_GATEWAY_PORT": str(trained.gateway.port),
        "PENSTOCK_MONITOR_PORT": str(monitor_port),
    }
    with running_api(environ, tmp_path_factory.mktemp("api") / "api.log") as port:
        yield port


@pytest.fixture(scope="module")
def prometheus(
    trained: House, monitor_port: int, api_port: int, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[str]:
    root, port = tmp_path_factory.mktemp("prometheus"), pick_free_port()
    config = yaml.safe_load((REPO / "infra/prometheus/prometheus.yml").read_text(encoding="utf-8"))
    ports = {
        "8000": str(trained.gateway.port),
        "9101": str(monitor_port),
        "8080": str(api_port),
        "9090": str(port),
    }
    text = yaml.safe_dump(config | {"global": {"scrape_interval": "1s"}, "rule_files": [], "alerting": {}})
    for default, real in ports.items():
        text = text.replace(f":{default}", f":{real}")
    (root / "prometheus.yml").write_text(text, encoding="utf-8")
    command = [
        "prometheus",
        f"--config.file={root}/prometheus.yml",
        f"--storage.tsdb.path={root}/data",
        f"--web.listen-address=127.0.0.1:{port}",
    ]
    process = subprocess.Popen(
        command, start_new_session=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        wait_for_http(f"http://127.0.0.1:{port}/-/ready", process)
        yield f"http://127.0.0.1:{port}"
    finally:
        stop_group(process)


def get(url: str) -> Any:
    with urllib.request.urlopen(url, timeout=60) as answer:
        return json.loads(answer.read())["data"]


def test_all_targets_are_up(prometheus: str) -> None:
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline:
        health = {
            t["labels"]["job"]: t["health"] for t in get(f"{prometheus}/api/v1/targets")["activeTargets"]
        }
        if set(health.values()) == {"up"}:
            break
        time.sleep(0.5)
    assert health == dict.fromkeys(
        ("penstock-gateway", "penstock-monitor", "penstock-api", "prometheus"), "up"
    )


def test_every_metric_that_the_code_names_is_scraped(trained: House, prometheus: str) -> None:
    named = set().union(*(names_in(REPO / source) for source in FILES))
    assert named >= FROM_THE_FIRST_EVENT_ON
    named -= FROM_THE_FIRST_EVENT_ON
    shadow = {
        "variants": {"champion": {"stage": "Production", "weight": 100}},
        "shadow": [{"name": "shadow", "version": "2"}],
    }
    trained.client.set_registered_model_tag(NAME, "penstock.route", json.dumps(shadow))
    with Load(trained.gateway, NAME, clients=1) as load:
        load.wait_for(20)
    deadline = time.monotonic() + 60
    missing = named
    while missing and time.monotonic() < deadline:
        time.sleep(1)
        scraped = set(get(f"{prometheus}/api/v1/metadata")) | set(
            get(f"{prometheus}/api/v1/label/__name__/values")
        )
        bare = {re.sub(r"_(total|bucket|count|sum|created)$", "", name) for name in scraped}
        missing = {name for name in named if name not in scraped and re.sub(r"_total$", "", name) not in bare}
    trained.client.delete_registered_model_tag(NAME, "penstock.route")
    assert len(named) >= 15
    assert missing == set()
