"""The queueing model: its closed forms against textbook values, its simulation against the closed forms."""

import math

import numpy as np
import pytest

from infra.scaling.arrivals import bursty, diurnal, poisson
from infra.scaling.closed_forms import erlang_c, load_of, mean_in_flight, mean_wait, mm1_quantile
from infra.scaling.queueing import Places, Queue, event_loop, places

OPEN = Places(at_once=1, most=10**9, patience_s=math.inf)
SECONDS = 60_000.0


def rng(seed: int = 1) -> np.random.Generator:
    return np.random.default_rng(seed)


def open_queue(servers: int, per_s: float, kind: str = "exponential") -> Queue:
    arrivals = poisson(per_s, SECONDS, rng())
    services = {
        "exponential": rng(2).exponential(1.0, arrivals.size),
        "constant": np.ones(arrivals.size),
        "lognormal": rng(2).lognormal(-0.5 * math.log(3), math.sqrt(math.log(3)), arrivals.size),
    }[kind]
    return places(arrivals, services, Places(servers, OPEN.most, OPEN.share, OPEN.patience_s))


def test_erlang_c_has_the_value_of_its_table() -> None:
    # By hand, for c = 2: C = 2 a^2 / (2 - a) / (2 + 2 a + 2 a^2 / (2 - a)), which is 1/3 for a = 1.
    assert erlang_c(2, 1.0) == pytest.approx(1 / 3)
    assert erlang_c(1, 0.7) == pytest.approx(0.7)


def test_more_work_than_servers_can_do_is_refused() -> None:
    with pytest.raises(ValueError, match=r"the offered load must be from 0 to below 2, not 2"):
        erlang_c(2, 2.0)


@pytest.mark.parametrize(("servers", "per_s"), [(1, 0.5), (1, 0.8), (2, 1.2), (4, 3.2)])
def test_the_simulation_waits_as_m_m_c_does(servers: int, per_s: float) -> None:
    waited_s = open_queue(servers, per_s).spent_s.mean() - 1.0
    assert waited_s == pytest.approx(mean_wait(1.0, per_s, servers=servers), rel=0.08)


@pytest.mark.parametrize(("kind", "variation"), [("constant", 0.0), ("lognormal", math.sqrt(2))])
def test_the_simulation_waits_as_pollaczek_and_khinchine_say(kind: str, variation: float) -> None:
    waited_s = open_queue(1, 0.7, kind).spent_s.mean() - 1.0
    assert waited_s == pytest.approx(mean_wait(1.0, 0.7, variation=variation), rel=0.08)


def test_quantiles_of_m_m_1_are_exponential() -> None:
    queue = open_queue(1, 0.6)
    for share in (0.5, 0.95, 0.99):
        assert queue.quantile(share) == pytest.approx(mm1_quantile(share, 1.0, 0.6), rel=0.08)


def test_requests_in_flight_are_littles() -> None:
    assert open_queue(1, 0.75).mean_in_flight == pytest.approx(mean_in_flight(1.0, 0.75), rel=0.1)


@pytest.mark.parametrize("variation", [0.0, 0.5, 1.0, 2.0])
def test_the_load_of_a_target_gives_the_target(variation: float) -> None:
    load = load_of(2.0, variation=variation)
    assert mean_in_flight(1.0, load, variation=variation) == pytest.approx(2.0)


def test_refusals_are_those_of_a_queue_with_as_many_places() -> None:
    # M/M/1 with 3 places: the blocked share is (1 - a) a^3 / (1 - a^4).
    arrivals = poisson(0.9, SECONDS, rng())
    queue = places(arrivals, rng(2).exponential(1.0, arrivals.size), Places(1, 4, 0.75, math.inf))
    assert queue.refused_share == pytest.approx(0.1 * 0.9**3 / (1 - 0.9**4), rel=0.05)


def test_nobody_accepted_waits_much_longer_than_the_patience() -> None:
    arrivals = poisson(300.0, 60.0, rng())
    queue = places(arrivals, np.full(arrivals.size, 0.02), Places(2, 10_000, 0.75, 0.4))
    assert queue.quantile(1.0) < 0.45
    assert queue.refused_share == pytest.approx(1 - 100 / 300, abs=0.02)


def test_a_lone_request_on_the_loop_takes_its_own_time() -> None:
    queue = event_loop(np.array([0.0, 1.0, 2.0]), np.array([0.1, 0.2, 0.3]))
    assert queue.spent_s.tolist() == pytest.approx([0.1, 0.2, 0.3])


def test_what_comes_in_a_turn_is_answered_at_its_end() -> None:
    queue = event_loop(np.array([0.0, 0.5, 0.6]), np.full(3, 1.0), longest_lag_s=math.inf)
    assert queue.spent_s.tolist() == pytest.approx([1.0, 2.5, 2.4])


def test_the_loop_is_as_busy_as_m_g_1_and_never_quicker() -> None:
    arrivals = poisson(0.7, SECONDS, rng())
    services = rng(2).exponential(1.0, arrivals.size)
    turns, one_by_one = (
        event_loop(arrivals, services, longest_lag_s=math.inf),
        places(arrivals, services, OPEN),
    )
    assert (turns.spent_s >= one_by_one.spent_s - 1e-6).all()
    assert turns.spent_s.max() < 2 * one_by_one.spent_s.max() + 1


def test_who_waits_too_long_within_a_turn_is_refused() -> None:
    queue = event_loop(np.array([0.0, 0.5, 0.5, 0.5]), np.full(4, 1.0), longest_lag_s=0.9)
    assert queue.refused.tolist() == [False, False, True, True]


def test_a_day_has_its_mean_and_its_middle_its_peak() -> None:
    times = diurnal(50.0, 1000.0, rng(), swing=0.6, day_s=1000.0)
    assert times.size == pytest.approx(50_000, rel=0.02)
    assert np.histogram(times, 10, (0, 1000))[0][5] == pytest.approx(5000 * 1.58, rel=0.05)


def test_bursts_keep_the_mean_and_vary_more_than_chance() -> None:
    counts = np.histogram(bursty(50.0, 4000.0, rng()), 4000, (0, 4000))[0]
    assert counts.mean() == pytest.approx(50, rel=0.05)
    assert counts.var() > 5 * counts.mean()


def test_bursts_make_a_loaded_gateway_slower_than_chance_does() -> None:
    steady, burst = poisson(60.0, 600.0, rng()), bursty(60.0, 600.0, rng(), burst_s=5.0)
    p99s = [places(times, np.full(times.size, 0.01), OPEN).quantile(0.99) for times in (steady, burst)]
    assert p99s[1] > 5 * p99s[0]
