"""What the commands share: how they behave towards MLflow, and how an error becomes a sentence and a code."""

import argparse
import fcntl
import json
import os
import re
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NoReturn

from projects.errors import BadInput
from projects.hints import did_you_mean
from projects.ingest.bucket_store import complaints, explained
from serving.settings import Settings, SettingsError, load

OK, OURS, BAD_INPUT, STOPPED = 0, 1, 2, 130
MLFLOW_MANNERS = {
    # Its own patience with a server that is away is four minutes.
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "2",
    "MLFLOW_HTTP_REQUEST_TIMEOUT": "30",
    "MLFLOW_LOGGING_LEVEL": "ERROR",
    # It would report each call to its makers.
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false",
    "MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT": "true",
}
TRACKING = """The MLflow server is the one that MLFLOW_TRACKING_URI names, else the setting tracking_uri
(the variable PENSTOCK_TRACKING_URI or penstock.toml), else the local stack's. Under `mlflow run` MLflow sets
the variable."""


def be_mannerly() -> None:
    """Set how MLflow is to behave; it reads some of it when it is imported."""
    for name, value in MLFLOW_MANNERS.items():
        os.environ.setdefault(name, value)


LOST = "cluster_lost"
"""The code of what is no fault of the input: a cluster that went away may be back at the next try."""


def run_command(work: Callable[[Settings], None], *, is_json: bool = False) -> int:
    """Do a command's work; return its exit code, 2 for bad input and 1 for a failure of ours.

    Args:
        work: Does it.
        is_json: Whether an error is printed as JSON, on standard output, for a program.
    """
    be_mannerly()
    from mlflow.exceptions import MlflowException

    from serving.lifecycle.moves import LifecycleError

    try:
        work(load(os.environ))
    except (BadInput, SettingsError) as error:
        is_ours = getattr(error, "code", "") == LOST
        return _failed(error, OURS if is_ours else BAD_INPUT, is_json=is_json)
    except MlflowException as error:
        away = "Max retries exceeded" in str(error)
        return _failed(_away(error) if away else error, OURS, is_json=is_json)
    except (LifecycleError, OSError) as error:
        return _failed(error, OURS, is_json=is_json)
    except complaints() as error:  # MLflow lets those of a store of artefacts through
        return _failed(BadInput(f"the S3 store failed; {explained(error)}"), OURS, is_json=is_json)
    except KeyboardInterrupt:
        print("penstock: stopped", file=sys.stderr, flush=True)
        return STOPPED
    return OK


def connect(uri: str) -> None:
    """Point MLflow at a server, and see that it answers.

    Raises:
        BadInput: It does not.
    """
    import mlflow
    from mlflow.exceptions import MlflowException

    mlflow.set_tracking_uri(uri)
    try:
        with _alone_with(uri):
            mlflow.search_experiments(max_results=1)
    except MlflowException as error:
        raise BadInput(
            f"MLflow at {uri} does not answer; start it with `make run`, or name another with"
            f" MLFLOW_TRACKING_URI ({str(error).splitlines()[0]:.200})"
        ) from error


@contextmanager
def _alone_with(uri: str) -> Iterator[None]:
    """Let one process at a time open a store in a SQLite file: the first one makes its tables.

    MLflow makes them step by step, and two that do so at once end one another.
    """
    if not uri.startswith("sqlite"):
        yield
        return
    from sqlalchemy.engine import make_url

    database = make_url(uri).database
    if not database or database == ":memory:" or not Path(database).parent.is_dir():
        yield
        return
    with Path(f"{database}.lock").open("ab") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


class CommandLine(argparse.ArgumentParser):
    """A parser whose complaints are bad input like any other, and which names the nearest parameter."""

    def read(self, arguments: Sequence[str] | None) -> argparse.Namespace:
        """Read a command line.

        Raises:
            BadInput: A parameter is not known, or has no value.
        """
        read, strangers = self.parse_known_args(arguments)
        for word in strangers:
            name = word.lstrip("-").partition("=")[0].replace("-", "_")
            known = [action.dest for action in self._actions if action.dest not in ("help", "json")]
            hint = did_you_mean(name, known, listed=len(known))
            raise BadInput(f"the step {self.step} has no parameter '{name}'; {hint}", code="unknown_key")
        return read

    @property
    def step(self) -> str:
        """The step's name."""
        return self.prog.rpartition(" ")[2]

    def error(self, message: str) -> NoReturn:
        """Refuse what cannot be read.

        Raises:
            BadInput: Always.
        """
        raise BadInput(f"the command line of {self.step} cannot be read: {message}")


def _away(error: Exception) -> Exception:
    import mlflow

    cause = re.search(r"(?<=Caused by )\w+", str(error))
    why = f" ({cause.group()})" if cause else ""
    return BadInput(
        f"MLflow at {mlflow.get_tracking_uri()} stopped answering{why}; run this again when it does"
    )


def _failed(error: Exception, code: int, *, is_json: bool) -> int:
    if is_json:
        data = error.as_data() if isinstance(error, BadInput) else BadInput(str(error)).as_data()
        print(json.dumps({"error": data}, ensure_ascii=False), flush=True)
    print(f"penstock: {error}", file=sys.stderr, flush=True)
    return code
