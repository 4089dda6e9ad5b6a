"""One canary at a time for each route: started, stepped, held and sent back under the route's lease.

A step does exactly one thing: it advances the challenger to the policy's next percent, holds it where it is,
or sends it back.
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from mlflow import MlflowClient

from serving.lifecycle.canary import texts
from serving.lifecycle.canary.evidence import ReadMetrics, reading, since_the_step
from serving.lifecycle.canary.judge import WAITING, Judgement, Reason, judge
from serving.lifecycle.canary.ledger import Ledger, Outcome
from serving.lifecycle.canary.rules import WHOLE, Rules
from serving.lifecycle.canary.scene import Scene, look
from serving.lifecycle.canary.state import Reading, State, States
from serving.lifecycle.database import Database
from serving.lifecycle.errors import (
    AlreadyThereError,
    InvalidMoveError,
    LifecycleError,
    PeopleNeededError,
)
from serving.lifecycle.moves import Lifecycle, utc_now
from serving.lifecycle.route_people import check_shares
from serving.lifecycle.routes import InvalidRouteError, Routes
from serving.lifecycle.stages import PRODUCTION
from serving.routing.route import parse

CHALLENGER = "challenger"
PASSED = "passed"


class Canary:
    """Leads challengers to their share; for threads and processes alike.

    Every method raises LifecycleError with a sentence: `InvalidMoveError` for what is not there or not
    allowed, `AlreadyThereError` when there is nothing to do, `LeaseBusyError` while another is at the route.

    Args:
        client: The registry.
        database_url: Where states, journal and leases are, as an SQLAlchemy URL.
        read_metrics: The gateways' counts.
        actor: Who leads, for the journal.
        now: The time, aware.
    """

    def __init__(
        self,
        client: MlflowClient,
        database_url: str,
        read_metrics: ReadMetrics,
        *,
        actor: str,
        now: Callable[[], datetime] = utc_now,
    ) -> None:
        self._routes = Routes(client, database_url, actor=actor, now=now)
        self._lifecycle = Lifecycle(client, database_url, actor=actor, now=now)
        self._states = States(Database(database_url))
        self._ledger = Ledger(self._routes, self._states, actor=actor, now=now)
        self._read_metrics, self._actor, self._now = read_metrics, actor, now

    def start(self, name: str, *, variant: str = CHALLENGER, reason: str = "") -> Outcome:
        """Give a challenger the first percent of the policy, or go on with a canary that was held.

        Args:
            name: The route.
            variant: The challenger in it; where the route has none of that name, the version in Staging.
            reason: Why, for the journal.
        """
        with self._routes.held(name):
            scene, state = look(self._routes, name), self._states.get(name)
            if state is not None and state.phase == "running":
                raise AlreadyThereError(f"a canary of '{name}' is under way, at {state.percent:g} %")
            if state is not None and state.phase == "held" and scene.challenger(state.variant):
                return self._resumed(scene, state, reason)
            return self._begun(scene, variant, reason)

    def step(self, name: str) -> Outcome:
        """Make one step: advance, hold or go back, as the counts since the last step say."""
        with self._routes.held(name):
            state, scene = self._under_way(name), look(self._routes, name)
            if state.ending:
                return self._ledger.end(scene, state, state.ending, ("ends a step that was cut off",))
            if state.pending is not None:
                state, scene = self._ledger.mended(scene, state), look(self._routes, name)
            return self._changed(scene, state) or self._stepped(scene, state)

    def hold(self, name: str, *, reason: str = "") -> Outcome:
        """Keep a challenger where it is; it still goes back when it does harm. `start` goes on."""
        with self._routes.held(name):
            state = self._under_way(name)
            if state.phase == "held":
                raise AlreadyThereError(f"the canary of '{name}' is held already, at {state.percent:g} %")
            return self._held(look(self._routes, name), state, reason or f"held by {self._actor}")

    def back(self, name: str, *, reason: str = "") -> Outcome:
        """Give the challenger's share back to the champion, and end the canary."""
        with self._routes.held(name):
            state, scene = self._under_way(name), look(self._routes, name)
            return self._ledger.end(scene, state, "back", (reason or f"asked by {self._actor}",))

    def status(self, name: str) -> Outcome:
        """Where a canary stands, and what a step would do now; changes nothing."""
        state = self._states.get(name)
        if state is None:
            raise AlreadyThereError(f"there has been no canary of '{name}'; {_how_to_start(name)}")
        if state.phase in ("back", "done"):
            return Outcome("status", state, (f"it has ended: {state.phase}",))
        rules = look(self._routes, name).rules()
        champion, challenger = since_the_step(state, reading(state, self._read_metrics))
        judged = judge(champion, challenger, minutes=self._minutes(state), hold=rules.hold)
        reasons = tuple(f"a step would {judged.verdict}: {reason.sentence}" for reason in judged.reasons)
        return Outcome("status", state, reasons, champion, challenger)

    def under_way(self) -> list[str]:
        """The routes whose canary has not ended: what a loop steps."""
        return [state.route for state in self._states.under_way()]

    def state(self, name: str) -> State | None:
        """The last canary of a route, by Penstock's own records alone."""
        return self._states.get(name)

    def _begun(self, scene: Scene, variant: str, reason: str) -> Outcome:
        rules, found = scene.rules(), scene.challenger(variant)
        share = found.buckets / WHOLE if found else 0.0
        percent = rules.after(share)
        if percent is None or percent >= WHOLE:
            sentence = f"'{variant}' of route '{scene.name}' has {share:g} % already"
            raise InvalidMoveError(f"{sentence}, and the steps are {rules}")
        route = parse(texts.with_share(scene, variant, percent), name=scene.name, model=scene.model)
        if problems := scene.problems(route):
            raise InvalidRouteError(problems)
        check_shares(route, scene.model, scene.models)
        fresh = replace(scene, route=route)
        champion, challenger = fresh.lane(fresh.champion()), fresh.lane_of(variant)
        if champion is None or challenger is None or champion[:2] == challenger[:2]:
            raise InvalidMoveError(f"champion and challenger of route '{scene.name}' are both {challenger}")
        state = State(
            route=scene.name,
            model=scene.model,
            variant=variant,
            champion=champion,
            challenger=challenger,
            phase="running",
            percent=share,
            since=self._now(),
            is_added=found is None,
            had_route=scene.tag is not None,
        )
        said = reason or f"{challenger} begins with {percent:g} % of {rules}"
        return self._ledger.share(scene, self._rebased(state), percent, said, action="start")

    def _resumed(self, scene: Scene, state: State, reason: str) -> Outcome:
        found = scene.challenger(state.variant)
        percent = found.buckets / WHOLE if found else 0.0
        state = self._rebased(replace(state, phase="running", percent=percent, pending=None))
        return self._ledger.note(scene, state, "start", (reason or f"goes on at {percent:g} %",))

    def _changed(self, scene: Scene, state: State) -> Outcome | None:
        """What is to be done where somebody else has changed the route or a stage."""
        champion, challenger = scene.lane(scene.champion()), scene.lane_of(state.variant)
        if champion is not None and champion[:2] == state.challenger[:2]:
            return self._ledger.end(scene, state, "done", (f"{state.challenger} is the champion now",))
        found = scene.challenger(state.variant)
        share = found.buckets / WHOLE if found else 0.0
        if share != state.percent:
            said = f"somebody gave '{state.variant}' {share:g} %, where the canary had {state.percent:g} %"
            return None if state.phase == "held" else self._held(scene, state, said)
        if challenger is None:
            gone = f"'{state.variant}' has no version any more; it had {state.challenger}"
            return self._ledger.end(scene, state, "back", (gone,))
        if challenger != state.challenger:
            return self._anew(scene, replace(state, challenger=challenger))
        if champion is not None and champion != state.champion:
            state = self._rebased(replace(state, champion=champion))
            return self._ledger.note(scene, state, "hold", (f"the champion is {champion} now",))
        return None

    def _anew(self, scene: Scene, state: State) -> Outcome:
        first = min(scene.rules().steps[0], state.percent)
        said = f"the challenger is {state.challenger} now, which begins with {first:g} %"
        return self._ledger.share(scene, self._rebased(state), first, said, action="start")

    def _stepped(self, scene: Scene, state: State) -> Outcome:
        rules = scene.rules()
        try:
            now = reading(state, self._read_metrics)
        except LifecycleError as error:
            away = Judgement("hold", (Reason("no_counts", str(error)),), is_whole=False)
            return self._stays(scene, state, away)
        champion, challenger = since_the_step(state, now)
        judged = judge(champion, challenger, minutes=self._minutes(state), hold=rules.hold)
        outcome = self._follow(scene, state, judged, now)
        return replace(outcome, champion=champion, challenger=challenger)

    def _follow(self, scene: Scene, state: State, judged: Judgement, now: Reading) -> Outcome:
        if judged.verdict == "back":
            return self._ledger.end(scene, state, "back", judged.sentences)
        if judged.is_whole:
            state = replace(state, baseline=now)
        if judged.verdict == "hold":
            return self._stays(scene, state, judged)
        if state.phase == "held":
            held = Reason("held", f"it is held, and would advance: {judged.sentences[0]}")
            return self._stays(scene, state, replace(judged, reasons=(held,)))
        rules = scene.rules()
        percent = rules.after(state.percent)
        if percent is None or percent >= WHOLE:
            return self._last(scene, state, judged, rules)
        route = parse(texts.with_share(scene, state.variant, percent), name=scene.name, model=scene.model)
        try:
            check_shares(route, scene.model, scene.models)
        except PeopleNeededError as error:
            people = Reason("people_needed", str(error))
            return self._stays(scene, state, replace(judged, reasons=(people,)))
        return self._ledger.share(scene, state, percent, "; ".join(judged.sentences), action="advance")

    def _last(self, scene: Scene, state: State, judged: Judgement, rules: Rules) -> Outcome:
        """The step to all: a promotion if the policy wants it, else a person's."""
        model, version, _ = state.challenger
        champion = scene.champion()
        if rules.promotes and champion.stage == PRODUCTION and champion.model == model:
            why = f"its canary on route '{scene.name}' has passed {state.percent:g} %"
            try:
                self._lifecycle.promote(model, version, reason=why)
            except AlreadyThereError:
                pass  # a step before has died after the move
            except InvalidMoveError as error:
                refused = Reason("not_promoted", str(error))
                return self._stays(scene, state, replace(judged, reasons=(refused,)))
            promoted = (f"{state.challenger} is promoted", *judged.sentences)
            return self._ledger.end(look(self._routes, scene.name), state, "done", promoted)
        passed = Reason(PASSED, f"{state.challenger} has passed the last step, {state.percent:g} %")
        return self._stays(scene, state, replace(judged, reasons=(passed, *judged.reasons)))

    def _stays(self, scene: Scene, state: State, judged: Judgement) -> Outcome:
        """Hold, and journal it where the reasons are new; to wait after another reason is no new one."""
        words = tuple(reason.code for reason in judged.reasons)
        if judged.is_whole:
            state = replace(state, since=self._now())
        if words == state.last or (state.last and set(words) <= WAITING):
            outcome = self._ledger.keep(state, "hold", judged.sentences)
        else:
            outcome = self._ledger.note(scene, replace(state, last=words), "hold", judged.sentences)
        return replace(outcome, todo=_todo(scene, outcome.state))

    def _held(self, scene: Scene, state: State, reason: str) -> Outcome:
        return self._ledger.note(scene, replace(state, phase="held", pending=None), "hold", (reason,))

    def _under_way(self, name: str) -> State:
        state = self._states.get(name)
        if state is None or state.phase in ("back", "done"):
            ended = f"the last one has ended ({state.phase}); " if state else ""
            raise AlreadyThereError(f"no canary of '{name}' is under way; {ended}{_how_to_start(name)}")
        return state

    def _rebased(self, state: State) -> State:
        return replace(state, baseline=reading(state, self._read_metrics), since=self._now(), last=())

    def _minutes(self, state: State) -> float:
        return (self._now() - state.since).total_seconds() / 60


def _todo(scene: Scene, state: State) -> str:
    """What a person has to do after the last step."""
    if PASSED not in state.last:
        return ""
    champion = scene.champion()
    if champion.stage != PRODUCTION or champion.model != state.challenger.model:
        return (
            f"set the route: its champion is not the version of '{state.challenger.model}' in {PRODUCTION}, "
            "so no promotion changes it"
        )
    promote = f"python -m serving.lifecycle promote {state.challenger.model} {state.challenger.version}"
    return f"promote it: {promote}; or let steps do so: traffic.promote in the policy, with 100 as last step"


def _how_to_start(name: str) -> str:
    return f"start one: python -m serving.routes canary {name} start"
