"""What the rules make of docker-compose.yml: nothing of a container's is left, and all else stays."""

import re
from pathlib import Path

import pytest

from tests.infra.composed import composed, env_file
from tests.stack.by_hand import PORTS, House, Service
from tests.stack.production import NOT_HERE

DOCUMENT = composed(env_file("infra/production/full.env") | {"PENSTOCK_SECRETS": "/nowhere/secrets"})
SERVICES = [name for name in DOCUMENT["services"] if name not in NOT_HERE]


@pytest.fixture
def house(tmp_path: Path) -> House:
    ports = {name: (20_000 + 10 * number, 20_001 + 10 * number) for number, name in enumerate(PORTS)}
    return House(tmp_path, ports, DOCUMENT)


def texts(service: Service) -> list[str]:
    return [*service.command, *service.environ.values(), *service.check]


@pytest.mark.parametrize("name", SERVICES)
def test_no_place_of_a_container_is_left(house: House, name: str) -> None:
    inside = re.compile(
        r"(?<![\w./-])/(run/secrets|app/var|var/lib/postgresql|store|alertmanager|scratch|backups)\b"
    )
    assert [text for text in texts(Service(house, name)) if inside.search(text)] == []


@pytest.mark.parametrize("name", SERVICES)
def test_no_address_of_composes_network_is_left(house: House, name: str) -> None:
    ports = "|".join(map(str, PORTS.values()))
    names = "|".join(PORTS)
    left = re.compile(rf"0\.0\.0\.0|\b({names}|localhost|127\.0\.0\.1):({ports})\b")
    assert [text for text in texts(Service(house, name)) if left.search(text)] == []


def test_a_command_keeps_what_is_no_place(house: House) -> None:
    command = Service(house, "mlflow").command
    asked = DOCUMENT["services"]["mlflow"]["command"]
    same = [word for word in asked if word in command]
    assert len(command) == len(asked)
    assert set(asked) - set(same) == {
        "--env-file=/run/secrets/mlflow_env", "--host=0.0.0.0", "--port=5000",
        "--allowed-hosts=mlflow:5000,localhost:5000,127.0.0.1:5000",
    }  # fmt: skip


def test_a_service_gets_the_secrets_that_it_is_granted_and_no_other(house: House) -> None:
    secrets = Service(house, "model-server").secrets
    assert secrets == {"/run/secrets/mlflow_admin": Path("/nowhere/secrets/mlflow_admin")}


def test_mlflow_has_a_folder_for_what_passes_through_it(house: House) -> None:
    environ = Service(house, "mlflow").environ
    assert environ["TMPDIR"] == str(house.root / "volumes" / "mlflow-scratch")


def test_back_ups_are_written_to_a_folder_of_the_houses_own(house: House) -> None:
    assert Service(house, "tools").places["/backups"] == house.root / "checkout" / "backups"


def test_replicas_have_ports_and_folders_of_their_own(house: House) -> None:
    first, second = (Service(house, "model-server", number) for number in (0, 1))
    name = "PENSTOCK_MODEL_SERVER_PORT"
    assert first.environ[name] != second.environ[name]
    assert first.environ["PENSTOCK_VAR_DIR"] != second.environ["PENSTOCK_VAR_DIR"]
    assert (
        Service(house, "jobs").environ["PENSTOCK_VAR_DIR"]
        == Service(house, "api").environ["PENSTOCK_VAR_DIR"]
    )


def test_the_gateway_finds_the_model_servers_in_a_file(house: House) -> None:
    assert Service(house, "gateway").environ["PENSTOCK_UPSTREAMS"] == f"file://{house.upstreams}"
