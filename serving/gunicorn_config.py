"""Gunicorn's configuration, made from Penstock's settings; read again at a reload (HUP)."""

import gc
import importlib
import importlib.util
import logging
import os
from typing import Any

from prometheus_client.multiprocess import mark_process_dead

from serving.hosting.hosting import FOLDER
from serving.hosting.nursery import start_nursery
from serving.leaving import hand_over
from serving.logs import configure
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
BOOT_S = 120
LEAVE_S = 5.0
REGISTRY_CONNECTIONS = 64

_settings = load()

wsgi_app = "serving.gateway:create_app()"
proc_name = "penstock-gateway"
bind = f"{_settings.host}:{_settings.gateway_port}"
workers = _settings.gateway_workers
certfile = _settings.tls_cert_file or None
keyfile = _settings.tls_key_file or None
worker_class = "serving.worker.DrainingWorker"
keepalive = KEEP_ALIVE_S
timeout = BOOT_S
graceful_timeout = int(_settings.gateway_drain_s + _settings.gateway_time_limit_s + LEAVE_S)
control_socket_disable = True
accesslog = None
errorlog = "-"
loglevel = "warning"


def on_starting(_server: Any) -> None:
    """Import the heavy libraries once, before the workers are forked: they start at once and share them."""
    for name in LIBRARIES:
        if importlib.util.find_spec(name.split(".", 1)[0]):
            importlib.import_module(name)
    # What is loaded now stays: the collector need not look at it, nor copy its pages in each worker.
    gc.collect()
    gc.freeze()
    start_nursery(_settings.gateway_dir.absolute() / FOLDER)


def when_ready(_server: Any) -> None:
    """Say where the gateway listens."""
    scheme = "https" if certfile else "http"
    print(f"gateway: {scheme}://{bind} (models: /models, metrics: /metrics)", flush=True)
    if not _settings.log_predictions:
        print("gateway: predictions are not logged (log_predictions is false)", flush=True)


def post_fork(_server: Any, _worker: Any) -> None:
    """Give a worker's log its form; MLflow's remarks on single requests are left out."""
    configure(_settings.log_format, program="gateway", shows_values=_settings.log_values)
    logging.getLogger("mlflow").setLevel(logging.ERROR)
    # Several versions are fetched at a time, each by several connections.
    os.environ.setdefault("MLFLOW_HTTP_POOL_MAXSIZE", str(REGISTRY_CONNECTIONS))
    # Uvicorn's tracebacks take our form, too, which leaves values out.
    uvicorn = logging.getLogger("uvicorn.error")
    uvicorn.handlers, uvicorn.propagate = [], True


def child_exit(_server: Any, worker: Any) -> None:
    """Take a dead worker's live gauges out of the metrics."""
    mark_process_dead(worker.pid)


def on_exit(_server: Any) -> None:
    """Copy the log's last files to the bucket, now that no worker writes any more."""
    configure(_settings.log_format, program="gateway", shows_values=_settings.log_values)
    hand_over(_settings)
