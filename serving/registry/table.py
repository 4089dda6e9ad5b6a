"""The routing table of a worker: what each called name answers with, swapped whole when it changes."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from serving.policy import NO_POLICY, Policy
from serving.policy import parse as parse_policy
from serving.registry.slot import Slot
from serving.registry.snapshot import Held, RouteState, Snapshot, VariantState
from serving.routing.assign import allot, bucket, champion_index, fallback
from serving.routing.route import BUCKETS, Variant
from serving.scorers.scorer import Scorer

Loaded = Scorer | Slot | str | None
"""A version, loaded or to be loaded; why it cannot be loaded; None where the lane until now waits for it."""


@dataclass(frozen=True, slots=True)
class Lane:
    """A variant and what answers for it: the unit that requests are counted and logged by."""

    variant: str
    held: Held
    slot: Slot
    headers: tuple[tuple[bytes, bytes], ...]
    policy: Policy = NO_POLICY
    """What is wanted of the lane's model."""
    stand_in: "Lane | None" = None
    """Who answers should the version, which has not been loaded yet, not be loadable."""

    @property
    def columns(self) -> tuple[tuple[str, str], ...]:
        """The inputs as in `Scorer`; empty as long as the version has never been loaded."""
        return self.slot.facts.columns if self.slot.facts else ()


@dataclass(frozen=True, slots=True)
class ActiveRoute:
    """A route ready to answer: `owners` maps each bucket to a lane; one lane alone needs no buckets."""

    state: RouteState
    lanes: tuple[Lane | None, ...]
    shadows: tuple[Lane, ...]
    owners: bytes | None
    only: Lane | None
    salt: bytes
    problems: tuple[str, ...]
    policy: Policy = NO_POLICY
    """What is wanted of the model whose route it is."""
    champion: Lane | None = None
    """Who answers in a challenger's place; None where the champion has no version."""

    @property
    def challengers(self) -> tuple[Lane, ...]:
        """The lanes that share the traffic with the champion."""
        return tuple(lane for lane in self.lanes if lane and lane is not self.champion)

    def lane(self, user_key: bytes | None, draw: Callable[[], float]) -> Lane | None:
        """The lane of a user, or a random one for a request without a user; None if nothing can answer.

        Args:
            user_key: What stays the same for one user.
            draw: A random number from 0 to 1, without 1.
        """
        if self.owners is None:
            return self.only
        place = int(draw() * BUCKETS) if user_key is None else bucket(self.salt, user_key)
        return self.lanes[self.owners[place]]


Table = Mapping[str, ActiveRoute]


def build(snapshot: Snapshot, loaded: Mapping[str, Loaded], before: Table) -> dict[str, ActiveRoute]:
    """Make the table of a snapshot.

    Args:
        snapshot: What the poller published.
        loaded: What this worker made of each version, by folder.
        before: The table until now: its lane stays where the new version could not be loaded.
    """
    policies = {model: parse_policy(text, model=model) for model, text in snapshot.policies.items()}
    return {
        name: _active(state, loaded, before.get(name), policies) for name, state in snapshot.routes.items()
    }


def _active(
    state: RouteState,
    loaded: Mapping[str, Loaded],
    before: ActiveRoute | None,
    policies: Mapping[str, Policy],
) -> ActiveRoute:
    earlier = {lane.variant: lane for lane in (*before.lanes, *before.shadows) if lane} if before else {}
    policy = policies.get(state.model, NO_POLICY)
    problems = [*([state.problem] if state.problem else []), *policy.problems]
    lanes, shadows = (
        tuple(_lane(variant, loaded, earlier, problems, policies) for variant in group)
        for group in (state.variants, state.shadows)
    )
    owners, only = _owners(state.variants, lanes)
    return ActiveRoute(
        state,
        lanes,
        tuple(lane for lane in shadows if lane),
        owners,
        only,
        state.salt.encode(),
        tuple(problems),
        policy,
        lanes[champion_index([_variant(variant) for variant in state.variants])] if lanes else None,
    )


def _lane(
    state: VariantState,
    loaded: Mapping[str, Loaded],
    earlier: Mapping[str, Lane],
    problems: list[str],
    policies: Mapping[str, Policy],
) -> Lane | None:
    if state.problem:
        problems.append(f"variant '{state.name}': {state.problem}")
    if state.held is None:
        return None
    found, last = loaded[state.held.folder], earlier.get(state.name)
    if found is None:
        return last
    if not isinstance(found, str):
        slot = found if isinstance(found, Slot) else Slot.filled(state.held, found)
        policy = policies.get(state.held.model, NO_POLICY)
        return Lane(state.name, state.held, slot, _headers(state), policy, _stand_in(slot, last))
    if last is not None and last.held == state.held:
        last = last.stand_in
    sentence = f"variant '{state.name}': version {state.held.version} of '{state.held.model}': {found}"
    problems.append(f"{sentence}; version {last.held.version} answers instead" if last else sentence)
    return last


def _stand_in(slot: Slot, last: Lane | None) -> Lane | None:
    """The last lane that is known to answer, as long as the new one is not."""
    if slot.facts is not None or last is None:
        return None
    if last.held == slot.held or last.stand_in is not None:
        return last.stand_in
    return last


def _headers(state: VariantState) -> tuple[tuple[bytes, bytes], ...]:
    version = state.held.version if state.held else ""
    return ((b"x-penstock-version", version.encode()), (b"x-penstock-variant", state.name.encode()))


def _owners(states: Sequence[VariantState], lanes: Sequence[Lane | None]) -> tuple[bytes | None, Lane | None]:
    heir = fallback([_variant(state) for state in states], resolved=[lane is not None for lane in lanes])
    if heir is None:
        return None, None
    shares = [index for index, state in enumerate(states) if state.buckets]
    answering = {index if lanes[index] else heir for index in shares}
    if len(answering) == 1:
        return None, lanes[answering.pop()]
    heirs = bytes(index if lanes[index] else heir for index in range(len(lanes)))
    owners = allot([_variant(state) for state in states])
    return owners.translate(heirs + bytes(256 - len(heirs))), None


def _variant(state: VariantState) -> Variant:
    return Variant(state.name, state.model, state.stage, state.fixed, state.buckets)
