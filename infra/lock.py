"""`make lock`: chooses versions anew and writes the lock files, infra/uv.lock and conda.yaml.

One source: pyproject.toml names what is needed, the lock files pin every package with hashes for all
platforms, and conda.yaml pins the direct dependencies, as `mlflow run` without `--env-manager local` wants.
Each image has a lock file of its own, at the same versions; `python -m infra.lock images` writes these alone.
"""

import re
import subprocess
import sys
import tomllib
from pathlib import Path

from packaging.requirements import Requirement

REPO = Path(__file__).parents[1]
PIN = re.compile(r"^(?P<name>[A-Za-z0-9_.-]+)==(?P<version>[^ ;\\]+)", re.MULTILINE)
CONDA_PYTHON = "3.11"
PLATFORM_EXTRAS = ("postgresql", "redis", "dask")
IMAGES = ("platform", "serving", "mlflow")


def pins(lock_text: str) -> dict[str, str]:
    """Read name -> version of every package that a lock file pins for `CONDA_PYTHON` on Linux."""
    lines = [line for line in lock_text.splitlines() if _applies(line)]
    return {match["name"]: match["version"] for line in lines if (match := PIN.match(line))}


def _applies(line: str) -> bool:
    _, _, marker = line.removesuffix("\\").partition(" ; ")
    environment = {"python_full_version": f"{CONDA_PYTHON}.0", "sys_platform": "linux"}
    return not marker or bool(Requirement(f"x ; {marker}").marker.evaluate(environment))  # type: ignore[union-attr]


def direct_dependencies(pyproject_text: str) -> list[str]:
    """Name what pyproject.toml asks for on Linux, in its order."""
    wanted = tomllib.loads(pyproject_text)["project"]["dependencies"]
    requirements = [Requirement(line) for line in wanted]
    return [
        requirement.name
        for requirement in requirements
        if requirement.marker is None or requirement.marker.evaluate({"sys_platform": "linux"})
    ]


def conda_yaml(pyproject_text: str, lock_text: str) -> str:
    """Write conda.yaml's text: the direct dependencies at the lock file's versions."""
    pinned = pins(lock_text)
    lines = [f"      - {name}=={pinned[name]}" for name in direct_dependencies(pyproject_text)]
    head = [
        "# Written by `make lock` from pyproject.toml and requirements.lock.",
        "name: penstock",
        "channels:",
        "  - conda-forge",
        "dependencies:",
        f"  - python={CONDA_PYTHON}",
        "  - pip",
        "  - pip:",
    ]
    return "\n".join([*head, *lines]) + "\n"


def _compile(source: str, target: str, *options: str, for_images: bool = False) -> None:
    uv = Path(sys.executable).with_name("uv")
    command = [
        str(uv),
        "pip",
        "compile",
        source,
        *(("--python-platform", "linux") if for_images else ("--universal",)),
        "--python-version",
        CONDA_PYTHON,
        "--quiet",
        "--generate-hashes",
        "--no-annotate",
        "--no-header",
        "--upgrade",
        "--output-file",
        target,
    ]
    subprocess.run([*command, *options], cwd=REPO, check=True, stdout=subprocess.DEVNULL)


def lock_images() -> None:
    """Write the images' lock files, for their Python on Linux, with nothing to be compiled."""
    own = ["--constraint", "requirements-dev.lock", "--only-binary", ":all:"]
    extras = [word for extra in PLATFORM_EXTRAS for word in ("--extra", extra)]
    _compile("pyproject.toml", "infra/docker/platform.lock", *extras, *own, for_images=True)
    for image in ("serving", "mlflow"):
        _compile(f"infra/docker/{image}.in", f"infra/docker/{image}.lock", *own, for_images=True)


def main() -> None:
    """Write all of them, or the images' alone."""
    if sys.argv[1:] == ["images"]:
        lock_images()
        return
    _compile("pyproject.toml", "requirements.lock")
    _compile("pyproject.toml", "requirements-dev.lock", "--extra", "dev", "--constraint", "requirements.lock")
    lock_images()
    _compile("infra/uv.in", "infra/uv.lock")
    texts = [(REPO / name).read_text(encoding="utf-8") for name in ("pyproject.toml", "requirements.lock")]
    (REPO / "conda.yaml").write_text(conda_yaml(*texts), encoding="utf-8")


if __name__ == "__main__":
    main()
