"""What a call, a prediction, a model and a training cost: measured, with the benchmark that prints it.

The figures are of two shared cores (the booster of `unit-costs`: 30 columns, 200 trees). Another machine
gives others: run `make bench ONLY=unit-costs` there, and give them on the command line.
"""

from dataclasses import dataclass, field, fields
from typing import Any


def _of(value: float, unit: str, benchmark: str) -> Any:
    return field(default=value, metadata={"unit": unit, "benchmark": benchmark})


@dataclass(frozen=True, slots=True)
class Measured:
    """The capacity model's inputs; each field's metadata says its unit and its benchmark."""

    call_us: float = _of(322.0, "us CPU a call in the gateway", "unit-costs")
    forwarded_us: float = _of(293.0, "us CPU a forwarded call in the gateway", "unit-costs")
    answered_us: float = _of(237.0, "us CPU a forwarded call in a model server", "unit-costs")
    raw_bytes: float = _of(1100.0, "bytes a prediction on the log, raw", "unit-costs")
    parquet_bytes: float = _of(119.0, "bytes a prediction in Parquet", "unit-costs")
    poll_gateway_us: float = _of(526.0, "us CPU a model and poll in the gateway", "unit-costs")
    poll_registry_us: float = _of(769.0, "us CPU a model and poll in MLflow", "unit-costs")
    model_mb: float = _of(1.92, "MB a loaded model in a worker", "unit-costs")
    gateway_mb: float = _of(
        693.0, "MB a gateway's processes with one model, what they share counted for each", "unit-costs"
    )
    scrape_bytes: float = _of(2450.0, "bytes a model of one scrape", "unit-costs")
    scrape_ms: float = _of(4.99, "ms a model of one scrape", "unit-costs")
    drift_rows_s: float = _of(43_000.0, "rows of 100 columns a second and core in drift", "drift-window")
    training_s: float = _of(300.0, "s a training of 150,000 rows takes at most, two cores", "million")


def figures(measured: Measured) -> list[tuple[str, float, str, str]]:
    """Name, value, unit and benchmark of each input."""
    return [
        (each.name, float(getattr(measured, each.name)), each.metadata["unit"], each.metadata["benchmark"])
        for each in fields(Measured)
    ]
