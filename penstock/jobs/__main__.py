"""`python -m penstock.jobs`: works jobs off until it is told to stop."""

import argparse
import logging
import os
import signal
import sys
from collections.abc import Sequence

from serving.callers.administrator import act_as_administrator
from serving.settings import SettingsError, load

BAD_INPUT = 2
STOPS = """Told to stop (Ctrl-C, SIGTERM), it ends all running jobs with all that they started; those that may
be repeated wait again and are started anew by the next service. SIGUSR1 stops it, too, but leaves the jobs
running: the next service on this machine adopts them, if it comes within two minutes. So does a kill."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Work until told to stop; gives 0, or 2 where a setting cannot be used."""
    argparse.ArgumentParser(
        prog="python -m penstock.jobs",
        description="Works off the jobs of the platform: data work and trainings, as `mlflow run` does.",
        epilog=STOPS,
    ).parse_args(arguments)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    _quiet_foreign_parts()
    try:
        settings = load()
        act_as_administrator(settings)
    except SettingsError as error:
        print(f"penstock.jobs: {error}", file=sys.stderr)
        return BAD_INPUT
    from penstock.desk import Desk
    from penstock.jobs.service import Service
    from penstock.retention.clock import Clock

    desk = Desk(settings)
    service = Service(desk)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: service.stop())
    signal.signal(signal.SIGUSR1, lambda *_: service.stop(is_leaving=True))
    with Clock(desk):
        service.run()
    desk.trail.close()
    return 0


def _quiet_foreign_parts() -> None:
    """No usage reports, no progress bars, and no minutes of retries when MLflow is away."""
    for name, value in {
        "DO_NOT_TRACK": "true",
        "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false",
        "MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT": "true",
        "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "1",
        "MLFLOW_HTTP_REQUEST_TIMEOUT": "10",
    }.items():
        os.environ.setdefault(name, value)
    logging.getLogger("urllib3.connectionpool").setLevel(logging.ERROR)  # what fails is said in a sentence


if __name__ == "__main__":
    sys.exit(main())
