"""The gateway at 200 predictions a second, at rest and while one training job of the platform runs.

The load is open: requests are sent at their times. The job runs as all jobs do, at low priority and within
its cores. At rest and beside are measured in turn.
"""

import asyncio
import json
import statistics
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path

from sklearn.datasets import make_classification

from tests.benchmarks import served_models as models
from tests.benchmarks.open_loop import Client, Seen, wait_until_answering
from tests.conftest import pick_free_port, run_mlflow_server
from tests.service.platform_fixtures import SLOWLY_S, Platform, run_platform

PER_S, MOST_RATIO = 200.0, 3.0
ROWS, COLUMNS = 20_000, 30


def main(*, full: bool = False) -> str:
    """Measure in 5 pairs of 20 s with `full`, else in 2 of 8 s."""
    pairs, seconds = (5, 20.0) if full else (2, 8.0)
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        root = Path(folder)
        server = stack.enter_context(run_mlflow_server(root, pick_free_port()))
        fitted = models.breast_cancer()
        models.register(server.uri, fitted)
        platform = stack.enter_context(run_platform(server.uri, root / "var", with_gateway=True))
        dataset = platform.dataset(_file(root), target_column="y")
        address = f"http://127.0.0.1:{platform.gateway.port if platform.gateway else 0}"
        body = models.bodies(fitted)[0].encode()
        wait_until_answering(address, fitted.name, body)
        rest, beside = list[Seen](), list[Seen]()
        for _ in range(pairs):
            rest.append(asyncio.run(Client(address, fitted.name, body).run(PER_S, seconds)))
            job_id = _training(platform, dataset)
            beside.append(asyncio.run(Client(address, fitted.name, body).run(PER_S, seconds)))
            _end(platform, job_id)
    return _table(rest, beside)


def _file(root: Path) -> Path:
    """A table that a tuning has work with for longer than a round."""
    X, y = make_classification(ROWS, COLUMNS, n_informative=12, flip_y=0.1, random_state=0)
    path = root / "table.csv"
    lines = [",".join([*(f"x{at}" for at in range(COLUMNS)), "y"])]
    lines += [
        ",".join([*(f"{value:.4f}" for value in row), f"c{label}"]) for row, label in zip(X, y, strict=True)
    ]
    path.write_text("\n".join(lines) + "\n")
    return path


def _training(platform: Platform, dataset: str) -> str:
    """Begin a search that outlasts the round; gives its job when it fits models."""
    asked = {"dataset_id": dataset, "task_type": "classification", "algorithm": "random_forest"}
    answer = platform.post("/api/ml/models/tune", asked | {"n_trials": 200, "tuning_method": "random_search"})
    if answer.status != 200:
        raise RuntimeError(f"no training was begun: {answer.status} {answer.body!r}")
    job_id = str(answer.json()["job_id"])
    deadline = time.monotonic() + SLOWLY_S
    while (job := platform.get(f"/api/ml/jobs/{job_id}").json())["status"] == "pending" or not job["run_id"]:
        if time.monotonic() > deadline or job["status"] == "failed":
            raise RuntimeError(f"the training did not begin: {json.dumps(job)}")
        time.sleep(0.1)
    return job_id


def _end(platform: Platform, job_id: str) -> None:
    """Cancel it; if it did not last as long as the round, nothing was measured."""
    answer = platform.post(f"/api/ml/jobs/{job_id}/cancel")
    if answer.status != 200:
        raise RuntimeError(f"the training was over before its round: {answer.status} {answer.body!r}")
    platform.wait_for_job(job_id)


def _table(rest: list[Seen], beside: list[Seen]) -> str:
    lines = ["| | at rest ms | beside a training ms | ratio |", "|---|---|---|---|"]
    for name, share in (("p50", 0.5), ("p99", 0.99)):
        found = [[seen.quantile(200, share) for seen in side] for side in (rest, beside)]
        ratio = statistics.median(b / a for a, b in zip(*found, strict=True))
        lines.append(
            f"| {name} | {statistics.median(found[0]):.2f} | {statistics.median(found[1]):.2f} |"
            f" {ratio:.2f} (target {MOST_RATIO:g}) |"
        )
    counts = [dict(sum((seen.counts for seen in side[1:]), side[0].counts)) for side in (rest, beside)]
    late = max(sorted(seen.late_ms)[int(0.99 * len(seen.late_ms))] for seen in [*rest, *beside])
    lines.append(
        f"{PER_S:g} predictions a second; answers {counts[0]} and {counts[1]}; sent {late:.1f} ms late (p99)"
    )
    return "\n".join(lines)
