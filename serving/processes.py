"""What each process takes of the machine, read from the system when Prometheus asks.

A process is known by its part (`gateway-worker`, `host`, `monitor` ...) and its id, so that one that was
started again begins series of its own.
"""

from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

import psutil
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric

LABELS = ("part", "pid")


class Member(NamedTuple):
    """A process and the part it plays."""

    part: str
    process: psutil.Process


class ProcessFigures:
    """A collector of the processes' CPU time, memory, open files, threads and start.

    Args:
        members: The processes; asked anew at each scrape.
    """

    def __init__(self, members: Callable[[], Iterable[Member]]) -> None:
        self._members = members

    def collect(self) -> Iterator[Metric]:
        """What Prometheus reads; processes that have just ended are left out."""
        cpu = CounterMetricFamily(
            "penstock_process_cpu_seconds_total", "CPU time, user and system.", labels=LABELS
        )
        gauges = tuple(
            GaugeMetricFamily(name, text, labels=LABELS)
            for name, text in (
                ("penstock_process_resident_bytes", "Memory; what forks share counts for each."),
                ("penstock_process_open_files", "Open file descriptors."),
                ("penstock_process_threads", "Threads."),
                ("penstock_process_start_time_seconds", "When it was started, in seconds since 1970."),
            )
        )
        for part, process in self._members():
            try:
                seconds, others = _figures(process)
            except psutil.Error:
                continue
            labels = (part, str(process.pid))
            cpu.add_metric(labels, seconds)
            for gauge, value in zip(gauges, others, strict=True):
                gauge.add_metric(labels, value)
        yield from (cpu, *gauges)


def _figures(process: psutil.Process) -> tuple[float, tuple[float, float, float, float]]:
    with process.oneshot():
        times = process.cpu_times()
        return times.user + times.system, (
            process.memory_info().rss,
            process.num_fds(),
            process.num_threads(),
            process.create_time(),
        )


def this_process(part: str) -> Member:
    """The process that asks."""
    return Member(part, psutil.Process())


def descendants(of: Member, part: str) -> Iterator[Member]:
    """The processes that descend from one, at any depth."""
    try:
        children = of.process.children(recursive=True)
    except psutil.Error:
        return
    for child in children:
        yield Member(part, child)
