"""How many threads a long fit takes: the cores that nobody else uses."""

import os

from projects.ingest.engine import cores


def free_cores() -> int:
    """Return how many cores are free, at least 1, by the load of the last minute.

    Boosters' threads wait for each other after each step, so one that finds no core holds up all: measured,
    30 rounds took 60 s with two threads on two busy cores, and 2 s with one.
    """
    return max(1, min(cores(), round(cores() + 1 - os.getloadavg()[0])))
