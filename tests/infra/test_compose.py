"""docker-compose.yml and the image agree with the code and with each other."""

import re
from pathlib import Path

import pytest
import yaml

from serving.settings import load

REPO = Path(__file__).parents[2]
COMPOSE = yaml.safe_load((REPO / "docker-compose.yml").read_text())
SERVICES = COMPOSE["services"]
OURS = ("mlflow", "gateway", "monitor", "evidently")
PORTS = {"evidently": 8090, "prometheus": 9090, "alertmanager": 9093, "grafana": 3000}
DOCKERFILE = (REPO / "infra" / "docker" / "Dockerfile").read_text()


def port_of(service: str) -> int:
    settings = load({})
    return {
        "mlflow": settings.mlflow_port,
        "gateway": settings.gateway_port,
        "monitor": settings.monitor_port,
        **PORTS,
    }[service]


def test_the_services_are_those_of_the_stack():
    assert set(SERVICES) == {*OURS, "prometheus", "alertmanager", "grafana"}


@pytest.mark.parametrize("name", SERVICES)
def test_a_port_is_published_on_loopback_only(name):
    assert SERVICES[name]["ports"] == [f"127.0.0.1:{port_of(name)}:{port_of(name)}"]


@pytest.mark.parametrize("name", SERVICES)
def test_a_service_is_checked_bounded_and_restarted(name):
    service = SERVICES[name]
    assert f":{port_of(name)}/" in " ".join(service["healthcheck"]["test"])
    assert service["mem_limit"]
    assert service["restart"] == "unless-stopped"
    assert service["cap_drop"] == ["ALL"]


@pytest.mark.parametrize("name", SERVICES)
def test_an_image_is_pinned_by_a_version(name):
    assert re.search(r":v?\d+\.\d+\.\d+$", SERVICES[name]["image"])


def test_our_image_has_the_version_of_the_distribution():
    version = re.search(r'^version = "(.+)"', (REPO / "pyproject.toml").read_text(), re.MULTILINE)
    assert {SERVICES[name]["image"] for name in OURS} == {f"penstock:{version[1]}"}


@pytest.mark.parametrize(
    ("name", "needed"),
    [
        ("gateway", {"mlflow"}),
        ("monitor", {"mlflow"}),
        ("evidently", {"monitor"}),
        ("prometheus", {"gateway", "monitor", "alertmanager"}),
        ("grafana", {"prometheus"}),
    ],
)
def test_a_service_waits_for_healthy_ones(name, needed):
    assert SERVICES[name]["depends_on"] == {other: {"condition": "service_healthy"} for other in needed}


@pytest.mark.parametrize("name", ["gateway", "monitor"])
def test_the_settings_are_ones_that_the_code_takes(name):
    settings = load(SERVICES[name]["environment"])
    assert (settings.host, settings.open_host) == ("0.0.0.0", True)
    assert settings.tracking_uri == f"http://mlflow:{port_of('mlflow')}"
    assert f"var:{settings.var_dir}" in SERVICES[name]["volumes"]


def test_the_commands_are_modules_that_exist():
    for name, main in (("gateway", "serving"), ("monitor", "monitoring")):
        assert SERVICES[name]["command"][:3] == ["python", "-m", main]
        assert (REPO / main / "__main__.py").exists()


@pytest.mark.filterwarnings("ignore:.*Any type hint is inferred as AnyType:UserWarning")
def test_mlflow_knows_its_options():
    from mlflow.cli import server

    known = {option for parameter in server.params for option in parameter.opts}
    used = {word.partition("=")[0] for word in SERVICES["mlflow"]["command"] if word.startswith("--")}
    assert used <= known
    assert "--allowed-hosts=mlflow,mlflow:*,localhost:*,127.0.0.1:*" in SERVICES["mlflow"]["command"]
    assert SERVICES["mlflow"]["environment"] == {"MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false"}


def test_every_named_volume_is_declared():
    used = {volume.partition(":")[0] for service in SERVICES.values() for volume in service["volumes"]}
    assert {name for name in used if not name.startswith(".")} == set(COMPOSE["volumes"])


def test_prometheus_scrapes_the_services_and_tells_alertmanager():
    config = yaml.safe_load((REPO / "infra" / "prometheus" / "prometheus.compose.yml").read_text())
    targets = [
        job["static_configs"][0]["targets"][0] for job in config["scrape_configs"] if "static_configs" in job
    ]
    told = config["alerting"]["alertmanagers"][0]["static_configs"][0]["targets"]
    assert targets == [*(f"{name}:{port_of(name)}" for name in ("gateway", "monitor")), "127.0.0.1:9090"]
    assert told == [f"alertmanager:{port_of('alertmanager')}"]


def test_the_monitor_links_to_the_published_ports():
    settings = load(SERVICES["monitor"]["environment"])
    linked = (settings.mlflow_url, settings.evidently_url, settings.grafana_url)
    assert linked == tuple(f"http://127.0.0.1:{port_of(name)}" for name in ("mlflow", "evidently", "grafana"))
    assert settings.gateway_metrics == f"http://gateway:{port_of('gateway')}/metrics"


def test_evidently_shows_the_monitors_workspace():
    command = SERVICES["evidently"]["command"]
    var_dir = load(SERVICES["monitor"]["environment"]).var_dir
    assert command[command.index("--workspace") + 1] == f"{var_dir}/monitor/workspace"


def test_nobody_logs_in_to_grafana_and_all_may_only_look():
    environment = SERVICES["grafana"]["environment"]
    assert environment["GF_AUTH_ANONYMOUS_ORG_ROLE"] == "Viewer"
    assert environment["GF_AUTH_DISABLE_LOGIN_FORM"] == "true"
    assert environment["GF_AUTH_BASIC_ENABLED"] == "false"
    assert environment["PROMETHEUS_URL"] == f"http://prometheus:{port_of('prometheus')}"


def test_there_are_no_secrets():
    text = (REPO / "docker-compose.yml").read_text() + DOCKERFILE
    assert not re.search(r"(?i)password|secret|token|api_key|://[^/\s]+:[^/\s]+@", text)


def test_the_image_is_pinned_hashed_and_not_root():
    assert re.search(r"^FROM python:3\.11\.\d+-slim-\w+$", DOCKERFILE, re.MULTILINE)
    assert "--require-hashes --requirement requirements.lock" in DOCKERFILE
    assert re.findall(r"^USER (\w+)$", DOCKERFILE, re.MULTILINE) == ["penstock"]


def test_the_image_copies_what_exists_and_what_the_builder_is_given():
    copied = [
        word for line in re.findall(r"^COPY (.+) \S+$", DOCKERFILE, re.MULTILINE) for word in line.split()
    ]
    given = re.findall(r"^!(\S+)$", (REPO / ".dockerignore").read_text(), re.MULTILINE)
    assert sorted(copied) == sorted(given)
    assert all((REPO / name).exists() for name in copied)
