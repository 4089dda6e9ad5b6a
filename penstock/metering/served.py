"""What the gateways have predicted, of all models together."""

from collections.abc import Iterable
from dataclasses import dataclass

from serving.lifecycle.canary.counts import Counts

PREDICTIONS = "penstock_predictions_total{"
REQUESTS = "penstock_requests_total{"
SECONDS = "penstock_request_seconds_bucket{"


@dataclass(frozen=True, slots=True)
class Served:
    """Since the gateways started.

    Attributes:
        predictions: Rows that were answered.
        requests: Requests, answered or failed.
        failed: Those answered with 5xx.
        p50_s: Half of the answers took at most so long; None without any.
        p99_s: 99 of 100 did.
    """

    predictions: int = 0
    requests: int = 0
    failed: int = 0
    p50_s: float | None = None
    p99_s: float | None = None


def served(texts: Iterable[str]) -> Served:
    """Add up the texts of gateways' `/metrics`."""
    predictions = requests = failed = 0.0
    buckets: dict[float, float] = {}
    for line in (line for text in texts for line in text.splitlines()):
        if line.startswith(PREDICTIONS):
            predictions += _value(line)
        elif line.startswith(REQUESTS):
            requests += _value(line)
            failed += _value(line) if _label(line, "code").startswith("5") else 0.0
        elif line.startswith(SECONDS):
            bound = float(_label(line, "le"))
            buckets[bound] = buckets.get(bound, 0.0) + _value(line)
    spent = Counts(requests, failed, 0, buckets)
    return Served(int(predictions), int(requests), int(failed), spent.quantile(0.5), spent.quantile(0.99))


def _value(line: str) -> float:
    return float(line.rpartition(" ")[2])


def _label(line: str, name: str) -> str:
    # Codes and bounds hold no quotes; models' names do, escaped, and come before or behind.
    return line.rpartition(f'{name}="')[2].partition('"')[0]
