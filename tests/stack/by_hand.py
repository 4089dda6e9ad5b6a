"""What a container engine does with a service of docker-compose.yml, done without one: all the rules.

As compose has it: the command, the environment (and nothing of this process's but PATH), the secrets that the
service is granted and no other, the user, no capabilities and no new privileges (where this process is root),
volumes that are shared where a name is shared, the order, and the health checks' own commands.

Otherwise, as this machine needs it:

1. `service:port`, and loopback with a published port, is 127.0.0.1 with a free port; so is a bare port in its
   own service's command. 0.0.0.0 is 127.0.0.1. Penstock's processes are told their ports by their settings.
2. Paths within containers (volumes, `/run/secrets`, `/tmp`) are folders of the test's.
3. Programs that images begin by themselves are named: Prometheus and Alertmanager as Debian calls them;
   `docker-entrypoint.sh` of PostgreSQL is initdb with the image's variables, by the system's user `postgres`,
   as a cluster has to belong to a user that the system knows, and it is stopped by the image's SIGINT, which
   waits for no client; Redis is told to listen on loopback alone.
   Where this Python lies in a folder of root's alone, its processes are root without any capability.
4. SeaweedFS is `s3_server.py` with the same arguments, port and identities.
5. Where compose finds model servers by DNS, a file lists them: for the gateway, and for Prometheus.
6. Prometheus' and Alertmanager's files are copies with the addresses of rule 1 and seconds for minutes.

Not done: limits on memory, read-only root folders, restarts by the engine, and Grafana.
"""

import re
import shutil
import signal
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from tests.infra.composed import REPO

IMAGE = {"PYTHONUNBUFFERED": "1", "PYTHONDONTWRITEBYTECODE": "1", "DO_NOT_TRACK": "true", "LANG": "C.UTF-8"}
"""What the Dockerfiles and their Python image set."""
PORTS = {
    "postgres": 5432, "s3": 8333, "redis": 6379, "mlflow": 5000, "gateway": 8000, "model-server": 8010,
    "monitor": 9101, "api": 8080, "evidently": 8090, "prometheus": 9090, "alertmanager": 9093,
    "grafana": 3000,
}  # fmt: skip
"""Where each service listens in its container."""
OWN_PORT = {
    "gateway": "PENSTOCK_GATEWAY_PORT", "model-server": "PENSTOCK_MODEL_SERVER_PORT",
    "monitor": "PENSTOCK_MONITOR_PORT", "api": "PENSTOCK_API_PORT",
}  # fmt: skip
BEGUN_BY_IMAGES = {"prometheus": "prometheus", "alertmanager": "prometheus-alertmanager"}
S3_STAND_IN = [sys.executable, str(Path(__file__).parent / "s3_server.py")]
MINUTES = "for|interval|scrape_interval|evaluation_interval|group_wait|group_interval"
UPSTREAMS_BY_NAME = "dns+"
DEBIAN_POSTGRES = Path("/usr/lib/postgresql")


@dataclass(frozen=True)
class House:
    """One stack's places on this machine.

    Attributes:
        root: Its folder.
        ports: The free port of each service; of replicas, one each.
        document: docker-compose.yml, with its variables filled.
    """

    root: Path
    ports: Mapping[str, tuple[int, ...]]
    document: Mapping[str, Any]

    @property
    def upstreams(self) -> Path:
        """Lists the model servers."""
        return self.root / "upstreams"

    def url(self, service: str) -> str:
        return f"http://127.0.0.1:{self.ports[service][0]}"


@dataclass(frozen=True)
class Service:
    """One container, as this machine runs it."""

    house: House
    name: str
    replica: int = 0

    @cached_property
    def asked(self) -> Mapping[str, Any]:
        """What compose's file says."""
        asked: Mapping[str, Any] = self.house.document["services"][self.name]
        return asked

    @property
    def label(self) -> str:
        return f"{self.name}-{self.replica + 1}" if self.replica else self.name

    @property
    def folder(self) -> Path:
        """For what is this container's alone: `/tmp`, its secrets, its log."""
        return self.house.root / "containers" / self.label

    @property
    def log(self) -> Path:
        return self.folder.with_suffix(".log")

    @cached_property
    def places(self) -> dict[str, Path]:
        """Rule 2: where paths within the container lie, the longest first."""
        found = {"/run/secrets": self.folder / "secrets", "/tmp": self.folder / "tmp"}
        found["/app/var"] = self.folder / "var"  # the image's, where no volume is mounted over it
        for number, text in enumerate(self.asked.get("volumes", [])):
            source, _, target = text.removesuffix(":ro").rpartition(":")
            if source.startswith("."):
                kept = "etc" if text.endswith(":ro") else "checkout"
                found[target] = self.house.root / kept / Path(source).name
            elif source:
                found[target] = self.house.root / "volumes" / source
            else:
                found[target] = self.folder / f"volume{number}"
        return dict(sorted(found.items(), key=lambda item: -len(item[0])))

    def here(self, text: str, *, is_own: bool = False) -> str:
        """A text of compose's file as it is on this machine (rules 1 and 2).

        Args:
            text: Of a command, an environment or a configuration.
            is_own: Whether a bare port is meant, as in the service's own command.
        """
        for name, port in PORTS.items():
            free = self.house.ports[name][self.replica if name == self.name else 0]
            addresses = rf"\b({name}|127\.0\.0\.1|0\.0\.0\.0|localhost):{port}\b"
            text = re.sub(addresses, f"127.0.0.1:{free}", text)
            if is_own and name == self.name:
                text = re.sub(rf"(?<![\w.:]){port}\b", str(free), text)
        text = text.replace("0.0.0.0", "127.0.0.1")
        paths = "|".join(map(re.escape, self.places))
        return re.sub(rf"(?<![\w./-])({paths})(?![\w-])", lambda found: str(self.places[found[1]]), text)

    @cached_property
    def environ(self) -> dict[str, str]:
        """The process's whole environment."""
        given = {key: self.here(str(value)) for key, value in self.asked.get("environment", {}).items()}
        if given.get("PENSTOCK_UPSTREAMS", "").startswith(UPSTREAMS_BY_NAME):
            given["PENSTOCK_UPSTREAMS"] = f"file://{self.house.upstreams}"
        if "PENSTOCK_VAR_DIR" in given:
            own = {OWN_PORT[name]: str(self.house.ports[name][0]) for name in OWN_PORT}
            given |= own
            if self.name in OWN_PORT:
                given[OWN_PORT[self.name]] = str(self.house.ports[self.name][self.replica])
        path = f"{Path(sys.executable).parent}:/usr/local/bin:/usr/bin:/bin"
        return IMAGE | {"TMPDIR": str(self.places["/tmp"])} | given | {"PATH": path}

    @property
    def command(self) -> list[str]:
        """The process (rules 3 and 4)."""
        words = [self.here(str(word), is_own=True) for word in self.asked["command"]]
        if self.name == "s3":
            return [*S3_STAND_IN, *words]
        if self.name in BEGUN_BY_IMAGES:
            return [BEGUN_BY_IMAGES[self.name], *words]
        if self.name == "redis":
            return [*words, "--bind", "127.0.0.1"]
        if self.name == "postgres":
            listens = ["-D", self.cluster, "-p", str(self.house.ports["postgres"][0])]
            sockets = ["-c", f"unix_socket_directories={self.places['/tmp']}"]
            return [str(_of_postgres("postgres")), *words[1:], *listens, *sockets]
        return words

    @property
    def cluster(self) -> str:
        """PostgreSQL's folder."""
        return self.here(self.asked["environment"]["PGDATA"])

    @property
    def first(self) -> list[str] | None:
        """What must be done once before the process can start: PostgreSQL's cluster."""
        if self.name != "postgres" or Path(self.cluster, "PG_VERSION").exists():
            return None
        given = self.asked["environment"]
        password = self.here(given["POSTGRES_PASSWORD_FILE"])
        options = given["POSTGRES_INITDB_ARGS"].split()
        who = ["--username=postgres", f"--pwfile={password}", "--auth-local=trust"]
        return [str(_of_postgres("initdb")), "-D", self.cluster, *who, *options]

    @property
    def check(self) -> list[str]:
        """The command that tells whether it is healthy; empty where there is none."""
        how, *words = self.asked.get("healthcheck", {}).get("test", ["CMD"])
        here = [self.here(word, is_own=True) for word in words]
        return ["sh", "-c", *here] if how == "CMD-SHELL" else here

    @property
    def secrets(self) -> dict[str, Path]:
        """The files that it is granted, by where they lie in the container."""
        files = self.house.document["secrets"]
        asked = self.asked.get("secrets", [])
        granted = [each if isinstance(each, dict) else {"source": each} for each in asked]
        return {
            each.get("target", f"/run/secrets/{each['source']}"): Path(files[each["source"]]["file"])
            for each in granted
        }

    @property
    def user(self) -> str:
        """Whom it runs as where this process may choose (rule 3)."""
        return "postgres" if self.name == "postgres" else str(self.asked["user"])

    @property
    def stop_signal(self) -> signal.Signals:
        """What its image is stopped by."""
        return signal.SIGINT if self.name == "postgres" else signal.SIGTERM

    @property
    def is_python(self) -> bool:
        """Whether this Python runs it."""
        return self.command[0] in ("python", "mlflow", "evidently", sys.executable)

    @property
    def needs(self) -> dict[str, str]:
        """The services that must be up first, and how far."""
        given = self.asked.get("depends_on", {})
        return {name: how["condition"] for name, how in given.items()}

    def mem_limit(self) -> int:
        """Bytes."""
        number, unit = re.fullmatch(r"(\d+)([mg])", self.asked["mem_limit"]).groups()  # type: ignore[union-attr]
        return int(number) * {"m": 1 << 20, "g": 1 << 30}[unit]


def write_configurations(house: House, told_at: str) -> None:
    """Rules 5 and 6: the files of Prometheus and Alertmanager, which report to a receiver at an address."""
    for service in ("prometheus", "alertmanager"):
        there = Service(house, service)
        folder = house.root / "etc" / service
        shutil.copytree(REPO / "infra" / service, folder, ignore=shutil.ignore_patterns("*_test.yml"))
        for file in folder.glob("*.yml"):
            text = there.here(_in_seconds(file.read_text(encoding="utf-8")))
            file.write_text(text, encoding="utf-8")
    _find_by_file(house)
    _name_receivers(house.root / "etc" / "alertmanager" / "alertmanager.yml", told_at)


def list_model_servers(house: House, count: int) -> None:
    """Rule 5: who looks is told of so many model servers."""
    places = [f"127.0.0.1:{port}" for port in house.ports["model-server"][:count]]
    house.upstreams.write_text("".join(f"http://{place}\n" for place in places), encoding="utf-8")
    listed = house.root / "etc" / "prometheus" / "model_servers.yml"
    listed.write_text(f"- targets: [{', '.join(repr(place) for place in places)}]\n", encoding="utf-8")


def _in_seconds(text: str) -> str:
    return re.sub(rf"\b({MINUTES}): \d+[smh]", r"\1: 1s", text)


def _find_by_file(house: House) -> None:
    import yaml

    path = house.root / "etc" / "prometheus" / "prometheus.compose.yml"
    config = yaml.safe_load(path.read_text(encoding="utf-8"))
    for job in config["scrape_configs"]:
        if job.pop("dns_sd_configs", None):
            job["file_sd_configs"] = [{"files": ["model_servers.yml"], "refresh_interval": "1s"}]
    path.write_text(yaml.safe_dump(config), encoding="utf-8")


def _name_receivers(path: Path, told_at: str) -> None:
    import yaml

    config = yaml.safe_load(path.read_text(encoding="utf-8"))
    for receiver in config["receivers"]:
        address = f"{told_at}/{receiver['name']}"
        receiver["webhook_configs"] = [{"url": address, "send_resolved": False}]
    path.write_text(yaml.safe_dump(config), encoding="utf-8")


def _of_postgres(program: str) -> Path | str:
    found = sorted(DEBIAN_POSTGRES.glob(f"*/bin/{program}"), key=lambda path: int(path.parts[-3]))
    return found[-1] if found else program
