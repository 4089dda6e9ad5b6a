"""Figures as people read them."""

import pytest

from monitoring.page import words


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (None, words.NONE),
        (0.0, "0/s"),
        (12.34, "12.3/s"),
        (0.5, "30/min"),
        (0.001, "3.6/h"),
        (1e-5, "0.86/d"),
    ],
)
def test_a_rate_has_a_unit_in_which_it_is_at_least_one(value, said):
    assert words.rate(value) == said


@pytest.mark.parametrize(
    ("value", "said"),
    [(None, words.NONE), (0.0, "0%"), (0.0004, "<0.1%"), (0.0123, "1.2%"), (0.5, "50%"), (1.0, "100%")],
)
def test_a_share_is_in_percent(value, said):
    assert words.share(value) == said


@pytest.mark.parametrize(
    ("value", "said"), [(None, words.NONE), (0.1234, "0.12 ms"), (250.0, "250 ms"), (2_500.0, "2.5 s")]
)
def test_a_latency_is_in_milliseconds_or_seconds(value, said):
    assert words.duration_ms(value) == said


@pytest.mark.parametrize(
    ("value", "said"),
    [(30, "30 s"), (60, "1 min"), (90, "90 s"), (600, "10 min"), (3600, "1 h"), (200_000, "2.31 d")],
)
def test_a_length_is_in_its_largest_unit(value, said):
    assert words.length(value) == said
