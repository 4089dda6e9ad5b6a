"""The loop from a verdict on a model to a better one, a tick at a time; no tick waits for a run.

ended runs -> what follows them -> canaries' steps -> what is due by the clock -> each model's reasons
"""

import logging
import time
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from monitoring.history import History
from monitoring.metrics import MonitorMetrics
from monitoring.policy import TAG, Policy, parse
from monitoring.registry import Registry, RegistryAwayError
from monitoring.retraining import journal as say
from monitoring.retraining.batches import Batches
from monitoring.retraining.canaries import Canaries, what_follows
from monitoring.retraining.champions import Champion, champions
from monitoring.retraining.clock import Appointment, Clock, Due
from monitoring.retraining.cron import CronError, is_schedule, next_time
from monitoring.retraining.journal import Journal
from monitoring.retraining.retrainings import Retrainings
from monitoring.retraining.runs import Runs
from monitoring.retraining.tickets import BATCH, BETTER, RETRAIN, Tickets
from monitoring.retraining.triggers import moment
from monitoring.retraining.verdicts import Verdicts
from monitoring.retraining.voice import Voice
from serving.callers.trust import untrusted
from serving.lifecycle.canary.canary import Canary
from serving.lifecycle.canary.gateways import metrics_address, read_all
from serving.lifecycle.database import Database
from serving.lifecycle.errors import LifecycleError
from serving.lifecycle.moves import Lifecycle
from serving.settings import Settings

log = logging.getLogger(__name__)
ACTOR = "monitor"


@dataclass(frozen=True, slots=True)
class _Asked:
    """One model at one tick."""

    champion: Champion
    policy: Policy
    is_trusted: bool = True

    @property
    def wishes(self) -> bool:
        """Whether its policy would have the loop act by itself."""
        retraining = self.policy.retraining
        return bool(self.policy.batch or retraining.events or retraining.schedules)


class Loop:
    """Retrains, scores batches and steps canaries; one thread ticks it.

    Args:
        settings: Bounds and places.
        registry: MLflow.
        history: The closed windows.
        journal: Where decisions are written.
        metrics: Where they are counted.
        now: Seconds since 1970.
    """

    def __init__(
        self,
        settings: Settings,
        registry: Registry,
        history: History,
        journal: Journal,
        metrics: MonitorMetrics,
        *,
        now: Callable[[], float] = time.time,
    ) -> None:
        self._settings, self._client, self._metrics, self._now = settings, registry.client, metrics, now
        database = Database(settings.database_url)
        self._voice = Voice(journal, metrics, now)
        self._tickets = Tickets(database)
        self._clock = Clock(database, late_s=settings.retrain_late_s)
        self._runs = Runs(settings, self._tickets, now)
        self._verdicts = Verdicts(registry.client, registry.tracking_uri)
        parts = (self._tickets, self._runs, self._verdicts, self._voice, now)
        self._retrainings = Retrainings(settings, history, *parts)
        self._batches = Batches(settings, *parts)
        self._canaries = Canaries(
            Canary(registry.client, settings.database_url, partial(_counts, settings), actor=ACTOR),
            Lifecycle(registry.client, settings.database_url, actor=ACTOR),
            self._tickets,
            self._voice,
        )
        self._known: set[str] = set()

    def tick(self, models: Iterable[str]) -> None:
        """Do what is to be done now; what fails for one model stops no other.

        Args:
            models: The models that are watched.
        """
        asked = self._look(list(models))
        if asked is None:  # without MLflow nobody knows what became of a run, or what a team wants
            with self._kept_here(""):
                self._runs.over()  # late ones are told to end all the same
            return
        trusted = {model: each for model, each in asked.items() if each.is_trusted}
        self._settle(asked, trusted)
        stepped = self._step_canaries(asked)
        due = self._due(trusted)
        for model, each in trusted.items():
            with self._kept_here(model):
                mine = [one for one in due if one.appointment.model == model]
                self._consider(each, mine, is_in_canary=model in stepped)
        self._show_running(asked)

    def close(self) -> None:
        """End the runs that this loop keeps, with all that they started, and say so."""
        cancelled = self._runs.cancel()
        for ticket in cancelled:
            with self._kept_here(ticket.model):
                room = self._retrainings if ticket.kind == RETRAIN else self._batches
                room.cancelled(ticket)
        for ticket in cancelled:  # last, since MLflow may be about to stop too
            with self._kept_here(ticket.model):
                self._verdicts.end(self._verdicts.of(ticket))

    def _look(self, models: list[str]) -> dict[str, _Asked] | None:
        """What the registry says now; None where it says nothing."""
        with self._kept_here(""):
            found = {
                model: _Asked(champion, parse(champion.policy, model=model), self._settings.trusts(model))
                for model, champion in champions(self._client, models, TAG).items()
            }
            for model, each in found.items():
                with self._kept_here(model):
                    self._tell_problems(each)
            self._restore(found)
            return found
        return None

    def _tell_problems(self, asked: _Asked) -> None:
        """What in the policy cannot be used, schedules among it; all else of it stands."""
        model = asked.champion.model
        problems = list(asked.policy.problems)
        if asked.wishes and not asked.is_trusted:
            problems.append(f"nothing is scored or trained by itself: {_untrusted(model)}")
        for each in _appointments(asked):
            try:
                next_time(each.expression, self._now())
            except CronError as error:
                problems.append(f"the policy of '{model}': {error}")
        if problems:
            self._voice.say(model, say.POLICY, say.PROBLEM, problems, gist="; ".join(problems))

    def _restore(self, models: Iterable[str]) -> None:
        """When retrainings ended before this process began is shown again, a model at a time."""
        new = set(models) - self._known
        if new:
            for (model, outcome), end_s in self._tickets.last_ends().items():
                if model in new:
                    self._metrics.last_retraining.labels(model, outcome).set(end_s)
        self._known |= new

    def _settle(self, asked: Mapping[str, _Asked], trusted: Collection[str]) -> None:
        with self._kept_here(""):
            for over in self._runs.over():
                with self._kept_here(over.ticket.model):
                    if over.ticket.kind == BATCH:
                        self._batches.settle(over)
                        continue
                    done = self._retrainings.settle(over)
                    policy = asked[done.model].policy if done.model in asked else Policy()
                    if done.state == BETTER:
                        self._tickets.put(replace(done, after=what_follows(policy)))
            for ticket in self._tickets.waiting():
                if ticket.model in trusted:
                    with self._kept_here(ticket.model):
                        self._canaries.follow(ticket, asked[ticket.model].policy)

    def _step_canaries(self, asked: Mapping[str, _Asked]) -> set[str]:
        stepped: set[str] = set()
        with self._kept_here(""):
            for state in self._canaries.under_way(asked).values():
                stepped.add(state.model)
                with self._kept_here(state.model):
                    each = asked[state.model]
                    if each.is_trusted:
                        self._canaries.step(state, each.policy, each.champion.policy)
                    else:
                        self._canaries.leave(state, _untrusted(state.model))
        return stepped

    def _due(self, asked: Mapping[str, _Asked]) -> list[Due]:
        with self._kept_here(""):
            every = (one for each in asked.values() for one in _appointments(each))
            wanted = [one for one in every if is_schedule(one.expression, self._now())]
            return self._clock.due(asked, wanted, self._now())
        return []

    def _consider(self, asked: _Asked, due: list[Due], *, is_in_canary: bool) -> None:
        kept = [each for each in due if not each.is_missed]
        for each in due:
            if each.is_missed:
                self._missed(each)
        training = [each for each in kept if each.appointment.kind == RETRAIN]
        done = [each for each in kept if each.appointment.kind == BATCH and self._score(asked, each)]
        if self._retrainings.consider(asked.champion, asked.policy, training, is_in_canary=is_in_canary):
            done += training
        for each in done:
            self._clock.keep(each.appointment, self._now())

    def _score(self, asked: _Asked, due: Due) -> bool:
        batch = asked.policy.batch
        return batch is None or self._batches.start(asked.champion.model, batch, due)

    def _missed(self, due: Due) -> None:
        appointment = due.appointment
        late_h = self._settings.retrain_late_s / 3600
        why = f"it was due {moment(due.at_s)}, when no monitor ran; after {late_h:g} hours it is passed over"
        topic = say.BATCH if appointment.kind == BATCH else say.RETRAINING
        self._voice.say(appointment.model, topic, say.WAIT, [why])
        self._clock.keep(appointment, self._now())

    def _show_running(self, models: Iterable[str]) -> None:
        with self._kept_here(""):
            running = {ticket.model for ticket in self._tickets.running() if ticket.kind == RETRAIN}
            for model in models:
                self._metrics.retraining_running.labels(model).set(model in running)

    @contextmanager
    def _kept_here(self, model: str) -> Iterator[None]:
        try:
            yield
        except (RegistryAwayError, LifecycleError) as error:
            log.warning("the loop passes over %s this time: %s", model or "a part of its work", error)
            self._metrics.check_errors.labels(model, "registry").inc()
        except Exception:
            log.exception("the loop failed for %s", model or "a part of its work")
            self._metrics.check_errors.labels(model, "loop").inc()


def _appointments(asked: _Asked) -> list[Appointment]:
    """A model's schedules, as they stand in its policy."""
    policy, model = asked.policy, asked.champion.model
    wanted = [Appointment(model, RETRAIN, each) for each in policy.retraining.schedules]
    return wanted + ([Appointment(model, BATCH, policy.batch.schedule)] if policy.batch else [])


def _untrusted(model: str) -> str:
    return f"the monitor acts as an administrator, and {untrusted(model)}; have the operator name it"


def _counts(settings: Settings) -> Mapping[str, str]:
    """The gateways' counts.

    Raises:
        LifecycleError: One did not answer, or the key cannot be read.
    """
    named = [each.strip() for each in settings.gateway_metrics.split(",") if each.strip()]
    key = ""
    if settings.gateway_metrics_key_file:
        try:
            key = Path(settings.gateway_metrics_key_file).read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            raise LifecycleError(
                f"gateway_metrics_key_file must be a file with an API key: {error}"
            ) from error
    return read_all(settings, named or [metrics_address(settings)], key)
