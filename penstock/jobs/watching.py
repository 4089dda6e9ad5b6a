"""A running job, looked at several times a second: what it takes against what it may."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from penstock.jobs import course, folders, launch, said
from penstock.jobs.course import Course
from penstock.jobs.job import Job, Limits, Usage
from penstock.jobs.keeping import Note
from penstock.jobs.tree import Sample, Tree
from penstock.jobs.verdict import DISK_LIMIT, OUT_OF_MEMORY, TIME_LIMIT, Ending

LOOK_S = 0.25
CALM = 20.0
"""A look that takes long (memory is counted page by page) is followed by a pause this many times as long."""
SLOWEST_LOOK_S = 1.0
TOLD_S = 1.0
"""How often progress is read and the job's process told that it is watched over."""
DISK_S = 5.0
GIB = 1024**3


@dataclass
class Watch:
    """Looks at one running job; one thread uses it.

    Args:
        job: The job, as it was started.
        limits: What it may take.
        folder: Its folder.
        tree: Its processes.
        before: What earlier starts took.
        now: Seconds since 1970.
    """

    job: Job
    limits: Limits
    folder: Path
    tree: Tree
    before: Usage
    now: Callable[[], float]
    pause_s: float = LOOK_S
    _peak: int = 0
    _core_s: float = 0.0
    _disk: int = 0
    _course: Course = field(default_factory=Course)
    _told_at: float = float("-inf")
    _disk_at: float = float("-inf")

    def look(self) -> Ending | None:
        """Look at it once; why it must be ended, or None.

        Raises:
            OSError: Its folder cannot be used.
        """
        began = time.monotonic()
        sample = self.tree.sample()
        self._peak, self._core_s = max(self._peak, sample.memory_bytes), max(self._core_s, sample.core_s)
        if began - self._told_at >= TOLD_S:
            self._told_at = began
            folders.watch(self.folder)
            self._course = course.read(said.last(self.folder), self._course)
        if began - self._disk_at >= DISK_S:
            self._disk_at = began
            self._disk = folders.size(self.folder)
        took = time.monotonic() - began
        self.pause_s = min(max(LOOK_S, CALM * took), SLOWEST_LOOK_S)
        return self._too_much(sample)

    def note(self) -> Note:
        """What is known of it now."""
        return Note(
            run_id=str(launch.read(self.folder, launch.RUN).get("run_id", "")),
            progress=self._course.as_data(),
            usage=self.usage(),
        )

    def usage(self) -> Usage:
        """What it took until now, all its starts together."""
        taken = self.taken()
        return Usage(
            core_s=self.before.core_s + taken.core_s,
            peak_bytes=max(self.before.peak_bytes, taken.peak_bytes),
            disk_bytes=taken.disk_bytes,
            wall_s=self.before.wall_s + taken.wall_s,
        )

    def taken(self) -> Usage:
        """What this start took until now; its process itself counted most exactly, if it could."""
        told = launch.read(self.folder, launch.ENDED).get("core_s", 0.0)
        wall_s = max(0.0, self.now() - self.job.started_s)
        return Usage(max(self._core_s, float(told)), self._peak, self._disk, wall_s)

    def figures(self) -> str:
        """What it took of memory and what it may, for a sentence."""
        return f"{_gib(self._peak)} at the last look, of {_gib(self.limits.memory_bytes)} that it may take"

    def _too_much(self, sample: Sample) -> Ending | None:
        limits, wall_s = self.limits, self.now() - self.job.started_s
        if sample.memory_bytes > limits.memory_bytes > 0:
            return Ending(
                OUT_OF_MEMORY,
                f"its processes took {_gib(sample.memory_bytes)} of memory and may take"
                f" {_gib(limits.memory_bytes)}; take fewer rows (sample_size) or columns, or ask for a higher"
                " limit",
            )
        if wall_s > limits.time_s > 0:
            return Ending(
                TIME_LIMIT,
                f"it ran for {wall_s:,.0f} s and may run for {limits.time_s:,.0f} s; take fewer rows"
                " (sample_size), fewer candidates or trials, or ask for a higher limit",
            )
        if self._disk > limits.disk_bytes > 0:
            return Ending(
                DISK_LIMIT,
                f"it wrote {_gib(self._disk)} into its folder and may write {_gib(limits.disk_bytes)}; take"
                " fewer rows (sample_size), or ask for a higher limit",
            )
        return None


def _gib(size: int) -> str:
    return f"{size / GIB:.2f} GiB"
