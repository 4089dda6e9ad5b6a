"""What is run: `mlflow run` of this project's entry points, and the environment that it needs."""

import os
import re
import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

from monitoring.policy import Batch
from monitoring.retraining.tickets import BATCH, RETRAIN, Ticket
from serving.settings import DEFAULT_FILE, FILE_VARIABLE, Settings

ENTRY_POINTS = {RETRAIN: "retrain", BATCH: "predict"}
DATABASE_FILE = "PENSTOCK_DATABASE_URL_FILE"
_PLACES = re.compile(r"\{(date|time)\}")


def project(settings: Settings) -> Path:
    """The folder of the MLproject."""
    return Path(settings.retrain_project) if settings.retrain_project else Path(__file__).parents[2]


def experiment(ticket: Ticket) -> str:
    """The MLflow experiment of a run: a retraining lies beside the model's other trainings."""
    return ticket.model if ticket.kind == RETRAIN else f"{ticket.model} operations"


def run_name(ticket: Ticket) -> str:
    """The MLflow run's name."""
    return f"{ticket.model} {ticket.name}"


def command(ticket: Ticket, parameters: Mapping[str, str]) -> list[str]:
    """The command line; parameters without a value are not given."""
    given = [part for key, value in parameters.items() if value for part in ("-P", f"{key}={value}")]
    names = ["--experiment-name", experiment(ticket), "--run-name", run_name(ticket)]
    how = ["run", ".", "--env-manager", "local", "-e", ENTRY_POINTS[ticket.kind]]
    return [sys.executable, "-m", "mlflow", *how, *names, *given]


def retraining(ticket: Ticket, rows: Path, recent_days: float | None) -> dict[str, str]:
    """The parameters of `retrain`."""
    return {
        "name": ticket.model,
        "version": ticket.version,
        "rows": str(rows),
        "recent_days": "" if recent_days is None else f"{recent_days:g}",
        "ticket": ticket.name,
    }


def scoring(ticket: Ticket, batch: Batch) -> dict[str, str]:
    """The parameters of `predict`; `{date}` and `{time}` in the places are the schedule's moment (UTC)."""
    return {
        "name": ticket.model,
        "data": _placed(batch.data, ticket.due_s),
        "output": output(batch, ticket.due_s),
        "overwrite": "yes",
    }


def output(batch: Batch, due_s: float) -> str:
    """Where a batch's predictions go; a relative path is this folder's."""
    return str(Path(_placed(batch.output, due_s)).absolute())


def environment(settings: Settings, environ: Mapping[str, str]) -> dict[str, str]:
    """The environment of a run: this interpreter first on PATH, this monitor's places, no progress bars."""
    found = {
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{environ.get('PATH', '')}",
        "PYTHONUNBUFFERED": "1",
        "PENSTOCK_VAR_DIR": str(settings.var_dir.absolute()),
        "PENSTOCK_PROJECTS_DIR": str(settings.projects_dir.absolute()),
        **_database(settings, environ),
        "PENSTOCK_TRACKING_URI": settings.tracking_uri,
        "MLFLOW_TRACKING_URI": settings.tracking_uri,
        "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "2",
        "MLFLOW_LOGGING_LEVEL": "ERROR",
        "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false",
        "MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT": "true",
    }
    file = Path(environ.get(FILE_VARIABLE) or DEFAULT_FILE)
    if file.exists():
        found[FILE_VARIABLE] = str(file.absolute())
    kept = {
        name: value
        for name, value in environ.items()
        if name not in ("MLFLOW_RUN_ID", "MLFLOW_EXPERIMENT_ID")
    }
    return kept | found


def _database(settings: Settings, environ: Mapping[str, str]) -> dict[str, str]:
    """Where the database is: by the file that holds its URL, if one is named, as both are refused."""
    if file := environ.get(DATABASE_FILE):
        return {DATABASE_FILE: str(Path(file).absolute())}
    return {"PENSTOCK_DATABASE_URL": settings.database_url}


def _placed(place: str, time_s: float) -> str:
    when = datetime.fromtimestamp(time_s, UTC)
    words = {"date": when.strftime("%Y-%m-%d"), "time": when.strftime("%H%M")}
    return _PLACES.sub(lambda match: words[match.group(1)], place)
