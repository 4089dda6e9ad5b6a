"""A circuit opens after failures in a row, lets one request try later, and closes at its success."""

from serving.upstream.breaker import Breaker, BreakerLimits

LIMITS = BreakerLimits(failures=3, first_s=1.0, longest_s=3.0)


def opened(now: float = 0.0) -> Breaker:
    breaker = Breaker(LIMITS)
    for _ in range(3):
        breaker.begins()
        breaker.failed(now)
    return breaker


def test_it_opens_after_failures_in_a_row() -> None:
    assert not opened().allows(0.5)


def test_a_success_between_failures_keeps_it_closed() -> None:
    breaker = Breaker(LIMITS)
    for _ in range(5):
        breaker.failed(0.0)
        breaker.failed(0.0)
        breaker.succeeded()
    assert breaker.allows(0.0)


def test_after_its_wait_one_request_tries_and_no_other() -> None:
    breaker = opened()
    assert breaker.allows(1.0)
    breaker.begins()
    assert not breaker.allows(1.0)


def test_a_try_that_succeeds_closes_it() -> None:
    breaker = opened()
    breaker.begins()
    breaker.succeeded()
    assert (breaker.allows(1.0), breaker.is_open) == (True, False)


def test_a_try_that_fails_doubles_its_wait_up_to_the_longest() -> None:
    breaker, now = opened(), 1.0
    waits = []
    for _ in range(3):
        breaker.begins()
        breaker.failed(now)
        wait = next(tenth / 10 for tenth in range(100) if breaker.allows(now + tenth / 10))
        waits.append(wait)
        now += wait
    assert waits == [2.0, 3.0, 3.0]


def test_a_try_that_is_given_up_lets_another_one_try() -> None:
    breaker = opened()
    breaker.begins()
    breaker.abandoned()
    assert breaker.allows(1.0)


def test_it_counts_how_often_it_opened() -> None:
    breaker = opened()
    breaker.begins()
    breaker.failed(1.0)
    assert breaker.opened == 1
