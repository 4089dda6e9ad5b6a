"""The token bucket: its burst, its rate, and what it says of the wait."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from serving.keys.bucket import TokenBucket


def test_the_burst_is_let_through_at_once_and_no_more() -> None:
    bucket = TokenBucket(1.0, 3.0)
    assert [bucket.take(100.0) > 0 for _ in range(4)] == [False, False, False, True]


def test_the_wait_is_until_the_next_one() -> None:
    bucket = TokenBucket(4.0, 1.0)
    bucket.take(0.0)
    assert bucket.take(0.1) == pytest.approx(0.15)
    assert bucket.take(0.26) == 0.0


def test_a_burst_below_one_lets_one_through() -> None:
    assert TokenBucket(0.1, 0.01).take(5.0) == 0.0


def test_a_clock_that_goes_back_gives_nothing() -> None:
    bucket = TokenBucket(1.0, 1.0)
    bucket.take(100.0)
    assert bucket.take(50.0) > 0


@given(
    st.lists(st.floats(0, 5), min_size=1, max_size=200),
    st.floats(0.5, 50),
    st.floats(1, 20),
)
def test_no_more_than_burst_and_rate_allow_are_let_through(
    gaps: list[float], rate: float, burst: float
) -> None:
    bucket, now, passed = TokenBucket(rate, burst), 0.0, 0
    for gap in gaps:
        now += gap
        passed += not bucket.take(now)
    assert passed <= burst + rate * now + 1e-6
