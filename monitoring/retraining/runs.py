"""The runs that are under way: started, looked after at each tick, ended when late or when the loop stops.

Nothing here waits: a tick sees which processes have gone. A run that an earlier monitor started is found by
its ticket, and goes on under this one.
"""

import contextlib
import logging
import os
import secrets
import shutil
import signal
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from monitoring.retraining import command as commands
from monitoring.retraining.launch import ROWS
from monitoring.retraining.processes import Process, Processes, find
from monitoring.retraining.tickets import CANCELLED, Ticket, Tickets, ended, here
from monitoring.retraining.verdicts import last_words
from serving.settings import Settings

log = logging.getLogger(__name__)

GRACE_S = 2.0
"""From the wish that a run may end to its killing."""
STARTING_S = 30.0
"""A ticket whose process is not known yet may be one that is being started."""
KEPT_FOLDERS = 20
SAID = "run.log"
LAUNCH = "monitoring.retraining.launch"


@dataclass(frozen=True, slots=True)
class Over:
    """A run whose process has gone.

    Attributes:
        ticket: Its ticket, still running by name.
        why: What happened to the process, where it did not end by itself; else empty.
        exit_code: Its code; None where that is not known.
        words: The last words of its log.
    """

    ticket: Ticket
    why: str
    exit_code: int | None
    words: str


class Runs:
    """Runs of one monitor; one thread uses it.

    Args:
        settings: Where things are and how long a run may take.
        tickets: What was started.
        now: Seconds since 1970.
    """

    def __init__(self, settings: Settings, tickets: Tickets, now: Callable[[], float]) -> None:
        self._settings, self._tickets, self._now = settings, tickets, now
        self._processes = Processes()
        self._late: dict[str, float] = {}
        self.keeper = secrets.token_hex(8)

    def folder(self, ticket: Ticket) -> Path:
        """What a run leaves here: its rows, what was asked, its log."""
        return self._settings.monitor_dir.absolute() / "retraining" / ticket.name

    def running(self, kind: str) -> int:
        """How many of a kind are under way."""
        return sum(ticket.kind == kind for ticket in self._tickets.running())

    def start(self, ticket: Ticket, command: Sequence[str], cwd: Path) -> Ticket:
        """Start the process of a claimed ticket.

        Raises:
            OSError: It cannot be started, or its log not be written.
            LifecycleError: The database refuses; the process is ended.
        """
        environ = commands.environment(self._settings, os.environ)
        log_file = self.folder(ticket) / SAID
        process = self._processes.start(command, environ=environ, cwd=cwd, log=log_file)
        try:
            return self._tickets.put(replace(ticket, pid=process.pid, born_s=process.born_s))
        except BaseException:  # a stop too: what is started must be known, or not be
            self._processes.end([process], grace_s=0.0)
            raise

    def over(self) -> list[Over]:
        """The runs whose processes have gone or were lost; late ones are told to end.

        A ticket is given at each call until it is put as ended.
        """
        return [found for ticket in self._tickets.running() if (found := self._look(ticket)) is not None]

    def let_go(self, ticket: Ticket) -> None:
        """Forget the process of a run that is settled."""
        self._late.pop(ticket.name, None)
        if ticket.pid:
            self._processes.forget(Process(ticket.pid, ticket.born_s))

    def cancel(self) -> list[Ticket]:
        """End all runs that this loop keeps, with all that they started; gives their tickets, ended."""
        mine = [
            ticket for ticket in self._tickets.running() if ticket.keeper == self.keeper and _is_here(ticket)
        ]
        known = [Process(each.pid, each.born_s) if each.pid else _found(each) for each in mine]
        self._processes.end([process for process in known if process], grace_s=GRACE_S)
        return [self._tickets.put(ended(ticket, CANCELLED, self._now())) for ticket in mine]

    def drop_rows(self, ticket: Ticket) -> None:
        """Remove the rows of a run that came to a verdict: its MLflow run keeps what was learned from."""
        (self.folder(ticket) / ROWS).unlink(missing_ok=True)

    def tidy(self) -> None:
        """Remove the folders of runs that came to no version, but for the newest."""
        for ticket in self._tickets.spent(KEPT_FOLDERS):
            with contextlib.suppress(OSError):
                shutil.rmtree(self.folder(ticket))

    def _look(self, ticket: Ticket) -> Over | None:
        if not _is_here(ticket):
            return self._elsewhere(ticket)
        if not ticket.pid:
            return self._without_process(ticket)
        process = Process(ticket.pid, ticket.born_s)
        if self._processes.is_alive(process):
            self._mind(ticket, process)
            return None
        code = self._processes.exit_code(process)
        self._processes.tell(process, signal.SIGKILL)  # what it left behind
        why = (
            f"it was ended after {self._settings.retrain_time_limit_s:g} s"
            if ticket.name in self._late
            else ""
        )
        return Over(ticket, why, code, last_words(self.folder(ticket) / SAID))

    def _mind(self, ticket: Ticket, process: Process) -> None:
        if ticket.keeper != self.keeper:
            log.info("%s goes on, as process %d", ticket.name, ticket.pid)
            self._tickets.put(replace(ticket, keeper=self.keeper))
        if self._now() - ticket.started_s <= self._settings.retrain_time_limit_s:
            return
        told_s = self._late.setdefault(ticket.name, self._now())
        is_patient = self._now() - told_s < GRACE_S
        self._processes.tell(process, signal.SIGTERM if is_patient else signal.SIGKILL)

    def _without_process(self, ticket: Ticket) -> Over | None:
        """The monitor died between the ticket and the process, or just after it."""
        process = _found(ticket)
        if process is not None:
            self._tickets.put(replace(ticket, pid=process.pid, born_s=process.born_s, keeper=self.keeper))
            return None
        if ticket.keeper != self.keeper and self._now() - ticket.started_s < STARTING_S:
            return None
        return Over(ticket, "the monitor ended while it was being started", None, "")

    def _elsewhere(self, ticket: Ticket) -> Over | None:
        """Of another machine's run only MLflow tells, and the time that it may take."""
        if self._now() - ticket.started_s <= self._settings.retrain_time_limit_s + STARTING_S:
            return None
        return Over(ticket, f"it ran on {ticket.host}, whose monitor has gone", None, "")


def why_failed(over: Over) -> str:
    """Why a run failed, in a sentence."""
    ended_how = (
        "its process has gone" if over.exit_code is None else f"it ended with exit code {over.exit_code}"
    )
    how = over.why or ended_how
    return f"{how}: {over.words}" if over.words else how


def _found(ticket: Ticket) -> Process | None:
    """The process of a ticket that does not name it; who only looks into its folder is none."""
    return find((LAUNCH, ticket.name)) or find(("-m mlflow run", ticket.name))


def _is_here(ticket: Ticket) -> bool:
    return ticket.host == here()
