"""Retrainings: decided with their reasons, started, and settled by what their MLflow run says.

policy -> reasons -> what stands against them -> ticket -> process; later: verdict -> journal -> what follows
"""

import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import pyarrow as pa

from monitoring.history import Entry, History
from monitoring.policy import Policy
from monitoring.retraining import command as commands
from monitoring.retraining import journal as say
from monitoring.retraining import tickets as states
from monitoring.retraining import triggers
from monitoring.retraining.champions import Champion
from monitoring.retraining.clock import Appointment, Due
from monitoring.retraining.launch import ROWS, Asked, ask, given
from monitoring.retraining.rows import DAY_S, LabelledRows, NewRows, ids_and_times
from monitoring.retraining.runs import LAUNCH, Over, Runs, why_failed
from monitoring.retraining.tickets import RETRAIN, Ticket, Tickets, ended, new_ticket
from monitoring.retraining.verdicts import BETTER, NOT_BETTER, REFUSED, Verdict, Verdicts
from monitoring.retraining.voice import Voice
from serving.prediction_log.scan import Scanner
from serving.settings import Settings

WINDOWS_LOOKED_AT = 200
COUNTING_SHARE = 0.05
"""Counting new rows may take this share of the time."""
NO_CHAMPION = triggers.Reason("no_champion", "no version is in Production, so there is nothing to retrain")
UNDER_WAY = triggers.Reason("running", "a retraining is under way")
IN_CANARY = triggers.Reason("canary", "a canary of the model is under way")
BUSY = triggers.Reason("busy", "other models are being retrained")


@dataclass(frozen=True, slots=True)
class _Counted:
    """A count, of what, and until when it is not made again."""

    key: tuple[str, float, float]
    rows: NewRows
    until_s: float


def _good_until_s(began_s: float) -> float:
    now_s = time.monotonic()
    return now_s + (now_s - began_s) / COUNTING_SHARE


@dataclass(frozen=True, slots=True)
class _Case:
    """All that is known before rows are counted."""

    champion: Champion
    policy: Policy
    due: Sequence[Due]
    entries: Sequence[Entry]
    last: triggers.Last | None
    is_in_canary: bool

    def reasons(self, rows: NewRows | None) -> list[triggers.Reason]:
        return triggers.reasons(
            self.policy.retraining, entries=self.entries, due=self.due, rows=rows, last=self.last
        )


@dataclass(slots=True)
class Retrainings:
    """Decides on retrainings, starts and settles them; one thread uses it.

    Attributes:
        settings: Bounds and places.
        history: The closed windows.
        tickets: What was started.
        runs: The processes.
        verdicts: What came of them.
        voice: Where decisions are told.
        now: Seconds since 1970.
    """

    settings: Settings
    history: History
    tickets: Tickets
    runs: Runs
    verdicts: Verdicts
    voice: Voice
    now: Callable[[], float]
    _scanner: Scanner = field(init=False)
    _counted: dict[str, "_Counted"] = field(default_factory=dict)
    _outcomes: pa.Table | None = None
    _outcomes_until_s: float = 0.0

    def __post_init__(self) -> None:
        """Look at the log where the settings say."""
        self._scanner = Scanner(self.settings.prediction_log_dir, self.settings.log_s3_uri)

    def consider(self, champion: Champion, policy: Policy, due: Sequence[Due], *, is_in_canary: bool) -> bool:
        """Start a retraining where there is a reason and nothing stands against it.

        Args:
            champion: Whose.
            policy: What its team wants.
            due: Its schedules whose moment has come.
            is_in_canary: Whether a challenger of it is being let in.

        Returns:
            Whether the schedules are dealt with; they wait for a place among the running ones.
        """
        case = self._case(champion, policy, due, is_in_canary=is_in_canary)
        told = case.reasons(None)
        if not told and "rows" not in policy.retraining.events:
            return True
        against = self._early(case)
        if against is None:
            rows = self._count(case)
            told = case.reasons(rows)
            against = self._late(policy, rows)
        if told and against:
            self._wait(champion.model, told, against)
        elif told:
            self._start(case, told)
        return not told or against != BUSY

    def settle(self, over: Over) -> Ticket:
        """End a ticket whose process has gone, as its MLflow run says.

        Raises:
            RegistryAwayError: MLflow does not answer; the ticket goes on until it does.
        """
        ticket, verdict = over.ticket, self.verdicts.of(over.ticket)
        had = given(self.runs.folder(ticket))
        ticket = replace(ticket, rows=had.rows, cut_s=had.cut_s)
        if verdict.word == BETTER and verdict.version and not over.why:
            done, decision = ended(ticket, states.BETTER, self.now(), made=verdict.version), say.REGISTERED
        elif verdict.word == NOT_BETTER and not over.why:
            done, decision = ended(ticket, states.NOT_BETTER, self.now()), say.NOT_BETTER
        else:
            done, decision = ended(ticket, states.FAILED, self.now()), say.FAILED
            self.verdicts.end(verdict)
        self._tell(self.tickets.put(done), decision, self._reasons(over, verdict, had.left_out))
        if done.state in states.LEARNED:
            self.runs.drop_rows(ticket)
        self.runs.let_go(ticket)
        return done

    def cancelled(self, ticket: Ticket) -> None:
        """Tell that the monitor's stop has ended a retraining."""
        self._tell(ticket, say.CANCELLED, ["the monitor stops; it is decided anew when it is back"])

    def _tell(self, ticket: Ticket, decision: str, reasons: Sequence[str]) -> None:
        metrics = self.voice.metrics
        metrics.retrainings.labels(ticket.model, ticket.state).inc()
        metrics.last_retraining.labels(ticket.model, ticket.state).set(ticket.ended_s)
        metrics.retraining_seconds.observe(max(0.0, ticket.ended_s - ticket.started_s))
        version = ticket.made or ticket.version
        self.voice.say(ticket.model, say.RETRAINING, decision, reasons, ticket=ticket.name, version=version)

    def _reasons(self, over: Over, verdict: Verdict, left_out: Sequence[str]) -> list[str]:
        is_judged = verdict.word in (BETTER, NOT_BETTER, REFUSED) and not over.why
        why = verdict.reason if is_judged and verdict.reason else why_failed(over)
        said = [why, verdict.address]
        if left_out:
            said.append(
                f"without the columns {', '.join(left_out)}, which the log does not hold as they were"
            )
        return said

    def _last(self, champion: Champion) -> triggers.Last | None:
        """The last retraining of a model, for the cool-down; its cut is that of the last that learned."""
        ticket = self.tickets.last(champion.model, states=states.COUNTED)
        if ticket is None:
            return None
        learned = self.tickets.last(champion.model, states=states.LEARNED)
        return triggers.Last(ticket.started_s, ticket.due_s, learned.cut_s if learned else 0.0)

    def _cut_off(self, model: str) -> list[Due]:
        """The schedule's moment whose retraining the monitor's stop has ended, while it is not too late."""
        ticket = self.tickets.last(model)
        if ticket is None or ticket.state != states.CANCELLED or ticket.due_s == ticket.started_s:
            return []
        if self.now() - ticket.due_s > self.settings.retrain_late_s:
            return []
        return [Due(Appointment(model, RETRAIN, "cut off before"), ticket.due_s, is_missed=False)]

    def _case(self, champion: Champion, policy: Policy, due: Sequence[Due], *, is_in_canary: bool) -> "_Case":
        model, version = champion.model, champion.version
        return _Case(
            champion,
            policy,
            (*due, *self._cut_off(model)),
            self.history.last(WINDOWS_LOOKED_AT, model=model, version=version) if version else (),
            self._last(champion),
            is_in_canary,
        )

    def _early(self, case: "_Case") -> triggers.Reason | None:
        """What stands against a retraining before any row is counted."""
        if not case.champion.version:
            return NO_CHAMPION
        if self.tickets.last(case.champion.model, states=(states.RUNNING,)):
            return UNDER_WAY
        if against := triggers.cooling(case.policy.retraining, case.last, now_s=self.now(), due=case.due):
            return against
        return IN_CANARY if case.is_in_canary else None

    def _late(self, policy: Policy, rows: NewRows) -> triggers.Reason | None:
        if against := triggers.too_few(policy.retraining, rows):
            return against
        return BUSY if self.runs.running(RETRAIN) >= self.settings.retrain_at_once else None

    def _wait(self, model: str, told: Sequence[triggers.Reason], against: triggers.Reason) -> None:
        """Say once what stands against the reasons."""
        gist = f"{against.code}: {' '.join(sorted({reason.code for reason in told}))}"
        sentences = [*(reason.sentence for reason in told), against.sentence]
        self.voice.say(model, say.RETRAINING, say.WAIT, sentences, gist=gist)

    def _rows(self, champion: Champion) -> LabelledRows:
        late_s = self.settings.monitor_outcome_days * DAY_S
        return LabelledRows(self._scanner, champion.model, champion.learned_s, late_s, self.now())

    def _count(self, case: "_Case") -> NewRows:
        """The new rows; as they were counted lately, where counting takes long."""
        champion, last = case.champion, case.last
        fresh_s = max(last.cut_s if last else 0.0, champion.learned_s or champion.made_s)
        key = (champion.version, champion.learned_s, fresh_s)
        known = self._counted.get(champion.model)
        if known and known.key == key and time.monotonic() < known.until_s:
            return known.rows
        began = time.monotonic()
        outcomes = self._newest_outcomes()
        rows = self._rows(champion).count(outcomes, fresh_s, case.policy.retraining.new_rows)
        self._counted[champion.model] = _Counted(key, rows, _good_until_s(began))
        return rows

    def _newest_outcomes(self) -> pa.Table:
        """What has come of predictions, read once a tick for all models, less often if it takes long."""
        if self._outcomes is None or time.monotonic() >= self._outcomes_until_s:
            began = time.monotonic()
            self._outcomes = ids_and_times(self._scanner)
            self._outcomes_until_s = _good_until_s(began)
        return self._outcomes

    def _start(self, case: "_Case", told: Sequence[triggers.Reason]) -> None:
        champion, policy = case.champion, case.policy
        due_s = max((each.at_s for each in case.due), default=None)
        ticket = new_ticket(
            RETRAIN, champion.model, champion.version, now_s=self.now(), keeper=self.runs.keeper, due_s=due_s
        )
        if not self.tickets.claim(ticket):
            return
        sentences = [reason.sentence for reason in told]
        self.voice.say(
            champion.model,
            say.RETRAINING,
            say.RETRAIN,
            sentences,
            ticket=ticket.name,
            version=champion.version,
        )
        folder = self.runs.folder(ticket)
        try:
            folder.mkdir(parents=True, exist_ok=True)
            ask(folder, self._asked(ticket, champion, policy, folder))
            launch = [sys.executable, "-m", LAUNCH, str(folder)]
            self.runs.start(ticket, launch, Path(__file__).parents[2])
        except OSError as error:
            failed = self.tickets.put(ended(ticket, states.FAILED, self.now()))
            self._tell(failed, say.FAILED, [f"it could not be started: {error}"])
        self.runs.tidy()

    def _asked(self, ticket: Ticket, champion: Champion, policy: Policy, folder: Path) -> Asked:
        parameters = commands.retraining(ticket, folder / ROWS, policy.retraining.recent_days)
        return Asked(
            commands.command(ticket, parameters),
            str(commands.project(self.settings).absolute()),
            str(self.settings.prediction_log_dir.absolute()),
            self.settings.log_s3_uri,
            champion.model,
            champion.target,
            champion.learned_s,
            self.settings.monitor_outcome_days * DAY_S,
            self.settings.retrain_max_rows,
            sorted(policy.hidden),
        )
