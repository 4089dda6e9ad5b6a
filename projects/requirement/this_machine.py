"""What the list of a person's tasks asks of this machine."""

import importlib.util
import os
from pathlib import Path

from projects.requirement.user_tasks import Machine
from serving.settings import Settings


def this_machine(settings: Settings) -> Machine:
    """Look at the machine that this process runs on."""
    return Machine(os.environ, _has_module, _holds, Path.home(), settings.host, settings.gateway_workers)


def _has_module(name: str) -> bool:
    return importlib.util.find_spec(name) is not None


def _holds(path: Path) -> bool:
    return path.is_file() or (path.is_dir() and any(path.iterdir()))
