"""`penstock up`, `down`, `status`: the local stack, which is that of `make run`."""

import fcntl
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import click

from penstock.calling.gateway import gateway_url
from penstock.command.asked import as_json, table, tell
from penstock.problems import Away, BadRequest, Conflict
from penstock.watching.monitor import monitor_url
from serving.own_address import own_url, trusting
from serving.settings import Settings, load

REPO = Path(__file__).parents[2]
START_S, STOP_S, LOOK_S = 600.0, 60.0, 0.2
TIMEOUT_S = 3.0


@dataclass(frozen=True, slots=True)
class Door:
    """One server of the stack, and what it said."""

    name: str
    url: str
    is_open: bool
    said: str


@click.command()
@click.option("--data", default="", help="A table of yours to train the first model on.")
@click.option("--target", default="", help="Its column to predict.")
@click.option("--name", default="", help="The model's name; by default the file's.")
@click.option(
    "--detach", "-d", is_flag=True, help="Come back when the stack is ready; 'penstock down' stops it."
)
def up(data: str, target: str, name: str, *, detach: bool) -> int:
    """Start the local stack: MLflow, gateway, monitor, API, jobs; Ctrl-C stops it."""
    if not (REPO / "infra" / "local").is_dir():
        raise BadRequest(f"the local stack is started from a checkout, and '{REPO}' is none; clone one")
    environ = os.environ | {"DATA": data, "TARGET": target, "NAME": name}
    words = [sys.executable, "-m", "infra.local"]
    if detach:
        return _detached(words, environ)
    return subprocess.call(words, env=environ, cwd=REPO)


@click.command()
@as_json
def down(*, is_json: bool) -> None:
    """Stop the local stack that runs in this var folder."""
    lock = load().var_dir / "stack.lock"
    if not _is_held(lock):
        tell({"status": "down"}, ["no stack runs here"], is_json=is_json)
        return
    try:
        os.kill(int(lock.read_text(encoding="utf-8")), signal.SIGINT)
    except (ValueError, ProcessLookupError) as error:
        raise Conflict(
            f"'{lock}' is held, and does not say by which process; stop that one by hand"
        ) from error
    if not _until(lambda: not _is_held(lock), STOP_S):
        raise Away(f"the stack is still ending after {STOP_S:g} s; see the logs in '{lock.parent / 'log'}'")
    tell({"status": "down"}, ["the stack is down"], is_json=is_json)


@click.command()
@as_json
def status(*, is_json: bool) -> int:
    """Which servers of the stack answer; exit code 1 where one does not."""
    settings = load()
    doors = [_looked(name, url, settings) for name, url in _addresses(settings)]
    rows = [(door.name, door.url, "up" if door.is_open else "down", door.said) for door in doors]
    tell(doors, table(("server", "address", "", ""), rows), is_json=is_json)
    return 0 if all(door.is_open for door in doors) else 1


def _addresses(settings: Settings) -> Iterator[tuple[str, str]]:
    yield "MLflow", settings.tracking_uri
    yield "gateway", gateway_url(settings)
    yield "monitor", monitor_url(settings)
    yield "API and console", own_url(settings, settings.api_port)


def _looked(name: str, url: str, settings: Settings) -> Door:
    try:
        tls = None if name == "MLflow" else trusting(settings)
        with urllib.request.urlopen(f"{url}/health", timeout=TIMEOUT_S, context=tls):  # noqa: S310 - of the settings
            return Door(name, url, is_open=True, said="")
    except urllib.error.HTTPError as error:
        return Door(name, url, is_open=False, said=f"it answers {error.code}")
    except (OSError, ValueError) as error:
        return Door(name, url, is_open=False, said=str(getattr(error, "reason", error)))


def _detached(words: list[str], environ: dict[str, str]) -> int:
    said = load().var_dir.absolute() / "log" / "stack.log"
    said.parent.mkdir(parents=True, exist_ok=True)
    with said.open("wb") as log:
        child = subprocess.Popen(
            words,
            env=environ,
            cwd=REPO,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    is_ready = _until(
        lambda: child.poll() is not None or "Ready after" in said.read_text(errors="replace"), START_S
    )
    click.echo(said.read_text(errors="replace").rstrip())
    if child.poll() is not None:
        return child.returncode or 1
    if not is_ready:
        raise Away(f"the stack is not ready after {START_S:g} s; see '{said}'")
    return 0


def _until(is_so: Callable[[], bool], limit_s: float) -> bool:
    deadline = time.monotonic() + limit_s
    while not is_so():
        if time.monotonic() >= deadline:
            return False
        time.sleep(LOOK_S)
    return True


def _is_held(lock: Path) -> bool:
    try:
        with lock.open("rb") as file:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except FileNotFoundError:
        return False
    return False
