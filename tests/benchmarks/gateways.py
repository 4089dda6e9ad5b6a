"""A gateway under measurement: its prediction log, metrics and routes on, one worker unless told."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.benchmarks.peers import running
from tests.conftest import pick_free_port

SPLIT = {
    "variants": {
        "champion": {"stage": "Production", "weight": 90},
        "challenger": {"stage": "Staging", "weight": 10},
    },
    "salt": "bench",
}


@contextmanager
def gateway(uri: str, root: Path, **settings: object) -> Iterator[str]:
    """A gateway that is ready; yields its address.

    Args:
        uri: The MLflow server.
        root: Where it keeps what it holds.
        settings: Of Penstock, by their names.
    """
    port = pick_free_port()
    values = {"var_dir": root / "var", "tracking_uri": uri, "gateway_port": port} | settings
    environ = os.environ | {f"PENSTOCK_{key.upper()}": str(value) for key, value in values.items()}
    url = f"http://127.0.0.1:{port}"
    root.mkdir(parents=True, exist_ok=True)
    with running([sys.executable, "-m", "serving"], environ, root / "gateway.log", url + "/ready"):
        yield url
