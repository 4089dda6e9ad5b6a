"""What came of a run, as its MLflow run and the end of its log file say."""

import contextlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mlflow.tracking import MlflowClient

from monitoring.registry import UNREACHABLE, RegistryAwayError
from monitoring.retraining.command import experiment
from monitoring.retraining.tickets import Ticket

TICKET_TAG = "penstock.ticket"
VERDICT_TAG = "penstock.retrain.verdict"
VERSION_TAG = "penstock.retrain.version"
REASON_TAG = "penstock.retrain.reason"
BETTER, NOT_BETTER, REFUSED = "better", "not_better", "refused"
KILLED, FINISHED = "KILLED", "FINISHED"
OURS = "penstock: "
TAIL_BYTES = 20_000
LONGEST = 500


@dataclass(frozen=True, slots=True)
class Verdict:
    """What an MLflow run says of itself.

    Attributes:
        run: The run's id; empty where none was found.
        status: MLflow's word.
        word: `better`, `not_better`, `refused`, or empty where it came to none.
        version: The version that was registered; empty for none.
        reason: Why, a sentence; may be empty.
        address: The run's page; empty where the tracking store has none.
    """

    run: str = ""
    status: str = ""
    word: str = ""
    version: str = ""
    reason: str = ""
    address: str = ""


@dataclass(frozen=True, slots=True)
class Verdicts:
    """Reads and ends the MLflow runs of tickets."""

    client: MlflowClient
    tracking_uri: str

    def of(self, ticket: Ticket) -> Verdict:
        """What a ticket's run says.

        Raises:
            RegistryAwayError: MLflow does not answer.
        """
        try:
            found = self._run(ticket)
        except UNREACHABLE as error:
            raise RegistryAwayError(
                f"MLflow did not say what came of {ticket.name}: {error}"[:300]
            ) from error
        if found is None:
            return Verdict()
        tags = found.data.tags
        words = {tag: str(tags.get(tag, "")) for tag in (VERDICT_TAG, VERSION_TAG, REASON_TAG)}
        return Verdict(
            found.info.run_id,
            str(found.info.status),
            words[VERDICT_TAG],
            words[VERSION_TAG],
            words[REASON_TAG],
            self._address(found),
        )

    def end(self, verdict: Verdict) -> None:
        """Say in MLflow that a run was ended from outside, if it still counts as running."""
        if verdict.run and verdict.status == "RUNNING":
            with contextlib.suppress(*UNREACHABLE):
                self.client.set_terminated(verdict.run, KILLED)

    def _run(self, ticket: Ticket) -> Any:
        """The run that bears the ticket; `mlflow run` names it so before the entry point's code begins."""
        home = self.client.get_experiment_by_name(experiment(ticket))
        homes = [home.experiment_id] if home else []
        # By the ticket alone: a model's name may hold quotes, which MLflow's filters cannot escape.
        named = f"attributes.run_name LIKE '%{ticket.name}'"
        for which in (f"tags.`{TICKET_TAG}` = '{ticket.name}'", named):
            found = self.client.search_runs(homes, which, max_results=1) if homes else []
            if found:
                return found[0]
        return None

    def _address(self, run: Any) -> str:
        if not self.tracking_uri.startswith("http"):
            return ""
        return (
            f"{self.tracking_uri.rstrip('/')}/#/experiments/{run.info.experiment_id}/runs/{run.info.run_id}"
        )


def last_words(log: Path) -> str:
    """What a run's log says last: the sentence of a refusal, else its last line; else an empty text."""
    try:
        with log.open("rb") as file:
            file.seek(0, 2)
            file.seek(max(0, file.tell() - TAIL_BYTES))
            lines = file.read().decode("utf-8", "replace").splitlines()
    except OSError:
        return ""
    lines = [line.strip() for line in lines if line.strip()]
    ours = [line.partition(OURS)[2] for line in lines if OURS in line]
    return (ours or lines or [""])[-1][:LONGEST]
