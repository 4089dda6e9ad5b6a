"""Requests in flight: their number, and the seconds whose rate is their mean."""

from prometheus_client import CollectorRegistry, generate_latest

from serving.model_server.occupancy import Occupancy


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_seconds_add_up_over_all_requests_that_are_in() -> None:
    clock = Clock()
    occupancy = Occupancy(clock)
    with occupancy.request():
        clock.now = 2.0
        with occupancy.request():
            clock.now = 3.0
        clock.now = 3.5
    clock.now = 10.0
    assert (occupancy.count, occupancy.seconds()) == (0, 4.5)


def test_a_request_that_still_is_in_counts_already() -> None:
    clock = Clock()
    occupancy = Occupancy(clock)
    with occupancy.request():
        clock.now = 1.5
        assert (occupancy.count, occupancy.seconds()) == (1, 1.5)


def test_both_are_exposed() -> None:
    registry, occupancy = CollectorRegistry(), Occupancy(Clock())
    registry.register(occupancy)
    with occupancy.request():
        text = generate_latest(registry).decode()
    assert "\npenstock_model_server_requests_in_flight 1.0\n" in text
    assert "\npenstock_model_server_request_seconds_total 0.0\n" in text
