"""The platform's API as a process of its own, for stacks that others start piece by piece."""

import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from tests.conftest import REPO, pick_free_port, stop_group, wait_for_http


@contextmanager
def running_api(environ: Mapping[str, str], log: Path) -> Iterator[int]:
    """Serve until the block ends; gives the port."""
    port = pick_free_port()
    with log.open("wb") as out:
        process = subprocess.Popen(
            [sys.executable, "-m", "penstock.api"],
            cwd=REPO,
            env=os.environ | environ | {"PENSTOCK_API_PORT": str(port)},
            stdout=out,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        wait_for_http(f"http://127.0.0.1:{port}/health", process)
        yield port
    finally:
        stop_group(process)
