"""The Kubernetes files as kustomize renders them, by whichever kubectl the machine has."""

import shutil
import subprocess
from functools import cache
from typing import Any

import pytest
import yaml

from tests.infra.composed import REPO

FOLDER = REPO / "infra" / "kubernetes"
OVERLAYS = ("minimal", "production")


@cache
def text_of(overlay: str) -> str:
    """One overlay's documents, as they would be applied."""
    if shutil.which("kubectl") is None:
        pytest.skip("this machine has no kubectl, whose kustomize renders the overlays")
    command = ["kubectl", "kustomize", str(FOLDER / "overlays" / overlay)]
    done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return done.stdout


@cache
def documents(overlay: str) -> list[dict[str, Any]]:
    """All objects of an overlay."""
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    return [found for found in yaml.load_all(text_of(overlay), Loader=loader) if found]


def of_kind(overlay: str, *kinds: str) -> list[dict[str, Any]]:
    """An overlay's objects of some kinds."""
    return [found for found in documents(overlay) if found["kind"] in kinds]


def pods(overlay: str) -> dict[str, dict[str, Any]]:
    """Each workload's pod, by the workload's name."""
    found = of_kind(overlay, "Deployment", "StatefulSet", "Job")
    made = {each["metadata"]["name"]: each["spec"]["template"] for each in found}
    timed = of_kind(overlay, "CronJob")
    return made | {
        each["metadata"]["name"]: each["spec"]["jobTemplate"]["spec"]["template"] for each in timed
    }


def containers(overlay: str) -> list[tuple[str, dict[str, Any]]]:
    """Each container, with its workload's name."""
    return [(name, each) for name, pod in pods(overlay).items() for each in pod["spec"]["containers"]]
