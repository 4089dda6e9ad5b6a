"""One machine's job service: takes tokens, claims jobs, keeps each in a thread, makes up for what was lost.

a token, or every few seconds anyway ─► claim the fairest job ─► a keeper: start, watch, end, settle
another service's jobs, it being dead ─► adopted where their processes live, else settled or started again
"""

import contextlib
import logging
import os
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field

import psutil

from monitoring.retraining.processes import BORN_MARGIN_S, Process, find
from monitoring.retraining.tickets import here
from penstock.desk import Desk
from penstock.jobs import folders, starting, tidying
from penstock.jobs import machine as machines
from penstock.jobs.claims import Claims
from penstock.jobs.job import Limits
from penstock.jobs.keeper import Keeper, Shop
from penstock.jobs.keeping import Held, Keeping, Note
from penstock.jobs.launch import ORPHAN_S
from penstock.jobs.limits import on_machine
from penstock.jobs.settling import Settler
from penstock.jobs.starting import Starter
from penstock.jobs.verdict import CANCELLED, LOST, STOPPED, Ending
from serving.lifecycle.errors import LifecycleError

log = logging.getLogger(__name__)

TICK_S = 0.1
WISHES_S = 0.5
URGENT_S = 0.5
BEAT_S = 1.0
SWEEP_S = 5.0
"""How often the table is looked into without a token, and other services' jobs are."""
TIDY_S = 3600.0
ELSEWHERE_S = 2.5 * ORPHAN_S
"""Without a sign of life for so long, another machine's job runs no more: its process has ended itself."""
STOP_S = 4.0
"""From the wish that the service stops: what starts it kills it a second later."""
LAUNCH = "penstock.jobs.launch"
STOP_WHY = "the job service was stopped while it ran"


@dataclass
class Service:
    """Works jobs off until it is told to stop.

    Args:
        desk: The settings, the database, the tokens, MLflow.
    """

    desk: Desk
    machine: machines.Machine = field(default_factory=machines.here)
    _keepers: dict[str, Keeper] = field(default_factory=dict, init=False)
    _due: dict[str, float] = field(default_factory=dict, init=False)
    _said: dict[str, Note] = field(default_factory=dict, init=False)
    _is_down: bool = field(default=False, init=False)
    _is_leaving: bool = field(default=False, init=False)

    def __post_init__(self) -> None:
        self._stop, self._host = threading.Event(), here()
        self._keeping = Keeping(self.desk.database, _name(self._host), self.desk.now_s)
        settings = self.desk.settings
        self._claims = Claims(self.desk.database, settings, self.machine, self._host, self.desk.now_s)
        settler = Settler(self.desk, self._keeping, self._stop)
        cores = on_machine(Limits(), settings, self.machine).cores
        self._starter = Starter(starting.environment(folders.of_any(settings, cores)))
        self._shop = Shop(self.desk, self.machine, self._starter, settler)

    def run(self) -> None:
        """Work until `stop`; then no process of a job is left, unless it was told to leave them."""
        log.info("%d jobs at once on %d cores", self.desk.settings.jobs_at_once, len(self.machine.cores))
        self._starter.warm_up()
        while not self._stop.wait(TICK_S):
            with self._said_once():
                self._round()
        self._wind_up()

    def stop(self, *, is_leaving: bool = False) -> None:
        """Have it stop; `is_leaving` leaves the jobs running, for the next service to adopt."""
        self._is_leaving = is_leaving
        self._stop.set()

    def _round(self) -> None:
        freed = self._bury()
        if self._is_due("wishes", WISHES_S):
            self._heed()
        if self._keepers and self._is_due("beat", BEAT_S):
            self._beat()
        is_sweep = self._is_due("sweep", SWEEP_S)
        if is_sweep:
            self._take_up()
        if freed or is_sweep or self._is_told():
            self._claim()
        if self._is_due("tidy", TIDY_S):
            threading.Thread(target=self._tidy, daemon=True).start()

    def _is_told(self) -> bool:
        """Whether there is word of work for a worker that is free.

        Where only the worker for urgent jobs is, tokens are left to other machines.
        """
        left = self.desk.settings.jobs_at_once - len(self._keepers)
        if left > 0:
            return self.desk.tokens.take()
        return left == 0 and self._is_due("urgent", URGENT_S) and self._claims.has_urgent()

    def _tidy(self) -> None:
        with self._said_once():
            tidying.tidy(self.desk, self._keeping)

    def _claim(self) -> None:
        """Claim as many jobs as there are workers free."""
        while not self._stop.is_set():
            claimed = self._claims.claim(self._keeping.worker)
            if claimed is None:
                return
            job, place = claimed
            log.info(
                "job %s (%s of %s), start %d", job.job_id, job.wanted.entry, job.wanted.owner, job.attempts
            )
            self._keep(Keeper(self._shop, job, place))

    def _take_up(self) -> None:
        """Adopt the jobs of services that are dead; start again what died with them."""
        for held in self._keeping.of_others():
            if self._is_left(held) and self._keeping.take_over(held, self._host):
                self._adopt(held)
        for job_id in self._keeping.wishes().keys() - self._keepers.keys():
            if (left := self._keeping.get(job_id)) is not None:  # its keeper came to grief
                self._adopt(left)

    def _adopt(self, held: Held) -> None:
        self._keep(Keeper(self._shop, held.job, held.place, adopted=self._process(held), is_new=False))

    def _is_left(self, held: Held) -> bool:
        if held.host == self._host:
            return not _is_alive(held.job.worker)
        return self.desk.now_s() - held.beat_s > ELSEWHERE_S

    def _process(self, held: Held) -> Process | None:
        if held.host != self._host:
            return None
        if not held.pid:
            return find((LAUNCH, held.job.job_id))
        process = Process(held.pid, held.born_s)
        return process if self._shop.processes.is_alive(process) else None

    def _heed(self) -> None:
        """Cancel what is to be cancelled, and part from what others took over."""
        if not self._keepers:
            return
        wishes = self._keeping.wishes()
        for job_id, keeper in list(self._keepers.items()):
            if keeper.is_settling:
                continue
            if job_id not in wishes:
                self._part(job_id, keeper)
            elif by := wishes[job_id]:
                keeper.ask(Ending(CANCELLED, f"cancelled by {by}"))

    def _part(self, job_id: str, keeper: Keeper) -> None:
        held = self._keeping.get(job_id)
        if held is not None and held.job.worker == self._keeping.worker:
            return
        if held is not None and held.host == self._host:
            keeper.let_go()
            del self._keepers[job_id]
        else:
            keeper.ask(Ending(LOST, "its record was taken over or removed"))

    def _beat(self) -> None:
        notes = {job_id: keeper.note() for job_id, keeper in self._keepers.items() if not keeper.is_settling}
        self._keeping.beat({job_id: note for job_id, note in notes.items() if self._said.get(job_id) != note})
        self._said = notes

    def _keep(self, keeper: Keeper) -> None:
        self._keepers[keeper.job.job_id] = keeper
        keeper.thread.start()

    def _bury(self) -> bool:
        """Let go of keepers that are done; whether there were any."""
        done = [job_id for job_id, keeper in self._keepers.items() if not keeper.thread.is_alive()]
        for job_id in done:
            del self._keepers[job_id]
        return bool(done)

    def _wind_up(self) -> None:
        for keeper in self._keepers.values():
            if self._is_leaving:
                keeper.let_go()
            else:
                keeper.ask(Ending(STOPPED, STOP_WHY))
        deadline = time.monotonic() + (0.0 if self._is_leaving else STOP_S)
        for keeper in self._keepers.values():
            keeper.thread.join(max(0.0, deadline - time.monotonic()))
        self._starter.cool_down()
        self.desk.tokens.close()
        log.info("stopped; %d jobs %s", len(self._keepers), "go on" if self._is_leaving else "wait again")

    def _is_due(self, what: str, every_s: float) -> bool:
        now = time.monotonic()
        if now < self._due.get(what, float("-inf")):
            return False
        self._due[what] = now + every_s
        return True

    @contextlib.contextmanager
    def _said_once(self) -> Iterator[None]:
        """Go on while the database is away, which is said once."""
        try:
            yield
        except LifecycleError as error:
            if not self._is_down:
                log.warning("jobs wait: %s", error)
            self._is_down = True
        except Exception:  # the loop's edge: the next round may do better
            log.exception("a round of the job service failed")
        else:
            if self._is_down:
                log.info("the database is back")
            self._is_down = False


def _name(host: str) -> str:
    """This service, by machine and process: whoever reads it there can tell whether it lives."""
    return f"{host}|{os.getpid()}|{psutil.Process().create_time():.2f}"


def _is_alive(worker: str) -> bool:
    """Whether a service of this machine lives."""
    try:
        _, pid, born_s = worker.rsplit("|", 2)
        found = psutil.Process(int(pid))
        is_same = abs(found.create_time() - float(born_s)) < BORN_MARGIN_S
        return is_same and found.status() != psutil.STATUS_ZOMBIE
    except (psutil.Error, ValueError):
        return False
