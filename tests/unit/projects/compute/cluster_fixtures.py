"""A real cluster of two processes for a module's tests, and tables that are learned from on it."""

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from projects.compute.cluster import cluster
from projects.requirement.model import Compute

LOCAL = Compute(cluster="local", workers=2, threads=1)


@contextmanager
def two_workers() -> Iterator[Any]:
    """Give a client of two workers of one thread."""
    with cluster(LOCAL, lambda _sentence: None) as client:
        assert client is not None
        yield client


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
