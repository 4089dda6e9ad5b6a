"""The stack of docker-compose.yml, run by hand: in its order, each part when those it needs are healthy."""

import os
import pwd
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import psutil
import pytest

from tests.conftest import REPO, pick_free_port
from tests.infra.composed import composed
from tests.stack.by_hand import (
    BEGUN_BY_IMAGES,
    DEBIAN_POSTGRES,
    PORTS,
    House,
    Service,
    list_model_servers,
    write_configurations,
)

PROGRAMS = ("redis-server", "redis-cli", "pg_isready", "wget", "setpriv", *BEGUN_BY_IMAGES.values())
NOT_HERE = ("grafana",)
MARK = "STACK_BY_HAND"
"""A variable of every process of a stack, by which the last of them are found."""
REPLICAS = 2
PATIENCE_S = 240.0
"""How long a part may take until it is healthy, where many share the machine."""


def skip_where_it_cannot_run() -> None:
    """Skip the test where this machine lacks a server."""
    missing = [program for program in PROGRAMS if shutil.which(program) is None]
    missing += [] if list(DEBIAN_POSTGRES.glob("*/bin/initdb")) or shutil.which("initdb") else ["initdb"]
    if missing:
        pytest.skip(f"this machine has no {', '.join(missing)} (Debian: apt install postgresql redis-server "
                    "prometheus prometheus-alertmanager)")  # fmt: skip


@dataclass
class Part:
    """A service that runs."""

    service: Service
    process: "subprocess.Popen[bytes]"
    started_s: float
    healthy_after_s: float | None = None

    def limit(self) -> str:
        return str(self.service.asked["mem_limit"])

    def tree(self) -> list[psutil.Process]:
        """Its processes."""
        try:
            first = psutil.Process(self.process.pid)
            return [first, *first.children(recursive=True)]
        except psutil.NoSuchProcess:
            return []

    def memory(self) -> int:
        """Bytes as a container's limit counts them: what is its own, and one copy of what its files map."""
        own, mapped = 0, 0
        for process in self.tree():
            try:
                text = Path(f"/proc/{process.pid}/smaps_rollup").read_text(encoding="ascii")
            except (FileNotFoundError, ProcessLookupError):
                continue
            kib = {key: int(value) for key, value in re.findall(r"^(\w+):\s+(\d+) kB$", text, re.MULTILINE)}
            own += kib["Pss_Anon"] + kib["Pss_Shmem"]
            mapped = max(mapped, kib["Rss"] - kib["Anonymous"])
        return (own + mapped) * 1024


@dataclass
class Stack:
    """The parts that run, by their labels."""

    house: House
    more: Mapping[str, str]
    """Settings of Penstock's processes beside the file's, such as seconds for minutes."""
    parts: dict[str, Part] = field(default_factory=dict)

    def profile(self, name: str) -> list[str]:
        services = self.house.document["services"].items()
        return [each for each, asked in services if name in asked["profiles"] and each not in NOT_HERE]

    def up(self, names: Sequence[str], *, replicas: Mapping[str, int] = {}) -> None:
        """Start services in compose's order, and wait until they are healthy; those that run stay."""
        waiting = [
            Service(self.house, name, replica) for name in names for replica in range(replicas.get(name, 1))
        ]
        waiting = [service for service in waiting if service.label not in self.parts]
        deadline = time.monotonic() + PATIENCE_S
        while self._unhealthy() or waiting:
            assert time.monotonic() < deadline, f"not healthy: {self._unhealthy()}\n{self.last_words()}"
            for service in [each for each in waiting if self._may_start(each, names)]:
                waiting.remove(service)
                self.start(service)
            time.sleep(0.1)

    def start(self, service: Service) -> Part:
        """Start one service, as an engine does: its folders, its secrets, its user, its process."""
        _make_folders(service)
        if service.first:
            command = _as_user(service, service.first)
            subprocess.run(command, env=service.environ, check=True, capture_output=True, timeout=120)
        environ = service.environ | {MARK: str(self.house.root)}
        if "PENSTOCK_VAR_DIR" in environ:
            environ |= self.more
        with service.log.open("ab") as log:
            process = subprocess.Popen(
                _as_user(service, service.command),
                cwd=_working_folder(service),
                env=environ,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        part = self.parts[service.label] = Part(service, process, time.monotonic())
        return part

    def stop(self, label: str, how: signal.Signals | None = None) -> None:
        """Stop a part as `docker stop` does, or otherwise."""
        part = self.parts.pop(label)
        part.process.send_signal(how or part.service.stop_signal)
        part.process.wait(90)

    def run(self, name: str, command: Sequence[str], **environ: str) -> "subprocess.CompletedProcess[str]":
        """`docker compose run --rm NAME COMMAND`: another command in a service's place."""
        service = Service(self.house, name)
        _make_folders(service)
        return subprocess.run(
            _as_user(service, list(command)), cwd=_working_folder(service), env=service.environ | environ,
            capture_output=True, text=True, timeout=PATIENCE_S, check=False,
        )  # fmt: skip

    def restart(self, label: str) -> None:
        """Stop and start a part, and wait until it is healthy."""
        service = self.parts[label].service
        self.stop(label)
        self.start(service)
        self.wait_until_healthy(label)

    def wait_until_healthy(self, label: str) -> None:
        self.wait_until(lambda: self._look(self.parts[label]), f"{label} is healthy")

    def wait_until(self, is_so: Callable[[], object], what: str, limit_s: float = PATIENCE_S) -> None:
        deadline = time.monotonic() + limit_s
        while not is_so():
            assert time.monotonic() < deadline, f"not in {limit_s:.0f} s: {what}\n{self.last_words()}"
            time.sleep(0.1)

    def log(self, label: str) -> str:
        return Service(self.house, label).log.read_text(errors="replace")

    def last_words(self) -> str:
        logs = sorted((self.house.root / "containers").glob("*.log"))
        return "\n".join(f"--- {log.stem}\n{log.read_text(errors='replace')[-1500:]}" for log in logs)

    def end(self) -> None:
        """End every process, whatever it has become; jobs outlive their service, so the mark finds them."""
        for part in reversed(list(self.parts.values())):
            if part.process.poll() is None:
                part.process.send_signal(part.service.stop_signal)
        deadline = time.monotonic() + 15
        while time.monotonic() < deadline and any(p.process.poll() is None for p in self.parts.values()):
            time.sleep(0.05)
        for process in _marked(self.house.root):
            process.kill()
        for part in self.parts.values():
            part.process.wait(120)

    def _may_start(self, service: Service, names: Iterable[str]) -> bool:
        parts = self.parts.values()
        for needed, condition in service.needs.items():
            if needed not in names and needed not in self.parts:
                continue
            those = [part for part in parts if part.service.name == needed]
            if not those or not all(self._is_far_enough(part, condition) for part in those):
                return False
        return True

    def _is_far_enough(self, part: Part, condition: str) -> bool:
        if condition == "service_completed_successfully":
            return part.process.poll() == 0
        return self._look(part)

    def _look(self, part: Part) -> bool:
        """Whether a part is healthy, or has ended well where it is meant to end."""
        if part.healthy_after_s is not None:
            return True
        ended = part.process.poll()
        is_done = ended == 0 and part.service.asked["restart"] == "no"
        assert ended is None or is_done, f"{part.service.label} ended with {ended}\n{self.last_words()}"
        if part.service.asked["restart"] == "no":
            is_healthy = is_done
        else:
            is_healthy = not part.service.check or _passes(part.service)
        if is_healthy:
            part.healthy_after_s = time.monotonic() - part.started_s
        return is_healthy

    def _unhealthy(self) -> list[str]:
        return [label for label, part in self.parts.items() if not self._look(part)]


@contextmanager
def prepared(
    root: Path,
    told_at: str,
    *,
    more: Mapping[str, str] = {},
    secrets_of: House | None = None,
    **variables: str,
) -> Iterator[Stack]:
    """A stack whose secrets are made and which has not started.

    Args:
        root: An empty folder.
        told_at: Who hears of alerts.
        more: Settings of Penstock's processes beside the file's.
        secrets_of: Another stack, whose secrets are taken over; only the servers' addresses differ.
        variables: Of compose's file, such as `PENSTOCK_TRUSTED_MODELS`.
    """
    ports = {name: tuple(pick_free_port() for _ in range(REPLICAS)) for name in PORTS}
    if secrets_of is not None:
        _take_over(secrets_of, root, ports)
    places = [f"--database=127.0.0.1:{ports['postgres'][0]}", f"--redis=127.0.0.1:{ports['redis'][0]}"]
    made = [f"--folder={root}/secrets", f"--env={root}/.env", *places]
    command = [sys.executable, "-m", "infra.production", "secrets", *made]
    subprocess.run(command, cwd=REPO, check=True, timeout=120, capture_output=True)
    lines = (root / ".env").read_text(encoding="utf-8").splitlines()
    given = dict(line.split("=", 1) for line in lines)
    document = composed(given | variables | {"PENSTOCK_SECRETS": f"{root}/secrets"})
    house = House(root, ports, document)
    write_configurations(house, told_at)
    list_model_servers(house, 0)
    _let_through(root)
    stack = Stack(house, more)
    try:
        yield stack
    finally:
        stack.end()


def _take_over(other: House, root: Path, ports: Mapping[str, tuple[int, ...]]) -> None:
    shutil.copytree(other.root / "secrets", root / "secrets")
    for file in (root / "secrets").iterdir():
        text = file.read_text(encoding="utf-8")
        for name in ("postgres", "redis"):
            text = text.replace(f"@127.0.0.1:{other.ports[name][0]}", f"@127.0.0.1:{ports[name][0]}")
        file.write_text(text, encoding="utf-8")


def _passes(service: Service) -> bool:
    try:
        done = subprocess.run(
            _as_user(service, service.check),
            env=service.environ,
            capture_output=True,
            timeout=30,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return False
    return done.returncode == 0


def _as_user(service: Service, command: list[str]) -> list[str]:
    """As compose's `user`, `cap_drop` and `no-new-privileges` say, where this process is root."""
    if os.geteuid() != 0:
        return command
    _let_through(service.house.root)  # again, as every session of pytest closes the folder that all share
    user, group = _user_of(service)
    who = [f"--reuid={user}", f"--regid={group}", "--clear-groups"]
    return ["setpriv", *who, "--no-new-privs", "--bounding-set=-all", "--inh-caps=-all", "--", *command]


def _user_of(service: Service) -> tuple[int, int]:
    """The user and group; where nobody else can reach this Python, its processes are root without rights."""
    if service.is_python and not _is_for_all(Path(sys.executable).resolve()):
        return 0, 0
    user, _, group = service.user.partition(":")
    if user.isdigit():
        return int(user), int(group or user)
    known = pwd.getpwnam(user)
    return known.pw_uid, known.pw_gid


def _is_for_all(path: Path) -> bool:
    return all(each.stat().st_mode & 0o001 for each in (path, *path.parents))


def _make_folders(service: Service) -> None:
    for there, folder in service.places.items():
        if not folder.is_relative_to(service.house.root / "etc"):
            folder.mkdir(parents=True, exist_ok=True)
            folder.chmod(0o1777 if there != "/run/secrets" else 0o755)
    for there, source in service.secrets.items():
        if there.startswith("/run/secrets"):
            target = service.places["/run/secrets"] / Path(there).name
            shutil.copy2(source, target)
            if os.geteuid() == 0:
                os.chown(target, *_user_of(service))
    if service.name == "postgres" and os.geteuid() == 0:
        os.chown(Path(service.cluster).parent, *_user_of(service))


def _working_folder(service: Service) -> Path:
    """The image's: the checkout for what is ours, else one that holds nothing."""
    return REPO if "PENSTOCK_VAR_DIR" in service.environ else service.places["/tmp"]


def _let_through(folder: Path) -> None:
    """Let other users reach a folder: pytest makes its own for one user alone."""
    if os.geteuid() == 0:
        for above in (folder, *folder.parents):
            if not above.stat().st_mode & 0o001:
                above.chmod(above.stat().st_mode | 0o011)


def _marked(root: Path) -> Iterator[psutil.Process]:
    for process in psutil.process_iter():
        try:
            if process.environ().get(MARK) == str(root):
                yield process
        except (psutil.NoSuchProcess, psutil.AccessDenied):
            continue
