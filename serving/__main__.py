"""`python -m serving`: checks the settings, then becomes the gateway's gunicorn."""

import fcntl
import os
import re
import shutil
import socket
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import NoReturn
from urllib.parse import urlsplit

from serving.callers.administrator import act_as_administrator
from serving.listening import check_listening
from serving.prediction_log.encryption import upload_arguments
from serving.settings import Settings, SettingsError, load
from serving.tracing import check_tracing
from serving.upstream.address import AddressError, read_addresses
from serving.upstream.directory import directory_of

CONFIG = Path(__file__).with_name("gunicorn_config.py")


def main() -> int:
    """Start the gateway; returns only if it cannot: 2 for bad settings, 1 for what the machine refuses."""
    try:
        settings = load()
        _check(settings)
        act_as_administrator(settings)
    except SettingsError as error:
        print(f"gateway: {error}", file=sys.stderr)
        return 2
    try:
        _check_port(settings.host, settings.gateway_port)
        _claim(settings.gateway_dir)
        metrics_dir = _fresh_metrics_dir(settings)
    except OSError as error:
        print(f"gateway: {error.strerror or error}", file=sys.stderr)
        return 1
    return _become_gunicorn(_environment(settings, metrics_dir, os.environ))


def _become_gunicorn(environ: dict[str, str]) -> NoReturn:
    command = [sys.executable, "-m", "gunicorn", "--config", str(CONFIG)]
    os.execve(sys.executable, command, environ)  # noqa: S606 - this process becomes gunicorn, with its pid


def _check(settings: Settings) -> None:
    check_listening(settings)
    check_tracing(settings)
    if settings.log_s3_uri and not re.fullmatch(r"s3://[^/]+(/.*)?", settings.log_s3_uri):
        raise SettingsError(f"'log_s3_uri' must be like s3://bucket/prefix, not '{settings.log_s3_uri}'")
    upload_arguments(settings.s3_encryption)
    if settings.upstreams:
        try:
            if directory_of(settings.upstreams) is None:
                read_addresses(settings.upstreams)
        except AddressError as error:
            raise SettingsError(f"'upstreams': {error}") from error
    address = urlsplit(settings.tracking_uri)
    if address.scheme not in ("http", "https") or not address.netloc:
        raise SettingsError(
            "'tracking_uri' must be an MLflow server's http or https address, "
            f"not '{settings.tracking_uri}'; "
            "start one with 'mlflow server' and set PENSTOCK_TRACKING_URI"
        )


def _check_port(host: str, port: int) -> None:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            how = "set PENSTOCK_GATEWAY_PORT"
            sentence = f"port {port} of {host} cannot be used ({error.strerror}); {how}"
            raise OSError(sentence) from error


def _claim(folder: Path) -> None:
    """Hold a lock on the folder for as long as this process, as gunicorn, or a worker of it lives."""
    folder.mkdir(parents=True, exist_ok=True)
    handle = os.open(folder / "gateway.lock", os.O_RDWR | os.O_CREAT, 0o644)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        how = "stop it, or give this one a PENSTOCK_VAR_DIR of its own"
        raise OSError(f"'{folder}' belongs to a gateway that is running; {how}") from error
    os.set_inheritable(handle, True)


def _fresh_metrics_dir(settings: Settings) -> Path:
    folder = settings.gateway_dir.absolute() / "metrics"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return folder


def _environment(settings: Settings, metrics_dir: Path, environ: Mapping[str, str]) -> dict[str, str]:
    defaults = {"MLFLOW_HTTP_REQUEST_MAX_RETRIES": "2", "MLFLOW_HTTP_REQUEST_TIMEOUT": "30"}
    fixed = {
        "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false",
        "PROMETHEUS_MULTIPROC_DIR": str(metrics_dir),
        "MLFLOW_TRACKING_URI": settings.tracking_uri,
        "_MLFLOW_IS_IN_SERVING_ENVIRONMENT": "true",
    }
    return defaults | dict(environ) | fixed


if __name__ == "__main__":
    sys.exit(main())
