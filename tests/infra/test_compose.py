"""docker-compose.yml and the code agree, and its containers are as closed as they can be."""

import re
import subprocess
import sys

import pytest
import yaml

from infra.production.contents import Places, groups
from infra.production.setup import NAMES
from serving.leaving import LAST_S
from serving.settings import load
from tests.infra.composed import REPO, VARIABLE, composed, env_file

COMPOSE = composed()
SERVICES = COMPOSE["services"]
OURS = ("setup", "tools", "gateway", "model-server", "monitor", "api", "jobs")
ENDING = ("setup", "tools")
ALONE = (*ENDING, "jobs")
"""Those that nothing calls."""
PORTS = {
    "postgres": 5432, "s3": 8333, "redis": 6379, "evidently": 8090, "prometheus": 9090, "alertmanager": 9093,
    "grafana": 3000,
}  # fmt: skip
INNER = ("postgres", "s3", "redis", "model-server")
MINIMAL = {name for name in SERVICES if "minimal" in SERVICES[name]["profiles"]}
UNITS = {"m": 1024**2, "g": 1024**3}


@pytest.fixture(scope="module")
def secrets(tmp_path_factory):
    folder = tmp_path_factory.mktemp("secrets")
    for group in groups(lambda count: b"\x07" * count, Places()):
        for name, text in group.items():
            (folder / name).write_text(text)
            (folder / name).chmod(0o600)
    return folder


def settings_of(name, secrets):
    environment = {key: str(value) for key, value in SERVICES[name]["environment"].items()}
    return load({key: value.replace("/run/secrets", str(secrets)) for key, value in environment.items()})


def port_of(service):
    settings = load({})
    return {
        "mlflow": settings.mlflow_port,
        "gateway": settings.gateway_port,
        "model-server": settings.model_server_port,
        "monitor": settings.monitor_port,
        "api": settings.api_port,
        **PORTS,
    }[service]


def memory(name):
    match = re.fullmatch(r"(\d+)([mg])", SERVICES[name]["mem_limit"])
    return int(match[1]) * UNITS[match[2]]


def secrets_of(name):
    return [each if isinstance(each, str) else each["source"] for each in SERVICES[name].get("secrets", [])]


def test_the_file_is_what_compose_takes():
    command = [
        sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.compose-spec",
        str(REPO / "docker-compose.yml"),
    ]  # fmt: skip
    done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stdout


def test_the_services_are_those_of_the_stack():
    assert set(SERVICES) == {*OURS, *PORTS, "mlflow"}


def test_the_full_profile_has_every_service_but_the_tools():
    assert {name for name in SERVICES if "full" not in SERVICES[name]["profiles"]} == {"tools"}


def test_the_minimal_profile_fits_into_six_gigabytes():
    assert sum(memory(name) for name in MINIMAL) < 6e9


def test_the_minimal_profile_needs_nothing_of_the_other():
    needed = {
        other
        for name in MINIMAL
        for other, how in SERVICES[name].get("depends_on", {}).items()
        if how.get("required", True)
    }
    assert needed <= MINIMAL


@pytest.mark.parametrize("name", SERVICES)
def test_a_service_is_closed_and_bounded(name):
    service = SERVICES[name]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert service["user"] not in ("", "root", "0", "0:0")
    assert service["networks"] == ["inside"]
    assert memory(name) > 0
    assert service["logging"] == {"driver": "json-file", "options": {"max-size": "10m", "max-file": "3"}}


@pytest.mark.parametrize("name", SERVICES)
def test_a_service_is_started_again_unless_it_is_meant_to_end(name):
    assert SERVICES[name]["restart"] == ("no" if name in ENDING else "unless-stopped")


@pytest.mark.parametrize("name", [name for name in SERVICES if name not in (*ALONE, *INNER)])
def test_a_port_is_published_on_loopback_only(name):
    assert SERVICES[name]["ports"] == [f"127.0.0.1:{port_of(name)}:{port_of(name)}"]


@pytest.mark.parametrize("name", [*ALONE, *INNER])
def test_what_is_for_the_inside_alone_is_not_published(name):
    assert "ports" not in SERVICES[name]


@pytest.mark.parametrize("name", [name for name in SERVICES if name not in ALONE])
def test_a_door_is_checked_at_its_port(name):
    assert (
        re.search(rf"\b{port_of(name)}\b", " ".join(SERVICES[name]["healthcheck"]["test"])) or name == "redis"
    )
    assert "6379" in " ".join(SERVICES["redis"]["healthcheck"]["test"])


@pytest.mark.parametrize("name", SERVICES)
def test_an_image_is_pinned(name):
    assert re.search(r":v?\d+\.\d+(\.\d+)?(-\w+)?(@sha256:[0-9a-f]{64})?$", SERVICES[name]["image"])


def test_our_images_have_the_version_of_the_distribution():
    version = re.search(r'^version = "(.+)"', (REPO / "pyproject.toml").read_text(), re.MULTILINE)
    assert {SERVICES[name]["image"] for name in (*OURS, "mlflow", "evidently")} == {
        f"penstock-{kind}:{version[1]}" for kind in ("platform", "serving", "mlflow")
    }


@pytest.mark.parametrize(
    ("name", "needed"),
    [
        ("setup", {"postgres", "s3"}),
        ("tools", {"postgres", "s3"}),
        ("gateway", {"mlflow", "model-server"}),
        ("model-server", {"mlflow"}),
        ("monitor", {"mlflow"}),
        ("api", {"gateway", "redis"}),
        ("jobs", {"api"}),
        ("evidently", {"monitor"}),
        ("prometheus", {"gateway", "monitor", "api", "alertmanager"}),
        ("grafana", {"prometheus"}),
    ],
)
def test_a_service_waits_for_healthy_ones(name, needed):
    found = SERVICES[name]["depends_on"]
    assert set(found) == needed
    assert {how["condition"] for how in found.values()} == {"service_healthy"}


def test_mlflow_waits_for_its_databases():
    assert SERVICES["mlflow"]["depends_on"]["setup"] == {"condition": "service_completed_successfully"}


@pytest.mark.parametrize("name", OURS)
def test_the_settings_are_ones_that_the_code_takes(name, secrets):
    settings = settings_of(name, secrets)
    assert (settings.auth, settings.gateway_auth, settings.host) == ("mlflow", "mlflow", "0.0.0.0")
    assert settings.tracking_uri == f"http://mlflow:{port_of('mlflow')}"
    assert settings.open_host is (name == "model-server")


@pytest.mark.parametrize("name", [name for name in OURS if name != "model-server"])
def test_penstocks_tables_are_in_postgresql(name, secrets):
    url = settings_of(name, secrets).database_url
    assert re.fullmatch(r"postgresql\+psycopg://penstock:\w{48}@postgres:5432/penstock", url)


@pytest.mark.parametrize("name", ["api", "jobs"])
def test_tokens_of_jobs_are_in_redis(name, secrets):
    assert re.fullmatch(r"redis://:\w{48}@redis:6379/0", settings_of(name, secrets).jobs_redis_url)


@pytest.mark.parametrize("name", ["gateway", "monitor", "api", "jobs"])
def test_the_prediction_log_is_shared_and_copied_to_the_bucket(name, secrets):
    settings = settings_of(name, secrets)
    assert f"var:{settings.var_dir}" in SERVICES[name]["volumes"]
    assert settings.log_s3_uri == "s3://penstock/predictions"
    assert settings.s3_encryption == "AES256"


@pytest.mark.parametrize("name", SERVICES)
def test_a_secret_that_is_named_is_given(name):
    service = SERVICES[name]
    words = [*map(str, service.get("environment", {}).values()), *map(str, service.get("command", []))]
    named = set(re.findall(r"/run/secrets/(\w+)", " ".join(words)))
    assert named <= set(secrets_of(name))


@pytest.mark.parametrize("name", SERVICES)
def test_a_secret_that_is_given_is_one_that_is_made(name):
    made = {each for group in groups(bytes, Places()) for each in group}
    assert set(secrets_of(name)) <= set(COMPOSE["secrets"]) == made


def test_setup_is_given_the_files_that_it_looks_at():
    assert sorted(secrets_of("setup")) == sorted(NAMES)


def test_the_tools_have_what_setup_has_and_where_back_ups_go():
    tools, setup = SERVICES["tools"], SERVICES["setup"]
    assert tools["profiles"] == ["tools"]
    assert (tools["environment"], tools["secrets"]) == (setup["environment"], setup["secrets"])
    assert tools["volumes"] == ["var:/app/var", "./backups:/backups"]


def test_what_passes_through_mlflow_lies_on_a_disk_that_any_user_may_write():
    mlflow = SERVICES["mlflow"]
    assert f"mlflow-scratch:{mlflow['environment']['TMPDIR']}" in mlflow["volumes"]
    dockerfile = (REPO / "infra" / "docker" / "mlflow.Dockerfile").read_text()
    assert "install --directory --mode=1777 /scratch" in dockerfile


def test_there_are_no_passwords_in_the_file():
    text = (REPO / "docker-compose.yml").read_text()
    assert not re.search(r"://[^/\s:]*:[^/\s]+@|(?i:password|secret_key|token)\s*[:=]\s*\S*\d", text)


def test_the_commands_are_modules_that_exist():
    mains = {
        "setup": "infra.production", "tools": "penstock", "gateway": "serving",
        "model-server": "serving.model_server", "monitor": "monitoring", "api": "penstock.api",
        "jobs": "penstock.jobs",
    }  # fmt: skip
    for name, main in mains.items():
        assert SERVICES[name]["command"][:3] == ["python", "-m", main]
        assert (REPO / main.replace(".", "/") / "__main__.py").exists()


@pytest.mark.filterwarnings("ignore:.*Any type hint is inferred as AnyType:UserWarning")
def test_mlflow_knows_its_options():
    from mlflow.cli import server

    known = {option for parameter in server.params for option in parameter.opts}
    words = SERVICES["mlflow"]["command"]
    used = {word.partition("=")[0] for word in words[words.index("server") :] if word.startswith("--")}
    assert used <= known
    assert {
        "--app-name=basic-auth",
        "--workers=2",
        "--allowed-hosts=mlflow:5000,localhost:5000,127.0.0.1:5000",
    } < set(words)


def test_mlflows_artefacts_are_encrypted():
    environment = SERVICES["mlflow"]["environment"]
    assert yaml.safe_load(environment["MLFLOW_S3_UPLOAD_EXTRA_ARGS"]) == {"ServerSideEncryption": "AES256"}


def test_every_named_volume_is_declared():
    used = {
        volume.partition(":")[0] for service in SERVICES.values() for volume in service.get("volumes", [])
    }
    assert {name for name in used if name[0] not in "./"} == set(COMPOSE["volumes"])


def test_prometheus_scrapes_the_services_and_tells_alertmanager():
    config = yaml.safe_load((REPO / "infra" / "prometheus" / "prometheus.compose.yml").read_text())
    jobs = {job["job_name"]: job for job in config["scrape_configs"]}
    targets = [job["static_configs"][0]["targets"][0] for job in jobs.values() if "static_configs" in job]
    told = config["alerting"]["alertmanagers"][0]["static_configs"][0]["targets"]
    ours = [f"{name}:{port_of(name)}" for name in ("gateway", "monitor", "api")]
    assert targets == [*ours, "127.0.0.1:9090"]
    assert jobs["penstock-model-server"]["dns_sd_configs"][0]["port"] == port_of("model-server")
    assert told == [f"alertmanager:{port_of('alertmanager')}"]


@pytest.mark.parametrize("name", ["monitor", "api"])
def test_pages_link_to_the_published_ports(name, secrets):
    settings = settings_of(name, secrets)
    linked = (settings.mlflow_url, settings.evidently_url, settings.grafana_url)
    assert linked == tuple(f"http://127.0.0.1:{port_of(name)}" for name in ("mlflow", "evidently", "grafana"))


def test_the_services_reach_one_another(secrets):
    monitor, api = (settings_of(name, secrets) for name in ("monitor", "api"))
    assert monitor.gateway_metrics == f"http://gateway:{port_of('gateway')}/metrics"
    assert api.gateway_url == f"http://gateway:{port_of('gateway')}"
    assert api.monitor_url == f"http://monitor:{port_of('monitor')}"


def test_the_full_profile_scores_on_model_servers():
    full = composed(env_file("infra/production/full.env"))["services"]
    address = f"dns+http://model-server:{port_of('model-server')}"
    assert full["gateway"]["environment"]["PENSTOCK_UPSTREAMS"] == address
    assert SERVICES["gateway"]["environment"]["PENSTOCK_UPSTREAMS"] == ""


def test_evidently_shows_the_monitors_workspace(secrets):
    command = SERVICES["evidently"]["command"]
    assert (
        command[command.index("--workspace") + 1]
        == f"{settings_of('monitor', secrets).var_dir}/monitor/workspace"
    )


def test_nobody_logs_in_to_grafana_and_all_may_only_look():
    environment = SERVICES["grafana"]["environment"]
    assert environment["GF_AUTH_ANONYMOUS_ORG_ROLE"] == "Viewer"
    assert environment["GF_AUTH_DISABLE_LOGIN_FORM"] == "true"
    assert environment["GF_AUTH_BASIC_ENABLED"] == "false"
    assert environment["PROMETHEUS_URL"] == f"http://prometheus:{port_of('prometheus')}"


def test_a_gateway_is_left_the_time_to_drain_and_to_copy_its_last_log():
    settings = load({})
    most_s = settings.gateway_drain_s + settings.gateway_time_limit_s + LAST_S
    assert int(SERVICES["gateway"]["stop_grace_period"].removesuffix("s")) > most_s


@pytest.mark.parametrize("page", ["PRODUCTION.md", "SCALING.md"])
def test_a_variable_that_the_pages_name_reaches_a_container(page):
    named = set(re.findall(r"PENSTOCK_[A-Z0-9_]+", (REPO / "infra" / page).read_text(encoding="utf-8")))
    fixed = {"PENSTOCK_TRACKING_URI"}  # for a server elsewhere the file is changed anyway
    text = (REPO / "docker-compose.yml").read_text(encoding="utf-8")
    assert named - {match[1] for match in VARIABLE.finditer(text)} <= fixed
