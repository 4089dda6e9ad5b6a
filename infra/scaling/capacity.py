"""What so many calls and models take: cores, replicas, disk, network, memory and rows, by plain arithmetic.

calls a second at the peak = calls a day / 86,400 * peak
cores                      = calls a second * CPU a call / load
the log                    = calls a day * bytes a prediction * days
"""

import math
from dataclasses import dataclass

from infra.scaling.measured import Measured

DAY_S = 86_400.0


@dataclass(frozen=True, slots=True)
class Asked:
    """The load, and how the stack is run.

    Attributes:
        calls: Predictions a day.
        models: Registered models in traffic.
        peak: The peak's rate over the day's mean.
        load: The part of a core that is used at the peak.
        forwards: Whether gateways forward to model servers.
        log_days: How long predictions are kept.
        request_bytes: A request with its answer, on the network.
        poll_s: How often a gateway's host asks the registry.
        scrape_s: How often Prometheus reads.
        windows_a_day: Drift windows of each model.
        trainings_a_month: Of each model.
        loaded_share: The part of the models that each replica has in memory.
    """

    calls: float
    models: int
    peak: float = 3.0
    load: float = 0.7
    forwards: bool = False
    log_days: float = 90.0
    request_bytes: float = 1500.0
    poll_s: float = 1.0
    scrape_s: float = 15.0
    windows_a_day: float = 24.0
    trainings_a_month: float = 4.0
    loaded_share: float = 1.0


@dataclass(frozen=True, slots=True)
class Needed:
    """What it takes; the unit stands in each name."""

    peak_per_s: float
    gateway_cores: float
    model_server_cores: float
    gateways: int
    network_mbit_s: float
    log_raw_gb_day: float
    log_gb_day: float
    log_gb_kept: float
    log_files_day: float
    memory_gb_gateway: float
    registry_cores: float
    poll_s_gateway: float
    scrape_s_gateway: float
    scrape_mb: float
    series_bytes_day: float
    drift_cores: float
    history_rows_month: float
    training_cores: float


def needed(asked: Asked, measured: Measured) -> Needed:
    """The arithmetic; a replica has one worker and one core.

    Args:
        asked: The load.
        measured: What each part costs.
    """
    peak_per_s = asked.calls / DAY_S * asked.peak
    per_call_us = measured.forwarded_us if asked.forwards else measured.call_us
    gateway_cores = peak_per_s * per_call_us / 1e6 / asked.load
    gateways = max(2, math.ceil(gateway_cores))
    polls_s = gateways / asked.poll_s
    trainings_day = asked.models * asked.trainings_a_month / 30
    scrape_bytes = asked.models * measured.scrape_bytes
    return Needed(
        peak_per_s=peak_per_s,
        gateway_cores=gateway_cores,
        model_server_cores=asked.forwards * peak_per_s * measured.answered_us / 1e6 / asked.load,
        gateways=gateways,
        network_mbit_s=peak_per_s * asked.request_bytes * (2 if asked.forwards else 1) * 8 / 1e6,
        log_raw_gb_day=asked.calls * measured.raw_bytes / 1e9,
        log_gb_day=asked.calls * measured.parquet_bytes / 1e9,
        log_gb_kept=asked.calls * measured.parquet_bytes * asked.log_days / 1e9,
        log_files_day=gateways * min(asked.models * DAY_S / 300.0, asked.calls / gateways),
        memory_gb_gateway=(measured.gateway_mb + asked.loaded_share * asked.models * measured.model_mb) / 1e3,
        registry_cores=polls_s * asked.models * measured.poll_registry_us / 1e6,
        poll_s_gateway=asked.models * (measured.poll_gateway_us + measured.poll_registry_us) / 1e6,
        scrape_s_gateway=asked.models * measured.scrape_ms / 1e3,
        scrape_mb=scrape_bytes / 1e6,
        series_bytes_day=gateways * scrape_bytes * DAY_S / asked.scrape_s,
        drift_cores=asked.calls / DAY_S / measured.drift_rows_s,
        history_rows_month=asked.models * asked.windows_a_day * 30,
        training_cores=2 * trainings_day * measured.training_s / DAY_S,
    )
