"""What the platform API costs a prediction: the gateway directly and through the API, in turn.

Both are asked for the same rows of the same version with probabilities; the gateway by the version's own
route, the API by its id. The API adds who asks, their rights, the one form of answers and a connection.
"""

import json
import statistics
import tempfile
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

from penstock.services.identity import model_id
from tests.benchmarks import served_models as models
from tests.benchmarks.wrk import Load, load
from tests.conftest import pick_free_port, run_mlflow_server
from tests.service.platform_fixtures import Platform, run_platform

TARGET_MS = 1.5
CONNECTIONS = (1, 8)
PREDICT = "/api/ml/models/predict"


def main(*, full: bool = False) -> str:
    """Compare in 11 pairs of runs of 10 s with `full`, else in 5 of 4 s, at one and at eight connections."""
    pairs, seconds = (11, 10) if full else (5, 4)
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        root = Path(folder)
        server = stack.enter_context(run_mlflow_server(root, pick_free_port()))
        fitted = models.breast_cancer()
        models.register(server.uri, fitted)
        platform = stack.enter_context(
            run_platform(server.uri, root / "var", with_jobs=False, with_gateway=True)
        )
        called = model_id(fitted.name, "1")
        sides = _sides(platform, called, models.bodies(fitted), root)
        found: dict[tuple[str, int], list[Load]] = {}
        for connections in CONNECTIONS:
            for pair in range(pairs):
                for side in list(sides) if pair % 2 else list(sides)[::-1]:
                    url, path, bodies = sides[side]
                    run = load(url, path, bodies, connections=connections, seconds=seconds)
                    found.setdefault((side, connections), []).append(run)
        return _table(found)


def _sides(
    platform: Platform, called: str, requests: Sequence[str], root: Path
) -> dict[str, tuple[str, str, Path]]:
    """Where each side is asked, and its bodies; both have answered once."""
    rows = [json.loads(each)["dataframe_records"] for each in requests]
    asked = {
        "gateway": [{"dataframe_records": row, "params": {"probabilities": True}} for row in rows],
        "API": [{"model_id": called, "features": row[0], "user_id": "bench"} for row in rows],
    }
    files = {}
    for side, bodies in asked.items():
        files[side] = root / f"{side}.jsonl"
        files[side].write_text("\n".join(map(json.dumps, bodies)), encoding="utf-8")
    first = platform.post(PREDICT, asked["API"][0])
    assert first.status == 200, first.body
    gateway = f"http://127.0.0.1:{platform.gateway.port if platform.gateway else 0}"
    return {
        "gateway": (gateway, f"/models/{called}/invocations", files["gateway"]),
        "API": (platform.url, PREDICT, files["API"]),
    }


def _table(found: dict[tuple[str, int], list[Load]]) -> str:
    lines = [
        "| connections | gateway p50 ms | API p50 ms | API adds ms | gateway req/s | API req/s | failed |",
        "|---|---|---|---|---|---|---|",
    ]
    for connections in CONNECTIONS:
        direct, through = (found[side, connections] for side in ("gateway", "API"))
        added = [b.p50_ms - a.p50_ms for a, b in zip(direct, through, strict=True)]
        medians = [statistics.median(run.p50_ms for run in runs) for runs in (direct, through)]
        rates = [statistics.median(run.requests_per_s for run in runs) for runs in (direct, through)]
        failed = sum(run.failed for run in (*direct, *through))
        lines.append(
            f"| {connections} | {medians[0]:.2f} | {medians[1]:.2f} | {statistics.median(added):.2f} "
            f"(target {TARGET_MS:g}) | {rates[0]:,.0f} | {rates[1]:,.0f} | {failed} |"
        )
    return "\n".join(lines)
