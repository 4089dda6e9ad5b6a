"""Batch scoring by the clock: `mlflow run -e predict` of what the policy names, started and settled."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from monitoring.policy import Batch
from monitoring.retraining import command as commands
from monitoring.retraining import journal as say
from monitoring.retraining import tickets as states
from monitoring.retraining.clock import Due
from monitoring.retraining.runs import Over, Runs, why_failed
from monitoring.retraining.tickets import BATCH, Ticket, Tickets, ended, new_ticket
from monitoring.retraining.triggers import moment
from monitoring.retraining.verdicts import FINISHED, Verdicts
from monitoring.retraining.voice import Voice
from serving.settings import Settings


@dataclass(frozen=True, slots=True)
class Batches:
    """Starts and settles batch scorings; one thread uses it.

    Attributes:
        settings: Bounds and places.
        tickets: What was started.
        runs: The processes.
        verdicts: What MLflow says of them.
        voice: Where decisions are told.
        now: Seconds since 1970.
    """

    settings: Settings
    tickets: Tickets
    runs: Runs
    verdicts: Verdicts
    voice: Voice
    now: Callable[[], float]

    def start(self, model: str, batch: Batch, due: Due) -> bool:
        """Score a batch whose moment has come; False while it must wait for a place."""
        if self.tickets.last(model, BATCH, states=(states.RUNNING,)):
            self._wait(
                model, "running", "the scoring before is still under way, so this moment is passed over"
            )
            return True
        if self.runs.running(BATCH) >= self.settings.retrain_at_once:
            self._wait(model, "busy", "other models' batches are being scored")
            return False
        ticket = new_ticket(BATCH, model, "", now_s=self.now(), keeper=self.runs.keeper, due_s=due.at_s)
        if self.tickets.claim(ticket):
            self._begin(ticket, batch, due)
        return True

    def settle(self, over: Over) -> None:
        """End a ticket whose process has gone.

        Raises:
            RegistryAwayError: MLflow is to say how it ended, and does not answer.
        """
        ticket = over.ticket
        is_done = over.exit_code == 0 or (over.exit_code is None and self._is_finished(ticket))
        if is_done and not over.why:
            self._tell(self.tickets.put(ended(ticket, states.DONE, self.now())), say.SCORED, over.words)
        else:
            failed = self.tickets.put(ended(ticket, states.FAILED, self.now()))
            self._tell(failed, say.FAILED, why_failed(over))
            self.verdicts.end(self.verdicts.of(ticket))
        self.runs.let_go(ticket)

    def cancelled(self, ticket: Ticket) -> None:
        """Tell that the monitor's stop has ended a scoring; started again, it goes on where it stopped."""
        self._tell(ticket, say.CANCELLED, "the monitor stops")

    def _begin(self, ticket: Ticket, batch: Batch, due: Due) -> None:
        where = commands.output(batch, due.at_s)
        why = f"it was due {moment(due.at_s)}, by the schedule '{batch.schedule}'"
        self.voice.say(
            ticket.model, say.BATCH, say.SCORING, [why, f"the predictions go to {where}"], ticket=ticket.name
        )
        folder = self.runs.folder(ticket)
        command = commands.command(ticket, commands.scoring(ticket, batch))
        try:
            folder.mkdir(parents=True, exist_ok=True)
            Path(where).parent.mkdir(parents=True, exist_ok=True)
            self.runs.start(ticket, command, commands.project(self.settings).absolute())
        except OSError as error:
            failed = self.tickets.put(ended(ticket, states.FAILED, self.now()))
            self._tell(failed, say.FAILED, f"it could not be started: {error}")
        self.runs.tidy()

    def _is_finished(self, ticket: Ticket) -> bool:
        return self.verdicts.of(ticket).status == FINISHED

    def _tell(self, ticket: Ticket, decision: str, why: str) -> None:
        self.voice.metrics.batch_runs.labels(ticket.model, ticket.state).inc()
        self.voice.say(ticket.model, say.BATCH, decision, [why], ticket=ticket.name)

    def _wait(self, model: str, gist: str, why: str) -> None:
        self.voice.say(model, say.BATCH, say.WAIT, [why], gist=gist)
