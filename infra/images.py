"""`python -m infra.images NAME`: goes through an image's Dockerfile without an engine, in a folder.

The lock file that the image installs goes into a new environment, the files that it copies beside it, and its
imports and its command's help run there. The base image, `apt-get` and the user are not gone through.
"""

import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

REPO = Path(__file__).parents[1]
FOLDER = REPO / "infra" / "docker"
COPY = re.compile(r"^COPY (?:--\S+ )*(?P<sources>.+) (?P<target>\S+)$", re.MULTILINE)
LOCK = re.compile(r"--requirement (\S+)")
STARTS = {
    "platform": (
        "import penstock.api.app, penstock.jobs.service, monitoring.start, evidently.ui",
        "import infra.production.setup, projects.training, projects.retraining, lightgbm, xgboost",
        "import psycopg, redis, distributed",
    ),
    "serving": (
        "import serving.worker, serving.tracing, serving.gateway, serving.hosting.host, psycopg",
        "import mlflow.pyfunc.scoring_server, mlflow.sklearn, mlflow.lightgbm, mlflow.xgboost",
        "from serving.hosting.host import import_libraries; import_libraries()",
    ),
    "mlflow": ("import mlflow.server.auth.db.utils, mlflow.server.fastapi_app, flask_wtf, boto3, psycopg2",),
}
"""What the processes of each image import when they start."""
COMMANDS = {
    "platform": ("-m", "penstock.jobs", "--help"),
    "serving": ("-m", "serving.model_server", "--help"),
    "mlflow": ("-m", "mlflow", "server", "--help"),
}


def copies(name: str) -> list[tuple[str, str]]:
    """Each source that an image copies, relative to the checkout, and its target, relative to `/app`."""
    text = (FOLDER / f"{name}.Dockerfile").read_text(encoding="utf-8")
    found = []
    for match in COPY.finditer(text):
        sources, target = match["sources"].split(), match["target"]
        found += [
            (each, f"{target}{Path(each).name}" if target.endswith("/") else target) for each in sources
        ]
    return found


def rehearse(name: str, folder: Path) -> None:
    """Go through an image's steps.

    Args:
        name: `platform`, `serving` or `mlflow`.
        folder: An empty one.

    Raises:
        subprocess.CalledProcessError: A step failed.
    """
    app = folder / "app"
    app.mkdir()
    for source, target in copies(name):
        _copy(REPO / source, app / target)
    text = (FOLDER / f"{name}.Dockerfile").read_text(encoding="utf-8")
    lock = LOCK.findall(text)[0]
    _run(app, sys.executable, "-m", "venv", "--without-pip", str(folder / "env"))
    python = folder / "env" / "bin" / "python"
    uv = [str(Path(sys.executable).with_name("uv")), "pip", "install", "--quiet", "--python", str(python)]
    _run(app, *uv, "--no-deps", "--only-binary", ":all:", "--require-hashes", "-r", lock)
    for words in STARTS[name]:
        _run(app, str(python), "-c", words)
    _run(app, str(python), *COMMANDS[name])


def _copy(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    if source.is_dir():
        shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__"))
    else:
        shutil.copy2(source, target)


def _run(folder: Path, *command: str) -> None:
    ours = ("PENSTOCK_", "MLFLOW_", "PYTHONPATH")
    environ = {name: value for name, value in os.environ.items() if not name.startswith(ours)}
    subprocess.run(command, cwd=folder, env=environ, check=True, stdout=subprocess.DEVNULL)


def main(arguments: Sequence[str] | None = None) -> int:
    """Go through one image: 0 if all its steps went well, else 1."""
    parser = argparse.ArgumentParser(prog="python -m infra.images", description=__doc__)
    parser.add_argument("name", choices=sorted(STARTS))
    name = parser.parse_args(arguments).name
    with tempfile.TemporaryDirectory() as folder:
        try:
            rehearse(name, Path(folder))
        except subprocess.CalledProcessError as error:
            print(f"{name}: {' '.join(error.cmd)} ended with {error.returncode}", file=sys.stderr)
            return 1
    print(f"{name}: installed, copied, imported and started")
    return 0


if __name__ == "__main__":
    sys.exit(main())
