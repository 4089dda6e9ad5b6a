"""Puts the monitor's parts together."""

import logging
import time
from collections.abc import Callable

import mlflow
from mlflow.tracking import MlflowClient
from prometheus_client import CollectorRegistry

from monitoring.door import application, open_door
from monitoring.duty import Duty, leases_of, me
from monitoring.history import History
from monitoring.loop import Rounds, StopAsked, stop_on_signals
from monitoring.metrics import LaneGauges, MonitorMetrics, process_figures
from monitoring.monitor import Monitor
from monitoring.page.links import Elsewhere
from monitoring.page.past import Past
from monitoring.page.site import Site
from monitoring.registry import Registry, RegistryAwayError
from monitoring.retraining.journal import Journal
from monitoring.retraining.loop import Loop
from monitoring.watch import watch_of
from serving.lifecycle.database import Database
from serving.settings import Settings

log = logging.getLogger(__name__)


def registry(settings: Settings) -> Registry:
    """The tracking server that the settings name."""
    mlflow.set_tracking_uri(settings.tracking_uri)  # `models:/` addresses are looked up there
    return Registry(MlflowClient(settings.tracking_uri), settings.tracking_uri)


def monitor(settings: Settings, metrics: MonitorMetrics) -> Monitor:
    """A monitor of the tracking server that the settings name."""
    return Monitor(settings, registry(settings), metrics, History(Database(settings.database_url)))


def _check_registered(watching: Monitor, model: str) -> None:
    try:
        watching.model(model)
    except RegistryAwayError as error:
        log.warning("%s; the loop waits for it", error)


def pages(
    settings: Settings, watching: Monitor, history: History, journal: Journal, *, notice: Callable[[], str]
) -> Site:
    """The pages on what a monitor watches."""
    links = Elsewhere(
        settings.mlflow_url or settings.tracking_uri, settings.evidently_url, settings.grafana_url
    )
    return Site(
        watching,
        Past(history),
        journal,
        links,
        window_s=settings.monitor_window_s,
        drift_share=settings.drift_share,
        notice=notice,
        now=time.time,
    )


def _standby(duty: Duty) -> str:
    return f"{duty.other} is on duty; this one stands by." if duty.other else ""


def serve(settings: Settings, model: str | None) -> int:
    """Open the door and make rounds until SIGTERM or SIGINT.

    Raises:
        DoorError: The door cannot be opened.
        UnknownModelError: There is no such model; the message names near ones.
    """
    collectors = CollectorRegistry()
    metrics = MonitorMetrics(collectors)
    database = Database(settings.database_url)
    known, history, journal = registry(settings), History(database), Journal(database)
    watching = Monitor(settings, known, metrics, history)
    collectors.register(LaneGauges(watching.results))
    collectors.register(process_figures())
    duty = Duty(leases_of(settings), me(settings), renew_s=settings.monitor_interval_s / 2)

    def models() -> list[str]:
        return [watching.model(model)] if model else watching.models()

    if model:
        _check_registered(watching, model)
    site = pages(settings, watching, history, journal, notice=lambda: _standby(duty))
    close = open_door(
        settings.host, settings.monitor_port, application(collectors, site.answer, watch_of(settings))
    )
    log.info("the monitor is on http://%s:%d", settings.host, settings.monitor_port)
    retraining = Loop(settings, known, history, journal, metrics, now=time.time)
    rounds = Rounds(watching, retraining, duty, metrics, models, settings.monitor_interval_s)
    try:
        with stop_on_signals() as stopped:
            rounds.run(stopped)
    except StopAsked:
        pass
    log.info("the monitor stops, as it was asked to")
    retraining.close()
    duty.leave()
    close()
    return 0
