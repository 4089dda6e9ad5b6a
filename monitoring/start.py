"""Puts the monitor's parts together."""

import logging
from pathlib import Path

import mlflow
from mlflow.tracking import MlflowClient
from prometheus_client import CollectorRegistry

from monitoring.door import application, open_door
from monitoring.loop import StopAsked, run_rounds, stop_on_signals
from monitoring.metrics import MonitorMetrics, VersionGauges
from monitoring.monitor import Monitor
from monitoring.overview import page
from monitoring.registry import Registry, RegistryAwayError
from serving.settings import Settings

log = logging.getLogger(__name__)


def monitor(settings: Settings, metrics: MonitorMetrics) -> Monitor:
    """A monitor of the tracking server that the settings name."""
    mlflow.set_tracking_uri(settings.tracking_uri)  # `models:/` addresses are looked up there
    return Monitor(settings, Registry(MlflowClient(settings.tracking_uri), settings.tracking_uri), metrics)


def _check_registered(watching: Monitor, model: str) -> None:
    try:
        watching.model(model)
    except RegistryAwayError as error:
        log.warning("%s; the loop waits for it", error)


def serve(settings: Settings, model: str | None) -> int:
    """Open the door and make rounds until SIGTERM or SIGINT.

    Raises:
        DoorError: The door cannot be opened.
        UnknownModelError: There is no such model; the message names near ones.
    """
    collectors = CollectorRegistry()
    metrics = MonitorMetrics(collectors)
    watching = monitor(settings, metrics)
    collectors.register(VersionGauges(watching.results))

    def overview() -> str:
        return page(watching.results(), checked_s=watching.checked_s, window_s=settings.monitor_window_s)

    def models() -> list[str]:
        return [watching.model(model)] if model else watching.models()

    def report(name: str, version: str) -> Path | None:
        made = [result.report for result in watching.results() if result.key == (name, version)]
        return made[0].path if made and made[0] else None

    if model:
        _check_registered(watching, model)
    door = application(collectors, overview, report)
    close = open_door(settings.host, settings.monitor_port, door)
    log.info("the monitor is on http://%s:%d", settings.host, settings.monitor_port)
    try:
        with stop_on_signals() as stopped:
            run_rounds(watching, models, settings.monitor_interval_s, stopped)
    except StopAsked:
        pass
    log.info("the monitor stops, as it was asked to")
    close()
    return 0
