"""Where an export runs itself: without Penstock, with the packages of its requirements.txt alone."""

import importlib.metadata
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from projects.export.needs import with_dependencies

Kind = Literal["isolated", "venv"]
KINDS: tuple[Kind, ...] = ("isolated", "venv")
ABSENT = ("projects", "serving", "monitoring", "penstock", "mlflow")
INSTALL_SECONDS, RUN_SECONDS = 600, 1800
START = """
import runpy, sys
from importlib.util import find_spec
sys.path[:0] = {paths!r}
there = [name for name in {absent!r} if find_spec(name) is not None]
if there:
    sys.exit("this environment is not clean: it has " + ", ".join(there))
sys.argv = {words!r}
sys.dont_write_bytecode = True
runpy.run_path(sys.argv[0], run_name="__main__")
"""


class Failed(Exception):  # noqa: N818 - a finding, told as a sentence
    """The code of an export did not run; the message is the end of what it printed."""


@dataclass(frozen=True)
class Environment:
    """A Python that has what an export names, and neither Penstock nor MLflow.

    Attributes:
        kind: How it was made.
        python: Its interpreter.
        paths: Folders before the standard library in its path.
        said: What it is, as a sentence's part.
    """

    kind: Kind
    python: str
    paths: tuple[str, ...]
    said: str

    def run(self, folder: Path, *words: str) -> str:
        """Run a script of a folder; return what it printed.

        Raises:
            Failed: It ended with an error or took more than half an hour.
        """
        start = START.format(paths=[str(folder), *self.paths], absent=ABSENT, words=list(words))
        flags = ["-I", "-S"] if self.kind == "isolated" else ["-I"]
        try:
            done = subprocess.run(
                [self.python, *flags, "-W", "ignore", "-c", start],
                cwd=folder, env=_environ(), capture_output=True, text=True, timeout=RUN_SECONDS, check=False,
            )  # fmt: skip
        except subprocess.TimeoutExpired as error:
            raise Failed(f"{Path(words[0]).name} took more than {RUN_SECONDS} s") from error
        if done.returncode:
            raise Failed(f"{Path(words[0]).name}: {_end(done.stderr or done.stdout)}")
        return done.stdout


@contextmanager
def environment_of(kind: Kind, requirements: Sequence[str]) -> Iterator[Environment]:
    """Make an environment for a while.

    Args:
        kind: `isolated` shares this machine's installed packages, those that are named and what they need;
            `venv` installs them anew from the package index.
        requirements: Pinned lines.

    Raises:
        Failed: The packages cannot be installed.
    """
    with tempfile.TemporaryDirectory(prefix="penstock-export-") as folder:
        yield _venv(Path(folder), requirements) if kind == "venv" else _isolated(Path(folder), requirements)


def _isolated(folder: Path, requirements: Sequence[str]) -> Environment:
    for name in with_dependencies(requirements):
        found = importlib.metadata.distribution(name)
        root = Path(str(found.locate_file("")))
        for top in {place.parts[0] for place in found.files or ()} - {"..", "."}:
            if not (folder / top).exists() and (root / top).exists():
                (folder / top).symlink_to(root / top)
    said = f"an isolated Python {sys.version.split()[0]} with the packages of requirements.txt alone"
    return Environment("isolated", sys.executable, (str(folder),), said)


def _venv(folder: Path, requirements: Sequence[str]) -> Environment:
    started = time.monotonic()
    file = folder / "requirements.txt"
    file.write_text("\n".join(requirements) + "\n", encoding="utf-8")
    python = folder / "venv" / "bin" / "python"
    for command in (
        [sys.executable, "-m", "venv", str(folder / "venv")],
        [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "-r", str(file)],
    ):
        try:
            done = subprocess.run(
                command, capture_output=True, text=True, timeout=INSTALL_SECONDS, check=False, env=_environ()
            )
        except subprocess.TimeoutExpired as error:
            raise Failed(f"installing the packages took more than {INSTALL_SECONDS} s") from error
        if done.returncode:
            raise Failed(f"the packages cannot be installed: {_end(done.stderr)}")
    took = time.monotonic() - started
    return Environment("venv", str(python), (), f"a new virtual environment, made in {took:.0f} s")


def _environ() -> dict[str, str]:
    """Hand on what finds packages and folders, and nothing of Python's, of Penstock's or secret."""
    kept = (
        "PATH",
        "HOME",
        "TMPDIR",
        "LANG",
        "SSL_CERT_FILE",
        "PIP_",
        "HTTP_PROXY",
        "HTTPS_PROXY",
        "NO_PROXY",
    )
    return {name: value for name, value in os.environ.items() if name.upper().startswith(kept)}


def _end(text: str) -> str:
    lines = [line for line in text.strip().splitlines() if line.strip()]
    return " ".join(lines[-2:])[:600] or "it printed nothing"
