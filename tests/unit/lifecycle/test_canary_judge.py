"""What a step's counts say: advance, hold or back."""

import pytest

from serving.lifecycle.canary.counts import Counts
from serving.lifecycle.canary.judge import Judgement, judge
from serving.lifecycle.canary.rules import Hold

HOLD = Hold(max_error_ratio=0.01, max_latency_ratio=1.5, min_requests=500, min_minutes=10)


def counts(requests: float, *, failed: float = 0, refused: float = 0, slow: float = 0) -> Counts:
    """Counts whose requests take at most 10 ms, but for the slow ones, which take up to 100 ms."""
    inf = float("inf")
    return Counts(requests, failed, refused, {0.01: requests - slow, 0.1: requests, inf: requests})


def judged(challenger: Counts, champion: Counts | None = None, *, minutes: float = 20) -> Judgement:
    return judge(champion or counts(10_000), challenger, minutes=minutes, hold=HOLD)


def words(judgement: Judgement) -> tuple[str, list[str]]:
    return judgement.verdict, [reason.code for reason in judgement.reasons]


def test_a_challenger_that_is_as_good_advances() -> None:
    assert words(judged(counts(1000))) == ("advance", ["well"])


def test_it_waits_for_its_requests_and_its_minutes() -> None:
    judgement = judged(counts(100), minutes=3)
    assert words(judgement) == ("hold", ["few_requests", "few_minutes"])
    assert judgement.sentences == (
        "the challenger has had 100 of 500 requests",
        "3.0 of 10 minutes have passed",
    )
    assert not judgement.is_whole


def test_it_waits_for_the_champions_requests_too() -> None:
    assert judged(counts(1000), counts(20)).sentences == ("the champion has had 20 of 500 requests",)


def test_failures_above_the_champions_send_it_back() -> None:
    judgement = judged(counts(1000, failed=25), counts(10_000, failed=100))
    assert words(judgement) == ("back", ["failed"])
    assert judgement.sentences == (
        "2.50% of the challenger's requests failed, 1.00% of the champion's, and 1.00% more is the most",
    )


def test_failures_that_the_champion_has_too_do_not() -> None:
    assert judged(counts(1000, failed=25), counts(10_000, failed=250)).verdict == "advance"


def test_refusals_that_the_champion_would_not_have_given_send_it_back() -> None:
    assert words(judged(counts(1000, refused=60), counts(10_000, refused=100))) == ("back", ["refused"])


def test_clear_harm_is_not_waited_for() -> None:
    assert words(judged(counts(60, failed=30), minutes=0.5)) == ("back", ["failed"])


@pytest.mark.parametrize(("requests", "failed"), [(4, 4), (300, 5)])
def test_a_few_early_failures_may_be_chance(requests: int, failed: int) -> None:
    assert judged(counts(requests, failed=failed), minutes=0.5).verdict == "hold"


def test_being_slower_holds_it_and_ends_the_look() -> None:
    judgement = judged(counts(1000, slow=300))
    assert (words(judgement), judgement.is_whole) == (("hold", ["slow"]), True)
    assert judgement.sentences == ("p99 is 97.00 ms, the champion's 9.90 ms, and 1.5 times that is the most",)


def test_below_a_thousand_requests_the_95th_percentile_is_compared() -> None:
    assert judged(counts(600, slow=20)).verdict == "advance"
    assert judged(counts(600, slow=60)).verdict == "hold"
