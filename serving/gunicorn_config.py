"""Gunicorn's configuration, made from Penstock's settings; read again at a reload (HUP)."""

import importlib
import importlib.util
import logging
from typing import Any

from prometheus_client.multiprocess import mark_process_dead

from serving.settings import load

LIBRARIES = (
    "mlflow.pyfunc.scoring_server",
    "mlflow.sklearn",
    "sklearn.ensemble",
    "sklearn.linear_model",
    "lightgbm",
    "xgboost",
)
KEEP_ALIVE_S = 75
LOG_FORMAT = "%(asctime)s gateway[%(process)d] %(levelname)s %(name)s: %(message)s"
BOOT_S = 120
LEAVE_S = 5.0

_settings = load()

wsgi_app = "serving.gateway:create_app()"
proc_name = "penstock-gateway"
bind = f"{_settings.host}:{_settings.gateway_port}"
workers = _settings.gateway_workers
worker_class = "serving.worker.DrainingWorker"
keepalive = KEEP_ALIVE_S
timeout = BOOT_S
graceful_timeout = int(_settings.gateway_drain_s + LEAVE_S)
control_socket_disable = True
accesslog = None
errorlog = "-"
loglevel = "warning"


def on_starting(_server: Any) -> None:
    """Import the heavy libraries once, before the workers are forked: they start at once and share them."""
    for name in LIBRARIES:
        if importlib.util.find_spec(name.split(".", 1)[0]):
            importlib.import_module(name)


def when_ready(_server: Any) -> None:
    """Say where the gateway listens."""
    print(f"gateway: http://{bind} (models: /models, metrics: /metrics)", flush=True)


def post_fork(_server: Any, _worker: Any) -> None:
    """Give a worker's log its form; MLflow's remarks on single requests are left out."""
    logging.basicConfig(level=logging.WARNING, format=LOG_FORMAT)
    logging.getLogger("mlflow").setLevel(logging.ERROR)


def child_exit(_server: Any, worker: Any) -> None:
    """Take a dead worker's live gauges out of the metrics."""
    mark_process_dead(worker.pid)
