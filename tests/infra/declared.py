"""Which metrics the packages declare, by their source."""

import re
from pathlib import Path

REPO = Path(__file__).parents[2]
FILES = (
    "serving/metrics.py", "serving/processes.py", "monitoring/metrics.py", "penstock/metrics.py",
    "penstock/jobs/meters.py",
)  # fmt: skip


def declared_metrics() -> set[str]:
    """The names of all metrics, with the series that a histogram makes."""
    found = (re.findall(r'"(penstock_\w+)"', (REPO / path).read_text()) for path in FILES)
    names = {name for declared in found for name in declared}
    return names | {f"{name}_{part}" for name in names for part in ("bucket", "count", "sum")}
