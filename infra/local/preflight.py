"""What would keep the local stack from starting, each in one sentence."""

import shutil
import socket
from pathlib import Path

from infra.local import signing_in
from serving.settings import Settings

PORTS = ("mlflow_port", "gateway_port", "monitor_port", "api_port")
NEEDED_BYTES = 300 * 1024 * 1024
"""The tracking database, the artefacts of two trainings and a drift report, with room for logs."""


def problems(settings: Settings) -> list[str]:
    """Return a sentence for each thing that is in the way; empty means go."""
    return [*_ports(settings), *(_disk(settings.var_dir) or signing_in.problems(settings))]


def _ports(settings: Settings) -> list[str]:
    ports = {key: getattr(settings, key) for key in PORTS}
    clashes = [
        f"{key} and another setting both say {port}; give each its own port"
        for key, port in ports.items()
        if list(ports.values()).count(port) > 1
    ]
    return clashes or [
        f"port {port} ({key}) is in use on {settings.host}; stop what listens there, "
        f"or set PENSTOCK_{key.upper()} to a free port"
        for key, port in ports.items()
        if not _is_free(settings.host, port)
    ]


def _is_free(host: str, port: int) -> bool:
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
    return True


def _disk(var_dir: Path) -> list[str]:
    var = var_dir.absolute()
    try:
        var.mkdir(parents=True, exist_ok=True)
        free = shutil.disk_usage(var).free
    except OSError as error:
        return [
            (
                f"{var} must be a folder that can be written; {error.strerror} "
                "(set PENSTOCK_VAR_DIR to another folder)"
            )
        ]
    if free < NEEDED_BYTES:
        return [
            (
                f"the disk of {var} has {free // 2**20} MB free and the local stack needs "
                f"{NEEDED_BYTES // 2**20} MB; free some, or set PENSTOCK_VAR_DIR to another disk"
            )
        ]
    return []
