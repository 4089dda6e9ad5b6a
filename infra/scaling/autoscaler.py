"""How many replicas Kubernetes' HorizontalPodAutoscaler would ask for, by its own algorithm.

    desired = ceil(current * metric / target), unless metric / target is within 0.1 of 1

Source: https://kubernetes.io/docs/tasks/run-application/horizontal-pod-autoscale/ ("Algorithm details",
"Configurable scaling behavior"), and for the order pkg/controller/podautoscaler/horizontal.go of Kubernetes
1.28: the present number is brought between the lowest recommendation of the window upwards and the highest
of the window downwards, then the policies bound the change within their periods, then least and most apply.
The state is pure: the clock is passed in.
"""

import math
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

TOLERANCE = 0.1
"""Kubernetes' default, `--horizontal-pod-autoscaler-tolerance`."""

SYNC_S = 15.0
"""Kubernetes' default, `--horizontal-pod-autoscaler-sync-period`."""

MOST_CHANGES = 1024
"""The newest changes that are kept: more than there can be within a policy's longest period, half an hour."""


@dataclass(frozen=True, slots=True)
class Policy:
    """A bound on a change: so many replicas, or percent of them, within a period."""

    kind: Literal["Pods", "Percent"]
    value: int
    period_s: float


@dataclass(frozen=True, slots=True)
class Direction:
    """The rules for one direction.

    Attributes:
        policies: Of these, `select` picks one.
        stabilization_s: For how long past recommendations count.
        select: `Max` the policy that allows most change, `Min` the least, `Disabled` none.
    """

    policies: tuple[Policy, ...]
    stabilization_s: float
    select: Literal["Max", "Min", "Disabled"] = "Max"


UP = Direction((Policy("Percent", 100, 15.0), Policy("Pods", 4, 15.0)), 0.0)
DOWN = Direction((Policy("Percent", 100, 15.0),), 300.0)
"""Kubernetes' defaults."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What an autoscaler is told.

    Attributes:
        target: The metric that one replica should have, on average.
        least: Replicas at the least.
        most: Replicas at the most.
        up: The rules for more replicas.
        down: The rules for fewer.
        tolerance: How far from 1 the ratio may be without a change.
    """

    target: float
    least: int
    most: int
    up: Direction = UP
    down: Direction = DOWN
    tolerance: float = TOLERANCE


def desired_replicas(current: int, metric: float, target: float, tolerance: float = TOLERANCE) -> int:
    """The algorithm's one line: what the metric alone asks for.

    Args:
        current: Replicas now.
        metric: Their mean.
        target: What it should be.
        tolerance: How far from 1 the ratio may be without a change.
    """
    ratio = metric / target
    return current if abs(ratio - 1.0) <= tolerance else math.ceil(current * ratio)


def mean_metric(values: Sequence[float], silent: int, target: float) -> float:
    """The replicas' mean, on the safe side where some have not told theirs.

    For more replicas those that are silent count as idle, for fewer as just at the target; where that turns
    the direction round, nothing is changed.

    Args:
        values: Of the replicas that are ready.
        silent: How many are not ready, or have no figure.
        target: What the mean should be.
    """
    if not values:
        return target
    told = sum(values) / len(values)
    if not silent:
        return told
    assumed = 0.0 if told > target else target
    mean = (sum(values) + silent * assumed) / (len(values) + silent)
    return mean if (mean > target) == (told > target) else target


class Autoscaler:
    """One HorizontalPodAutoscaler's memory.

    Args:
        limits: What it is told.
    """

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._recommended: deque[tuple[float, int]] = deque()
        self._changes: deque[tuple[float, int]] = deque(maxlen=MOST_CHANGES)

    def replicas(self, now_s: float, current: int, metric: float) -> int:
        """How many there should be from now on; is taken as done.

        Args:
            now_s: By a clock in seconds.
            current: How many there are.
            metric: Their mean now.
        """
        limits = self._limits
        wanted = desired_replicas(current, metric, limits.target, limits.tolerance)
        steady = self._stabilised(now_s, current, wanted)
        if steady > current:
            found = min(steady, max(current, self._bound(now_s, current, limits.up, +1)))
        elif steady < current:
            found = max(steady, min(current, self._bound(now_s, current, limits.down, -1)))
        else:
            found = current
        found = min(max(found, limits.least), limits.most)
        if found != current:
            self._changes.append((now_s, found - current))
        return found

    def _stabilised(self, now_s: float, current: int, wanted: int) -> int:
        """The present number, brought between the lowest and the highest recommendation of the windows."""
        up_s, down_s = self._limits.up.stabilization_s, self._limits.down.stabilization_s
        lowest = min([wanted, *(made for at_s, made in self._recommended if at_s > now_s - up_s)])
        highest = max([wanted, *(made for at_s, made in self._recommended if at_s > now_s - down_s)])
        self._recommended.append((now_s, wanted))
        while self._recommended[0][0] < now_s - max(up_s, down_s):
            self._recommended.popleft()
        return min(max(current, lowest), highest)

    def _bound(self, now_s: float, current: int, rules: Direction, sign: int) -> int:
        """How far the policies let the number go, from where it stood when their periods began."""
        if rules.select == "Disabled":
            return current
        allowed = []
        for policy in rules.policies:
            start = current - sum(by for at_s, by in self._changes if at_s > now_s - policy.period_s)
            if policy.kind == "Pods":
                allowed.append(start + sign * policy.value)
            elif sign > 0:
                allowed.append(math.ceil(start * (100 + policy.value) / 100))
            else:
                allowed.append(start * (100 - policy.value) // 100)
        goes_far = (rules.select == "Max") == (sign > 0)
        return max(allowed) if goes_far else min(allowed)
