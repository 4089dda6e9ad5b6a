"""The gateway as a queue: what each request waits for, and which ones are refused.

    a worker's event loop    takes all that have come, works them off one after the other, writes their
                             records together, answers them together; refuses what waits too long
    a version's places       answers that take a thread or a process: some run at a time, the others wait
                             in a bounded number of places; who gets none is refused at once

The rules are those of `serving/web/admission.py` and `serving/prediction_log/group_commit.py`.
"""

import heapq
import math
from collections import deque
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from infra.scaling.arrivals import Times

SMOOTHING = 0.2


@dataclass(frozen=True)
class Queue:
    """What became of requests.

    Attributes:
        spent_s: From arrival to answer, in the order of arrival; of refused ones to the refusal.
        refused: Which were refused.
        seconds: How long the load lasted.
    """

    spent_s: Times
    refused: npt.NDArray[np.bool_]
    seconds: float

    @property
    def refused_share(self) -> float:
        """The part of all requests that was refused."""
        return float(self.refused.mean()) if self.refused.size else 0.0

    @property
    def mean_in_flight(self) -> float:
        """By Little's law, over those that were accepted."""
        return float(self.spent_s[~self.refused].sum()) / self.seconds

    def quantile(self, share: float) -> float:
        """Of the time that accepted requests took; not a number where there are none."""
        taken = self.spent_s[~self.refused]
        return float(np.quantile(taken, share)) if taken.size else math.nan


def event_loop(
    arrivals: Times, services: Times, *, longest_lag_s: float = 0.25, refusal_s: float = 0.0
) -> Queue:
    """One worker whose answers come on its event loop.

    Args:
        arrivals: When requests come.
        services: How long each takes the loop.
        longest_lag_s: Who waits longer within a turn of the loop is refused.
        refusal_s: How long a refusal takes the loop.
    """
    spent, refused = np.zeros(arrivals.size), np.zeros(arrivals.size, dtype=np.bool_)
    at, clock = 0, 0.0
    while at < arrivals.size:
        turn_s = max(clock, float(arrivals[at]))
        end = int(np.searchsorted(arrivals, turn_s, side="right"))
        clock = turn_s
        for number in range(at, end):
            refused[number] = clock - turn_s > longest_lag_s
            clock += refusal_s if refused[number] else float(services[number])
        spent[at:end] = clock - arrivals[at:end]
        at = end
    return Queue(spent, refused, _span(arrivals))


@dataclass(frozen=True, slots=True)
class Places:
    """What one version may hold of a worker, as `Admission` gives it.

    Attributes:
        at_once: How many of its requests run at a time.
        most: The worker's places.
        share: The part of them that one version may have alone.
        patience_s: The longest wait that a request is accepted with.
    """

    at_once: int = 2
    most: int = 64
    share: float = 0.75
    patience_s: float = 5.0

    @property
    def alpha(self) -> float:
        """A version gets a place while it holds fewer than so many times the free ones."""
        return self.share / (1 - self.share) if self.share < 1 else math.inf


def places(arrivals: Times, services: Times, rules: Places) -> Queue:
    """One version whose answers take a thread or a process.

    Args:
        arrivals: When requests come.
        services: How long each runs.
        rules: What is accepted.
    """
    spent, refused = np.zeros(arrivals.size), np.zeros(arrivals.size, dtype=np.bool_)
    free_at = [0.0] * rules.at_once
    inside: deque[tuple[float, float]] = deque()
    pace_s = ended_s = 0.0
    for number, now_s in enumerate(map(float, arrivals)):
        while inside and inside[0][0] <= now_s:
            finish_s, came_s = inside.popleft()
            took_s = finish_s - max(came_s, ended_s)
            pace_s += (SMOOTHING if pace_s else 1.0) * (took_s - pace_s)
            ended_s = finish_s
        if not _is_accepted(len(inside), pace_s, rules):
            refused[number] = True
            continue
        finish_s = max(now_s, heapq.heappop(free_at)) + float(services[number])
        heapq.heappush(free_at, finish_s)
        _insert(inside, (finish_s, now_s))
        spent[number] = finish_s - now_s
    return Queue(spent, refused, _span(arrivals))


def _is_accepted(held: int, pace_s: float, rules: Places) -> bool:
    if held >= rules.most or held >= rules.alpha * (rules.most - held):
        return False
    return held < rules.at_once or (held + 1) * pace_s <= rules.patience_s


def _insert(inside: deque[tuple[float, float]], one: tuple[float, float]) -> None:
    """Keep the earliest end first; ends come nearly in order."""
    later = deque[tuple[float, float]]()
    while inside and inside[-1][0] > one[0]:
        later.appendleft(inside.pop())
    inside.append(one)
    inside.extend(later)


def _span(arrivals: Times) -> float:
    return float(arrivals[-1]) if arrivals.size else 0.0
