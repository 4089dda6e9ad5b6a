"""When requests come: evenly spread, by the time of day, and in bursts."""

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

Times = npt.NDArray[np.float64]
"""Seconds from the beginning, in order."""


def poisson(per_s: float, seconds: float, rng: np.random.Generator) -> Times:
    """Requests of many callers who know nothing of each other."""
    count = rng.poisson(per_s * seconds)
    return np.sort(rng.uniform(0.0, seconds, count))


def varying(
    per_s: Callable[[Times], Times], most_per_s: float, seconds: float, rng: np.random.Generator
) -> Times:
    """Requests whose rate changes, by thinning (Lewis and Shedler, 1979).

    Args:
        per_s: The rate at times.
        most_per_s: What it never exceeds.
        seconds: For how long.
        rng: Draws them.
    """
    times = poisson(most_per_s, seconds, rng)
    return times[rng.uniform(0.0, most_per_s, times.size) < per_s(times)]


def diurnal(
    per_s: float, seconds: float, rng: np.random.Generator, *, swing: float = 0.7, day_s: float = 86_400.0
) -> Times:
    """Requests of a day: least at its beginning, most in its middle.

    Args:
        per_s: The day's mean rate.
        seconds: For how long.
        rng: Draws them.
        swing: How far, in parts of the mean, the rate goes up and down.
        day_s: How long a day is.
    """

    def rate(times: Times) -> Times:
        return np.asarray(per_s * (1.0 - swing * np.cos(2 * np.pi * times / day_s)))

    return varying(rate, per_s * (1 + swing), seconds, rng)


def bursty(
    per_s: float,
    seconds: float,
    rng: np.random.Generator,
    *,
    times_more: float = 4.0,
    share: float = 0.1,
    burst_s: float = 1.0,
) -> Times:
    """Requests that come in bursts of random length: a Poisson process modulated by two states.

    Args:
        per_s: The mean rate of all time.
        seconds: For how long.
        rng: Draws them.
        times_more: How much higher the rate is in a burst than between them.
        share: The part of the time that is bursts.
        burst_s: How long one is on average.
    """
    calm_per_s = per_s / (1 - share + share * times_more)
    edges, at_s = [0.0], 0.0
    while at_s < seconds:
        at_s += rng.exponential(burst_s * (1 - share) / share if len(edges) % 2 else burst_s)
        edges.append(at_s)
    bounds = np.asarray(edges)

    def rate(times: Times) -> Times:
        is_burst = np.searchsorted(bounds, times, side="right") % 2 == 0
        return np.where(is_burst, calm_per_s * times_more, calm_per_s)

    return varying(rate, calm_per_s * times_more, seconds, rng)
