"""What champion and challenger have been counted for since the last step, over all gateways."""

from collections.abc import Callable, Mapping

from serving.lifecycle.canary.counts import Counts, read_counts
from serving.lifecycle.canary.state import Reading, State

ReadMetrics = Callable[[], Mapping[str, str]]
"""The text of each gateway's `/metrics` by its address; raises LifecycleError when one does not answer."""


def reading(state: State, read_metrics: ReadMetrics) -> Reading:
    """The lanes' counts now."""
    lanes = (state.champion, state.challenger)
    return {address: read_counts(text, lanes) for address, text in read_metrics().items()}


def since_the_step(state: State, now: Reading) -> tuple[Counts, Counts]:
    """The champion's and the challenger's counts since the state's baseline.

    A gateway that has begun to count anew in between counts with what it has since then.
    """
    champion, challenger = Counts(), Counts()
    for address, lanes in now.items():
        earlier = state.baseline.get(address, {})
        champion = champion.plus(lanes[state.champion].since(earlier.get(state.champion, Counts())))
        challenger = challenger.plus(lanes[state.challenger].since(earlier.get(state.challenger, Counts())))
    return champion, challenger
