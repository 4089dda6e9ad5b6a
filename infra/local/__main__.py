"""`make run`: checks the machine, then runs the process list of infra/Procfile in the foreground.

settings -> preflight -> honcho (mlflow, gateway, monitor, jobs, api, guide) -> one stops, or Ctrl-C: all stop
"""

import fcntl
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from honcho.environ import parse_procfile
from honcho.manager import SYSTEM_PRINTER_NAME, Manager
from honcho.printer import Message, Printer

from infra.local import signing_in
from infra.local.preflight import problems
from infra.local.project import GuideError, project_from
from serving.settings import Settings, SettingsError, load

REPO = Path(__file__).parents[2]
PROCFILE = REPO / "infra" / "Procfile"
INTERRUPTED = 130


class PlainPrinter(Printer):  # type: ignore[misc]
    """Prints what the guide says as it says it, and of the supervisor's own words only who stopped first."""

    def __init__(self, log_dir: Path) -> None:
        super().__init__(sys.stdout, prefix=False)
        self._log_dir = log_dir
        self._is_ending = False

    def write(self, message: Message) -> None:
        """Print one line, or leave it out."""
        if message.name != SYSTEM_PRINTER_NAME:
            super().write(message)
        elif "stopped (rc=" in message.data and not self._is_ending:
            self._is_ending = True
            name = message.data.split()[0]
            if name != "guide":
                sys.stdout.write(
                    f"{message.data.strip()}; see {self._log_dir / name}.log. Stopping the rest.\n"
                )
        elif "received" in message.data and not self._is_ending:
            self._is_ending = True
            sys.stdout.write("Stopping.\n")
        sys.stdout.flush()


def main() -> int:
    """Run the local stack until one part ends; the exit code is that part's, or 0 after Ctrl-C."""
    try:
        settings = load()
        project_from(os.environ)
    except (SettingsError, GuideError) as error:
        sys.stderr.write(f"{error}\n")
        return 2
    found = problems(settings)
    if found:
        sys.stderr.write("\n".join(found) + "\n")
        return 2
    var = settings.var_dir.absolute()
    if settings.auth != "off":
        signing_in.close_to_others(var)
    with only_one(var) as is_first:
        if not is_first:
            sys.stderr.write(
                f"another `make run` uses {var}; stop it, or set PENSTOCK_VAR_DIR to another folder\n"
            )
            return 2
        (var / "log").mkdir(parents=True, exist_ok=True)
        if settings.auth != "off" and signing_in.make_administrator(settings, var):
            sys.stdout.write(
                f"MLflow's administrator was made; the name and password are in "
                f"{signing_in.admin_file(settings, var)}\n"
            )
        return supervise(environment(settings, var), for_mlflow(settings, var), var / "log")


@contextmanager
def only_one(var: Path) -> Iterator[bool]:
    """Hold the folder's lock; yields False where another process holds it."""
    var.mkdir(parents=True, exist_ok=True)
    with (var / "stack.lock").open("a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
            return
        lock.truncate(0)
        lock.write(str(os.getpid()))  # whom `penstock down` tells to end
        lock.flush()
        yield True


def environment(settings: Settings, var: Path) -> dict[str, str]:
    """What each process is told: its ports and folder, this interpreter first on PATH."""
    more = {} if settings.auth == "off" else signing_in.for_all(settings, var, os.environ)
    return os.environ | {
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}",
        "PYTHONUNBUFFERED": "1",
        "PENSTOCK_VAR_DIR": str(var),
        "PENSTOCK_MLFLOW_PORT": str(settings.mlflow_port),
        "MLFLOW_TRACKING_URI": f"http://127.0.0.1:{settings.mlflow_port}",
        "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false",
        "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "2",
        "MLFLOW_LOGGING_LEVEL": "ERROR",
        "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false",
        "MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT": "true",
        **more,
    }


def for_mlflow(settings: Settings, var: Path) -> dict[str, str]:
    """What MLflow's server alone is told."""
    return {"MLFLOW_SERVER_OPTIONS": ""} if settings.auth == "off" else signing_in.for_mlflow(settings, var)


def supervise(environ: dict[str, str], of_mlflow: dict[str, str], log_dir: Path) -> int:
    """Run every line of the process list until one ends.

    Args:
        environ: What each process is told.
        of_mlflow: What MLflow's server is told beside it.
        log_dir: Where their logs are.
    """
    manager = Manager(PlainPrinter(log_dir))
    for name, command in parse_procfile(PROCFILE.read_text(encoding="utf-8")).processes.items():
        told = environ | of_mlflow if name == "mlflow" else environ
        manager.add_process(name, command, env=told, cwd=str(REPO))
    manager.loop()
    return 0 if manager.returncode == INTERRUPTED else abs(manager.returncode or 0)


if __name__ == "__main__":
    sys.exit(main())
