"""Whether a challenger has earned its next step: a pure comparison of its counts with the champion's.

Failures, and refusals that the champion would not have given, send it back; before the step is over they do
when they are clearly no chance. Being slow holds it where it is. Users are dealt out at random, so whatever
differs between the two comes from the versions.
"""

from dataclasses import dataclass
from typing import Literal

from serving.lifecycle.canary.counts import Counts
from serving.lifecycle.canary.rules import Hold

Verdict = Literal["advance", "hold", "back"]

FINE_REQUESTS = 1_000
"""From so many requests of both on the 99th percentile is compared, below it the 95th: 10 lie beyond it."""

CLEAR_Z = 2.58
"""The normal quantile of the 99.5 % bound by which early failures count as no chance."""

CLEAR_FAILURES = 5


WAITING = frozenset({"few_requests", "few_minutes"})
"""The words of reasons that only say that a step is not over."""


@dataclass(frozen=True, slots=True)
class Reason:
    """Why: a word for machines, and a sentence."""

    code: str
    sentence: str


@dataclass(frozen=True, slots=True)
class Judgement:
    """What is to be done, and why.

    Attributes:
        verdict: What is to be done.
        reasons: Why.
        is_whole: Whether the step had all the requests and minutes that it needs, so that it was compared.
    """

    verdict: Verdict
    reasons: tuple[Reason, ...]
    is_whole: bool

    @property
    def sentences(self) -> tuple[str, ...]:
        """The reasons' sentences."""
        return tuple(reason.sentence for reason in self.reasons)


def judge(champion: Counts, challenger: Counts, *, minutes: float, hold: Hold) -> Judgement:
    """Compare a step's counts.

    Args:
        champion: What was counted for it since the last step.
        challenger: The same for the challenger.
        minutes: How long ago that step was.
        hold: What holds a step back.
    """
    if clear := _harm(champion, challenger, hold, is_early=True):
        return Judgement("back", clear, is_whole=False)
    if waiting := _waiting(champion, challenger, minutes, hold):
        return Judgement("hold", waiting, is_whole=False)
    if harm := _harm(champion, challenger, hold, is_early=False):
        return Judgement("back", harm, is_whole=True)
    slow, sentence = _latency(champion, challenger, hold.max_latency_ratio)
    if slow:
        return Judgement("hold", (Reason("slow", sentence),), is_whole=True)
    failed = _compared("failed", _share(challenger.failed, challenger), _share(champion.failed, champion))
    well = f"{failed}; {sentence}; {challenger.requests:.0f} requests in {minutes:.0f} minutes"
    return Judgement("advance", (Reason("well", well),), is_whole=True)


def _waiting(champion: Counts, challenger: Counts, minutes: float, hold: Hold) -> tuple[Reason, ...]:
    found = [
        Reason("few_requests", f"the {name} has had {counts.requests:.0f} of {hold.min_requests:g} requests")
        for name, counts in (("challenger", challenger), ("champion", champion))
        if counts.requests < max(hold.min_requests, 1)
    ]
    if minutes < hold.min_minutes:
        found.append(Reason("few_minutes", f"{minutes:.1f} of {hold.min_minutes:g} minutes have passed"))
    return tuple(found)


def _harm(champion: Counts, challenger: Counts, hold: Hold, *, is_early: bool) -> tuple[Reason, ...]:
    found = []
    for code, of_challenger, of_champion in (
        ("failed", challenger.failed, champion.failed),
        ("refused", challenger.refused, champion.refused),
    ):
        usual = _share(of_champion, champion)
        if is_early and (of_challenger < CLEAR_FAILURES or not champion.requests):
            continue
        share = _share(of_challenger, challenger)
        least = _lower_bound(share, challenger.requests) if is_early else share
        if least > usual + hold.max_error_ratio:
            compared = _compared(code, share, usual)
            found.append(Reason(code, f"{compared}, and {hold.max_error_ratio:.2%} more is the most"))
    return tuple(found)


def _latency(champion: Counts, challenger: Counts, most: float) -> tuple[bool, str]:
    q = 0.99 if min(champion.requests, challenger.requests) >= FINE_REQUESTS else 0.95
    slow, usual = challenger.quantile(q), champion.quantile(q)
    if slow is None or usual is None:
        return False, "no latencies were counted"
    sentence = f"p{q * 100:.0f} is {slow * 1000:.2f} ms, the champion's {usual * 1000:.2f} ms"
    if slow > usual * most:
        return True, f"{sentence}, and {most:g} times that is the most"
    return False, sentence


def _compared(code: str, share: float, usual: float) -> str:
    return f"{share:.2%} of the challenger's requests {code}, {usual:.2%} of the champion's"


def _share(part: float, counts: Counts) -> float:
    return part / counts.requests if counts.requests else 0.0


def _lower_bound(share: float, n: float) -> float:
    """The lower end of Wilson's interval (1927) for a share of n."""
    z2 = CLEAR_Z**2
    middle = share + z2 / (2 * n)
    spread = CLEAR_Z * (share * (1 - share) / n + z2 / (4 * n * n)) ** 0.5
    return float((middle - spread) / (1 + z2 / n))
