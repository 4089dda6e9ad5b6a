"""What follows a better version: a canary, a promotion, or nothing; and the steps of canaries under way."""

from collections.abc import Collection
from dataclasses import dataclass, field, replace

from monitoring.policy import Policy
from monitoring.retraining import journal as say
from monitoring.retraining.tickets import CANARY, PROMOTION, Ticket, Tickets
from monitoring.retraining.voice import Voice
from serving.lifecycle.canary.canary import PASSED, Canary
from serving.lifecycle.canary.ledger import Outcome
from serving.lifecycle.canary.rules import WHOLE, read_rules
from serving.lifecycle.canary.state import State
from serving.lifecycle.errors import AlreadyThereError, InvalidMoveError, LifecycleError
from serving.lifecycle.leases import LeaseBusyError
from serving.lifecycle.moves import Lifecycle

ENDS = {"back": say.BACK, "done": say.PROMOTED}
DECISIONS = {"start": say.STEPPED, "advance": say.STEPPED, "hold": say.HELD, **ENDS}


@dataclass(frozen=True, slots=True)
class Canaries:
    """Leads better versions into the traffic, as far as the policy lets them.

    Attributes:
        canary: Starts and steps, each under the route's lease.
        lifecycle: Promotes.
        tickets: Which versions the loop has made.
        voice: Where decisions are told.
    """

    canary: Canary
    lifecycle: Lifecycle
    tickets: Tickets
    voice: Voice
    _held: dict[str, str] = field(default_factory=dict)
    """What was said last of each route's hold: a model may carry several routes."""

    def follow(self, ticket: Ticket, policy: Policy) -> Ticket:
        """Do what is still to be done with a ticket's version; it stays to be done while another is at it."""
        try:
            if ticket.after == CANARY:
                self._open(ticket)
            else:
                self._promote(ticket, policy)
        except (LeaseBusyError, InvalidMoveError, AlreadyThereError) as error:
            is_busy = isinstance(error, LeaseBusyError)
            self._refused(ticket.model, ticket.made, error, ticket=ticket.name)
            if is_busy:
                return ticket
        return self.tickets.put(replace(ticket, after=""))

    def under_way(self, models: Collection[str]) -> dict[str, State]:
        """The canaries of these models that have not ended, by route."""
        found = {name: self.canary.state(name) for name in self.canary.under_way()}
        return {name: state for name, state in found.items() if state and state.model in models}

    def step(self, state: State, policy: Policy, policy_text: str | None) -> None:
        """Make one step of a canary: more traffic, none more, or none at all."""
        try:
            if self._waits_for_a_person(state, policy, policy_text):
                reason = "the next step is Production, and the policy wants a person's approval"
                outcome = self.canary.hold(state.route, reason=reason)
            else:
                outcome = self.canary.step(state.route)
        except LifecycleError as error:
            self._refused(state.model, state.challenger.version, error)
            return
        self._tell(outcome)

    def leave(self, state: State, reason: str) -> None:
        """Leave a canary where it is, and say once why."""
        version = state.challenger.version
        self.voice.say(
            state.model, say.CANARY, say.HELD, [reason], version=version, gist=f"{version} {reason}"
        )

    def _open(self, ticket: Ticket) -> None:
        reason = f"version {ticket.made} was better than version {ticket.version} ({ticket.name})"
        outcome = self.canary.start(ticket.model, reason=reason)
        if outcome.state.challenger.version != ticket.made:
            other = outcome.state.challenger
            gone = f"the canary is of {other}, not of version {ticket.made}, which is not in Staging any more"
            self._tell(self.canary.hold(ticket.model, reason=f"{gone}; it waits for a person"))
            return
        self._tell(replace(outcome, reasons=(reason, f"it begins with {outcome.state.percent:g} %")))

    def _promote(self, ticket: Ticket, policy: Policy) -> None:
        if policy.approval:  # the policy has changed since
            return
        reason = f"retrained and better than version {ticket.version}; the policy asks for no approval"
        move = self.lifecycle.promote(ticket.model, ticket.made, reason=f"{reason} ({ticket.name})")
        self.voice.say(
            ticket.model, say.CANARY, say.PROMOTED, [move.reason], ticket=ticket.name, version=ticket.made
        )

    def _waits_for_a_person(self, state: State, policy: Policy, text: str | None) -> bool:
        """Whether the next step might promote a version of the loop's own that must wait for approval.

        A share whose writing was cut off is written by the next step, which then may go on from it.
        """
        if not policy.approval or state.phase == "held" or state.ending:
            return False
        try:
            rules = read_rules(text, model=state.model)
        except InvalidMoveError:
            return False  # the step says it
        next_percent = rules.after(state.percent if state.pending is None else state.pending)
        is_last = next_percent is None or next_percent >= WHOLE
        return rules.promotes and is_last and self._is_ours(state)

    def _is_ours(self, state: State) -> bool:
        return self.tickets.of_version(state.challenger.model, state.challenger.version) is not None

    def _tell(self, outcome: Outcome) -> None:
        state = outcome.state
        is_over = outcome.action in ENDS
        ours = self.tickets.of_version(state.challenger.model, state.challenger.version)
        self.voice.metrics.canary_step.labels(state.model).set(0.0 if is_over else state.percent)
        gist = f"{state.challenger.version} {state.percent:g} {state.phase} {' '.join(sorted(state.last))}"
        if outcome.action == "hold" and self._held.get(state.route) == gist:
            return
        self._held[state.route] = gist
        reasons = [f"{state.percent:g} % of '{state.route}'", *outcome.reasons]
        if PASSED in state.last or outcome.todo:
            reasons.append(outcome.todo)
        self.voice.say(
            state.model,
            say.CANARY,
            DECISIONS.get(outcome.action, say.HELD),
            reasons,
            ticket=ours.name if ours else "",
            version=state.challenger.version,
            gist=gist if outcome.action == "hold" else "",
        )

    def _refused(self, model: str, version: str, error: LifecycleError, *, ticket: str = "") -> None:
        gist = f"{type(error).__name__} {version}"
        self.voice.say(model, say.CANARY, say.HELD, [str(error)], ticket=ticket, version=version, gist=gist)


def what_follows(policy: Policy) -> str:
    """What is done with a better version: let in step by step, promoted at once, or left to a person."""
    if policy.retraining.canary:
        return CANARY
    return "" if policy.approval else PROMOTION
