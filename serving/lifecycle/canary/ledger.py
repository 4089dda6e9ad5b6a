"""What a canary writes: its state, the route's tag and the journal, in the order that outlives a crash.

The state says first what will be written to the tag: a share (`pending`) or the canary's end (`ending`). A
step that dies half way is ended by the next one.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime

from serving.lifecycle.canary import texts
from serving.lifecycle.canary.counts import Counts
from serving.lifecycle.canary.rules import WHOLE
from serving.lifecycle.canary.scene import Scene
from serving.lifecycle.canary.state import Ending, State, States
from serving.lifecycle.route_journal import Change
from serving.lifecycle.routes import Routes


@dataclass(frozen=True, slots=True)
class Outcome:
    """What was done, and why.

    Attributes:
        action: `start`, `advance`, `hold`, `back`, `done`; `status` where nothing was to be done.
        state: Where the canary stands now.
        reasons: Why, a sentence each.
        champion: The champion's counts since the last step; None where they were not looked at.
        challenger: The challenger's.
        todo: What a person has to do now; empty if nothing.
    """

    action: str
    state: State
    reasons: tuple[str, ...]
    champion: Counts | None = None
    challenger: Counts | None = None
    todo: str = ""


class Ledger:
    """Writes for whoever holds the route's lease.

    Args:
        routes: Writes tags and their journal.
        states: Keeps the states.
        actor: Who leads.
        now: The time, aware.
    """

    def __init__(self, routes: Routes, states: States, *, actor: str, now: Callable[[], datetime]) -> None:
        self._routes, self._states, self._actor, self._now = routes, states, actor, now

    def share(self, scene: Scene, state: State, percent: float, reason: str, *, action: str) -> Outcome:
        """Give the challenger a share; the step begins now."""
        state = self._states.put(replace(state, pending=percent, last=()))
        self._put(scene, texts.with_share(scene, state.variant, percent), action, reason)
        done = replace(state, percent=percent, pending=None, since=self._now(), phase="running")
        return Outcome(action, self._states.put(done), (reason,))

    def end(self, scene: Scene, state: State, ending: Ending, reasons: tuple[str, ...]) -> Outcome:
        """Take the challenger's share away, and end the canary."""
        state = self._states.put(replace(state, ending=ending, pending=None))
        after = texts.without(scene, state.variant, is_added=state.is_added, had_route=state.had_route)
        self._put(scene, after, ending, "; ".join(reasons))
        percent = WHOLE if ending == "done" else 0.0
        return Outcome(ending, self._states.put(replace(state, phase=ending, percent=percent)), reasons)

    def note(self, scene: Scene, state: State, action: str, reasons: tuple[str, ...]) -> Outcome:
        """Journal what leaves the route as it is."""
        self._put(scene, scene.tag, action, "; ".join(reasons))
        return self.keep(state, action, reasons)

    def keep(self, state: State, action: str, reasons: tuple[str, ...]) -> Outcome:
        """Keep the state alone."""
        return Outcome(action, self._states.put(state), reasons)

    def mended(self, scene: Scene, state: State) -> State:
        """The state after a share that a step before began to write: it is written now if it was not."""
        if state.pending is None:
            return state
        found = scene.challenger(state.variant)
        share = found.buckets / WHOLE if found else 0.0
        if share == state.percent:
            after = texts.with_share(scene, state.variant, state.pending)
            self._put(scene, after, "advance", "ends a step that was cut off")
        elif share != state.pending:
            return self._states.put(replace(state, pending=None))
        return self._states.put(replace(state, percent=state.pending, pending=None, since=self._now()))

    def _put(self, scene: Scene, after: str | None, action: str, reason: str) -> None:
        who = self._actor
        self._routes.put(
            Change(self._now(), scene.name, scene.model, f"canary {action}", who, reason, scene.tag, after)
        )
