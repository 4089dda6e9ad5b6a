"""What all versions' own processes tell of themselves, asked when Prometheus asks for the metrics."""

import socket
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import orjson
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric

from serving.hosting.nursery import NAME
from serving.hosting.telling import LABELS, PATH
from serving.upstream.address import reachable

PATIENCE_S = 0.3
"""How long one process may take to answer; one that is stuck is left out."""
WHOLE_S = 3.0
"""How long all may take; Prometheus waits 10 s by default for this and all else."""
MOST_BYTES = 65_536
"""Of an answer: it comes from a process that runs a stranger's code."""

COUNTERS = {
    "calls": ("penstock_batched_calls_total", "Calls of a version whose requests may be answered together."),
    "requests": ("penstock_batched_requests_total", "Requests in those calls."),
    "rows": ("penstock_batched_rows_total", "Rows in those calls."),
    "failed": ("penstock_batched_failed_total", "Of those calls, the ones that were made again one by one."),
    "hits": ("penstock_feature_cache_hits_total", "Texts whose features were found in a version's cache."),
    "misses": ("penstock_feature_cache_misses_total", "Texts whose features had to be made."),
}
GAUGES = {
    "size": ("penstock_feature_cache_entries", "Texts in a version's cache of features."),
    "memory_bytes": ("penstock_feature_cache_bytes", "Memory that it takes."),
}


class HostFigures:
    """A collector of what all processes in a folder tell.

    Args:
        folder: Where their sockets lie.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def collect(self) -> Iterator[Metric]:
        """What Prometheus reads; a process that does not answer is left out."""
        totals: dict[tuple[str, str], Counter[str]] = {}
        end = time.monotonic() + WHOLE_S
        for path in sorted(self._folder.glob("*.sock")):
            told = _asked(path) if path.name != NAME and time.monotonic() < end else None
            if told is not None:
                numbers = {name: told[name] for name in (*COUNTERS, *GAUGES) if name in told}
                totals.setdefault((told["model"], told["version"]), Counter()).update(numbers)
        yield from _families(COUNTERS, CounterMetricFamily, totals)
        yield from _families(GAUGES, GaugeMetricFamily, totals)


def _families(
    known: Mapping[str, tuple[str, str]], make: Any, totals: Mapping[tuple[str, str], Counter[str]]
) -> Iterator[Metric]:
    for key, (name, text) in known.items():
        family = make(name, text, labels=LABELS)
        for labels, numbers in totals.items():
            if key in numbers:
                family.add_metric(labels, numbers[key])
        yield family


def _asked(path: Path) -> dict[str, Any] | None:
    try:
        head, _, body = _answer(path).partition(b"\r\n\r\n")
        told = orjson.loads(body) if head.split(b" ")[1:2] == [b"200"] else None
    except (OSError, orjson.JSONDecodeError):
        return None
    return told if isinstance(told, dict) and _is_sound(told) else None


def _answer(path: Path) -> bytes:
    """What a process sends until it closes; a library's time limit would be for each byte."""
    content, end = b"", time.monotonic() + PATIENCE_S
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
        connection.settimeout(PATIENCE_S)
        connection.connect(reachable(path))
        connection.sendall(b"GET %b HTTP/1.0\r\n\r\n" % PATH.encode())
        while (left_s := end - time.monotonic()) > 0 and len(content) < MOST_BYTES:
            connection.settimeout(left_s)
            piece = connection.recv(MOST_BYTES)
            if not piece:
                return content
            content += piece
    raise TimeoutError


def _is_sound(told: Mapping[str, Any]) -> bool:
    numbers = (told[name] for name in (*COUNTERS, *GAUGES) if name in told)
    return all(isinstance(told.get(name), str) for name in LABELS) and all(
        isinstance(number, int | float) and number >= 0 for number in numbers
    )
