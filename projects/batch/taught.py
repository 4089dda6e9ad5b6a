"""What every worker of a cluster holds while a batch goes on: the version, loaded once, and what is wanted.

The version's files travel with it, so that a worker needs neither the registry nor its passwords. A worker
that comes later, or again, is taught the same by the scheduler.
"""

import io
import os
import shutil
import tarfile
import tempfile
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from distributed import WorkerPlugin

from projects.batch.conversion import Converter
from projects.batch.formats import AS_WRITTEN, FORMATS
from projects.batch.one import Maker
from projects.ingest.convert import Conversion
from projects.scorer import PlanScorer, Scorer, Version

if TYPE_CHECKING:
    from distributed import Worker


@dataclass(frozen=True)
class Lesson:
    """What is wanted of all workers.

    Attributes:
        name: The registered model.
        number: The version.
        files: Its folder, packed; of a version with a plan the plan's alone.
        plan_sha256: The plan's digest; empty where the version answers by its pyfunc.
        names: The columns of the rows, in order.
        kept: Those that the output has too.
        conversions: How training read the model's columns.
        suffix: The output's.
    """

    name: str
    number: str
    files: bytes
    plan_sha256: str
    names: tuple[str, ...]
    kept: tuple[str, ...]
    conversions: Mapping[str, Conversion]
    suffix: str


def packed(folder: Path) -> bytes:
    """Pack a folder."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        archive.add(folder, arcname=".")
    return out.getvalue()


class Taught(WorkerPlugin):  # type: ignore[misc]  # Dask's classes have no types
    """A lesson on a worker.

    Args:
        lesson: What is wanted.
    """

    def __init__(self, lesson: Lesson) -> None:
        self.lesson = lesson

    def setup(self, worker: "Worker") -> None:
        """Find where this worker may write; nothing is loaded before it is needed."""
        self._folder = Path(tempfile.mkdtemp(dir=worker.local_directory, prefix="version-"))
        self._lock = threading.Lock()
        self._maker: Maker | None = None

    def teardown(self, worker: "Worker") -> None:
        """Forget the version."""
        del worker
        shutil.rmtree(self._folder, ignore_errors=True)

    def maker(self) -> Maker:
        """Give what answers batches; the first call loads the version."""
        with self._lock:
            if self._maker is None:
                self._maker = self._made()
            return self._maker

    def _made(self) -> Maker:
        lesson = self.lesson
        with tarfile.open(fileobj=io.BytesIO(lesson.files)) as archive:
            archive.extractall(self._folder, filter="data")
        version = Version(lesson.name, lesson.number, self._scorer(), "")
        converter = Converter(lesson.conversions)
        # Encoding writes nothing; only the file's beginning would, and that is written where the output is.
        sink = FORMATS[lesson.suffix](Path(os.devnull), ())
        typing = None if lesson.suffix in AS_WRITTEN else converter
        return Maker(version, lesson.kept, converter, typing, sink)

    def _scorer(self) -> Scorer:
        if self.lesson.plan_sha256:
            from serving.plan.load import load_plan

            return PlanScorer(load_plan(self._folder, sha256=self.lesson.plan_sha256))
        from projects.version import load_pyfunc

        return load_pyfunc(self._folder, f"version {self.lesson.number} of '{self.lesson.name}'")
