"""A real cluster of two processes for a module's tests, and tables that are learned from on it."""

import os
import signal
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import numpy as np

from projects.compute.cluster import cluster
from projects.requirement.model import Compute

LOCAL = Compute(cluster="local", workers=2, threads=1)
COMING_S = 20
"""How long a killed worker usually takes at most to be back."""


@contextmanager
def two_workers() -> Iterator[Any]:
    """Give a client of two workers of one thread."""
    with cluster(LOCAL, lambda _sentence: None) as client:
        assert client is not None
        yield client


class Two:
    """A cluster of two workers, made anew where a killed one does not come back: nannies give up at times."""

    def __init__(self, stack: ExitStack) -> None:
        self._stack = stack
        self._client = stack.enter_context(two_workers())

    def client(self) -> Any:
        """A client of two workers that are there."""
        try:
            self._client.wait_for_workers(2, timeout=COMING_S)
        except TimeoutError:
            self._stack.close()
            self._client = self._stack.enter_context(two_workers())
        return self._client


@contextmanager
def two_for_long() -> Iterator[Two]:
    """Give a cluster for many tests, some of which kill its workers."""
    with ExitStack() as stack:
        yield Two(stack)


def kill_one(client: Any) -> None:
    """Kill a worker's process, which its nanny starts anew."""
    os.kill(next(iter(client.run(os.getpid).values())), signal.SIGKILL)


def numbers(rows: int, classes: int) -> tuple[Any, Any]:
    """A matrix with a rule in it, and codes of so many classes, or numbers where there are none."""
    rng = np.random.default_rng(4)
    X = rng.normal(size=(rows, 8))
    value = X[:, 0] + X[:, 1] * X[:, 2] + rng.normal(0, 0.5, rows)
    bounds = {0: None, 2: [0.0], 3: [-0.6, 0.7]}[classes]
    return X, value if bounds is None else np.digitize(value, bounds)
