"""What commands share that are a plain `mlflow run` of an entry point."""

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import orjson

from penstock.command.asked import tell
from penstock.desk import Desk
from penstock.services.run_files import content

REPO = Path(__file__).parents[2]


def run_entry_point(here: Desk, entry: str, asked: Mapping[str, str], outcome: str, *, is_json: bool) -> int:
    """Run an entry point, whose lines a person sees, or whose outcome a program reads; give its exit code.

    Args:
        here: This machine's desk.
        entry: The MLproject's entry point.
        asked: Its parameters; empty ones are left out.
        outcome: The JSON that its run leaves.
        is_json: Whether a program asks.
    """
    parameters = [word for name, value in asked.items() if value for word in ("-P", f"{name}={value}")]
    environ = os.environ | {
        "MLFLOW_TRACKING_URI": here.settings.tracking_uri,
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}",
    }
    words = [sys.executable, "-m", "mlflow", "run", str(REPO), "--env-manager", "local", "-e", entry]
    if not is_json:
        return subprocess.call([*words, *parameters], env=environ)
    run_id = here.client.create_run(_experiment(here)).info.run_id
    code = subprocess.call([*words, *parameters, "--run-id", run_id], env=environ, stdout=sys.stderr)
    if code == 0:
        tell(orjson.loads(content(here, run_id, outcome)), (), is_json=True)
    return code


def _experiment(here: Desk) -> str:
    name = os.environ.get("MLFLOW_EXPERIMENT_NAME") or "Default"
    found = here.client.get_experiment_by_name(name)
    return str(found.experiment_id if found else here.client.create_experiment(name))


def absolute(place: str) -> str:
    """A path as it is from here: `mlflow run` works in the project's folder."""
    return str(Path(place).absolute()) if place and Path(place).exists() else place
