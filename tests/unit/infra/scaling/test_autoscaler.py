"""The autoscaler's formula: the examples of Kubernetes' documentation, and its windows and policies."""

import pytest

from infra.scaling.autoscaler import Autoscaler, Direction, Limits, Policy, desired_replicas, mean_metric

AT_ONCE = Direction((Policy("Percent", 100, 15.0),), 0.0)


@pytest.mark.parametrize(
    ("current", "metric", "target", "desired"),
    [
        (
            1,
            200.0,
            100.0,
            2,
        ),  # "if the current metric value is 200m, and the desired value is 100m ... doubled"
        (4, 200.0, 100.0, 8),
        (4, 50.0, 100.0, 2),  # "if the current value is instead 50m, ... halved"
        (10, 105.0, 100.0, 10),  # "a ratio sufficiently close to 1.0 (within ... 0.1 by default)"
        (10, 95.0, 100.0, 10),
        (10, 111.0, 100.0, 12),
        (3, 90.0, 60.0, 5),  # ceil(3 * 1.5)
        (1, 305.0, 50.0, 7),  # the walkthrough: "CPU consumption has increased to 305%" gives 7 replicas
        (5, 0.0, 50.0, 0),
    ],
)
def test_the_examples_of_the_documentation(current: int, metric: float, target: float, desired: int) -> None:
    assert desired_replicas(current, metric, target) == desired


def steps(limits: Limits, current: int, metric: float, times_s: list[float]) -> list[int]:
    scaler, found = Autoscaler(limits), []
    for now_s in times_s:
        current = scaler.replicas(now_s, current, metric)
        found.append(current)
    return found


def test_ten_percent_or_four_pods_a_minute_as_the_documentation_counts_it() -> None:
    # "If there are 80 replicas ... in the first minute 8 are removed; ... at 72, 7.2 is rounded up to 8; ...
    # below 40 the policy of 4 pods a minute allows more."
    down = Direction((Policy("Pods", 4, 60.0), Policy("Percent", 10, 60.0)), 0.0)
    found = steps(Limits(1.0, 10, 100, down=down), 80, 0.01, [61.0 * at for at in range(12)])
    assert found == [72, 64, 57, 51, 45, 40, 36, 32, 28, 24, 20, 16]


def test_within_its_period_a_policy_allows_no_more() -> None:
    down = Direction((Policy("Pods", 4, 60.0),), 0.0)
    found = steps(Limits(1.0, 1, 100, down=down), 20, 0.01, [0.0, 15.0, 30.0, 45.0, 61.0])
    assert found == [16, 16, 16, 16, 12]


def test_upwards_the_default_doubles_or_adds_four_in_fifteen_seconds() -> None:
    assert steps(Limits(1.0, 1, 100), 1, 50.0, [0.0, 16.0, 32.0, 48.0]) == [5, 10, 20, 40]


def test_the_least_change_can_be_picked() -> None:
    both = (Policy("Pods", 5, 60.0), Policy("Percent", 10, 60.0))
    found = [
        steps(Limits(1.0, 1, 100, down=Direction(both, 0.0, select)), 100, 0.01, [0.0])
        for select in ("Max", "Min", "Disabled")
    ]
    assert found == [[90], [95], [100]]


def test_downwards_the_highest_recommendation_of_the_window_counts() -> None:
    scaler = Autoscaler(Limits(1.0, 1, 100))
    found, current = [], 10
    for now_s, load in ((0.0, 10.0), (15.0, 4.0), (200.0, 2.0), (299.0, 2.0), (301.0, 2.0), (600.0, 2.0)):
        current = scaler.replicas(now_s, current, load / current)
        found.append(current)
    assert found == [10, 10, 10, 10, 4, 2]


def test_upwards_the_lowest_recommendation_of_the_window_counts() -> None:
    scaler = Autoscaler(Limits(1.0, 1, 100, up=Direction((Policy("Percent", 900, 15.0),), 60.0)))
    found = [
        scaler.replicas(now_s, 2, metric) for now_s, metric in ((0, 1.0), (30, 3.0), (61, 3.0), (95, 2.0))
    ]
    assert found == [2, 2, 6, 4]


def test_least_and_most_hold() -> None:
    limits = Limits(2.0, 2, 6, down=AT_ONCE)
    assert [steps(limits, 4, metric, [0.0]) for metric in (0.0, 100.0)] == [[2], [6]]


def test_a_spike_of_one_reading_is_followed_up_at_once_and_down_after_the_window() -> None:
    scaler, current, found = Autoscaler(Limits(2.0, 2, 20)), 2, []
    for at in range(24):
        current = scaler.replicas(15.0 * at, current, (24.0 if at == 1 else 4.0) / current)
        found.append(current)
    assert (found[0], found[1], found[20], found[22]) == (2, 6, 6, 2)


@pytest.mark.parametrize(
    ("values", "silent", "mean"),
    [
        ([3.0, 5.0], 0, 4.0),
        ([3.0, 5.0], 1, 8 / 3),  # for more replicas, one that is not ready counts as idle
        ([3.0], 1, 2.0),  # ... and if that turns the direction round, nothing is done
        ([1.0], 1, 1.5),  # for fewer, one without a figure counts as just at the target
        ([], 2, 2.0),
    ],
)
def test_who_is_silent_counts_on_the_safe_side(values: list[float], silent: int, mean: float) -> None:
    assert mean_metric(values, silent, 2.0) == pytest.approx(mean)
