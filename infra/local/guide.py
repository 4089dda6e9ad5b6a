"""The newcomer's guide through the local stack: trains what is missing, then says what is where.

MLflow answers -> a champion in Production, a challenger in Staging, traffic split 90/10 -> the gateway serves
both -> what is where; with ONCE=1 then predictions, a drift report of them, and the end
"""

import os
import signal
import sys
import time

from mlflow import MlflowClient

from infra.local import doors, training
from infra.local.demonstration import demonstrate
from infra.local.project import GuideError, project_from
from serving.callers.administrator import act_as_administrator
from serving.settings import load


def say(text: str) -> None:
    """Print for the person in front of the terminal, at once."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def main() -> int:
    """Guide one start; the exit code is that of `make run`."""
    started = time.monotonic()
    try:
        project = project_from(os.environ)
        settings = load()
        act_as_administrator(settings)
        say("Starting MLflow, the gateway, the monitor and the platform ...")
        doors.wait_for(f"{settings.tracking_uri}/health", "MLflow")
        client = MlflowClient(settings.tracking_uri)
        training.prepare(client, project, say)
        model = doors.wait_for_model(
            settings, project.name, training.answering_variants(client, project.name)
        )
        doors.wait_for(f"{doors.console_url(settings)}/health", "the platform")
        say(doors.directory(settings, model, training.experiment_of(client, project.name)))
        say(f"Ready after {time.monotonic() - started:.0f} s.")
        if os.environ.get("ONCE"):
            demonstrate(settings, model, say)
            say("Everything stops now. The reports stay as files; `make run` shows MLflow's pages again.")
            return 0
    except GuideError as error:
        say(str(error))
        return 1
    say("Ctrl-C stops everything. The next start keeps what var/ holds and does not train again.")
    signal.pause()
    return 0


if __name__ == "__main__":
    sys.exit(main())
