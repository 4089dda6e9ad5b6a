"""A last fit in a process of its own, which tells how much memory it took above its imports.

    python -m tests.service.bounded_fit FOLDER CANDIDATE

`FOLDER` holds `rows.parquet`, whose target is `outcome`.
"""

import sys
from pathlib import Path

from projects.beyond_memory.chunks import LearnedRows
from projects.beyond_memory.last_fit import LastFit
from projects.growth import learnable
from projects.problem import read_problem
from projects.requirement.read import read_requirement
from projects.rows import read_rows
from tests.unit.projects.beyond_memory.streamed_fixtures import fitted

MEMORY = "20MB"


def resident(which: str) -> int:
    """This process's memory in bytes: `VmRSS` is what it has, `VmHWM` its most since it was last asked."""
    for line in Path("/proc/self/status").read_text(encoding="utf-8").splitlines():
        if line.startswith(which):
            return int(line.split()[1]) * 1024
    raise ValueError(which)


def main(folder: Path, name: str) -> None:
    """Fit; print the bytes above the imports: before the last fit, and at its peak."""
    import lightgbm  # noqa: F401
    import pyarrow.parquet  # noqa: F401
    import xgboost  # noqa: F401

    imports = resident("VmRSS")
    asked = {"data": str(folder / "rows.parquet"), "target": "outcome", "sample_size": "full"}
    asked |= {"set": f"sampling.memory={MEMORY}"}
    table = read_rows(read_requirement(parameters=asked), folder / "work", lambda _line: None)
    problem = read_problem(table)
    pipeline = fitted(problem, name, n_estimators=10)
    rows = LearnedRows(problem, table, learnable(problem, table))
    Path("/proc/self/clear_refs").write_text("5", encoding="utf-8")
    before = resident("VmRSS")
    LastFit(rows, pipeline, folder / name, 20_000_000, lambda _line: None).run()
    sys.stdout.write(f"{before - imports} {resident('VmHWM') - imports} {len(problem.learned)}\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])
