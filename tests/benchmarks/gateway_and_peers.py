"""The gateway beside other model servers: the same models, rows and one worker each, in turn in one run.

The gateway has its prediction log, metrics and a 90/10 route on, as `make run` has them.
"""

import json
import statistics
import tempfile
import time
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from mlflow.artifacts import download_artifacts

from serving.plan.load import load_plan
from serving.protocol.typed import TypedParser
from tests.benchmarks import served_models as models
from tests.benchmarks.gateways import SPLIT, gateway
from tests.benchmarks.peers import Target, bare_app, bentoml, mlflow_serve, mlserver
from tests.benchmarks.wrk import Load, load
from tests.conftest import pick_free_port, run_mlflow_server

SECONDS = 4
OURS = "penstock"


@dataclass(frozen=True)
class Case:
    """One comparison: who is asked what over how many connections."""

    title: str
    targets: tuple[Target, ...]
    connections: tuple[int, ...]


def main(*, full: bool = False) -> str:
    """Compare on one row and on 100 rows; with `full` also Telco, a forest, a text model and 600 columns."""
    rounds = 5 if full else 3
    makers = [models.breast_cancer, models.telco]
    if full:
        makers += [models.big_forest, models.text, models.wide]
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        root = Path(folder)
        server = stack.enter_context(run_mlflow_server(root, pick_free_port()))
        made = [make() for make in makers]
        for fitted in made:
            models.register(server.uri, fitted, stages=("Production", "Staging"))
            models.route(server.uri, fitted.name, SPLIT)
        address = stack.enter_context(gateway(server.uri, root))
        parts = [_one_row(server.uri, made[0], address, root, rounds)]
        parts.append(_beside_mlflow(server.uri, made[0], address, root, rounds, rows=100))
        parts += [_beside_mlflow(server.uri, fitted, address, root, rounds) for fitted in made[1:]]
        parts.append(_encoding(server.uri, models.wide() if not full else made[-1], root, register=not full))
        return "\n\n".join(parts)


def _one_row(uri: str, fitted: models.Fitted, address: str, root: Path, rounds: int) -> str:
    plan = Path(download_artifacts(f"models:/{fitted.name}/1/plan", dst_path=str(root), tracking_uri=uri))
    booster = next(plan.glob("*lightgbm*"))
    rows = fitted.rows.astype(float).to_numpy().tolist()[:256]
    bodies = _written(root / "one.jsonl", models.bodies(fitted))
    with ExitStack() as stack:
        entered = (
            stack.enter_context(mlflow_serve(uri, fitted.name, root, bodies)),
            stack.enter_context(mlserver(booster, rows, root)),
            stack.enter_context(bentoml(booster, rows, root)),
            stack.enter_context(bare_app(plan, root, bodies)),
            Target(OURS, address, f"/models/{fitted.name}/invocations", bodies),
        )
        targets = tuple(target for target in entered if target is not None)
        title = f"{fitted.name}: {len(fitted.rows.columns)} columns, LightGBM, 200 trees, one row a request"
        return _measured(Case(title, targets, (1, 16)), rounds)


def _beside_mlflow(
    uri: str, fitted: models.Fitted, address: str, root: Path, rounds: int, *, rows: int = 1
) -> str:
    bodies = _written(root / f"{fitted.name}-{rows}.jsonl", models.bodies(fitted, rows=rows))
    with mlflow_serve(uri, fitted.name, root, bodies) as peer:
        ours = Target(OURS, address, f"/models/{fitted.name}/invocations", bodies)
        count = f"{rows} rows" if rows > 1 else "one row"
        title = f"{fitted.name}: {len(fitted.rows.columns)} columns, {count} a request"
        return _measured(Case(title, (peer, ours), (1, 16)), rounds)


def _measured(case: Case, rounds: int) -> str:
    found: dict[tuple[int, str], list[Load]] = {}
    for target in case.targets:
        load(target.url, target.path, target.bodies, connections=1, seconds=2)  # warm
    for _ in range(rounds):
        for connections in case.connections:
            for target in case.targets:
                one = load(target.url, target.path, target.bodies, connections=connections, seconds=SECONDS)
                found.setdefault((connections, target.name), []).append(one)
    return _table(case, found, rounds)


def _table(case: Case, found: dict[tuple[int, str], list[Load]], rounds: int) -> str:
    head = (
        f"{'':<32}{'connections':>12}{'requests/s':>12}{'spread':>16}{'p50 ms':>9}{'p99 ms':>9}{'failed':>8}"
    )
    lines = [
        f"{case.title}; one worker, medians of {rounds} rounds of {SECONDS} s",
        head + f"{'penstock is':>13}",
    ]
    for connections in case.connections:
        ours = _speed(found[connections, OURS])
        for target in case.targets:
            runs = found[connections, target.name]
            speeds = [run.requests_per_s for run in runs]
            times = "" if target.name == OURS else f"{ours / _speed(runs):.1f} times"
            lines.append(
                f"{target.name:<32}{connections:>12}{_speed(runs):>12.0f}"
                f"{f'{min(speeds):.0f}-{max(speeds):.0f}':>16}{_median(runs, 'p50_ms'):>9.2f}"
                f"{_median(runs, 'p99_ms'):>9.2f}{sum(run.failed for run in runs):>8}{times:>13}"
            )
    return "\n".join(lines)


def _encoding(uri: str, fitted: models.Fitted, root: Path, *, register: bool) -> str:
    """Parsing, checking and encoding one row of many columns, in this process."""
    if register:
        models.register(uri, fitted)
    folder = download_artifacts(f"models:/{fitted.name}/1/plan", dst_path=str(root / "w"), tracking_uri=uri)
    plan = load_plan(Path(folder))
    parser = TypedParser(tuple((column.name, column.type) for column in plan.columns))
    bodies = [body.encode() for body in models.bodies(fitted)]
    spent = []
    for body in bodies * 4:
        started = time.perf_counter()
        request = parser.parse(body)
        if request is None:
            raise RuntimeError("a plain body was not parsed")
        plan.score(request.rows)
        spent.append((time.perf_counter() - started) * 1e3)
    size = len(json.loads(bodies[0])["dataframe_records"][0])
    return f"{size} columns, one row: parsing, checks, encoding and scoring {statistics.median(spent):.3f} ms"


def _written(path: Path, bodies: Sequence[str]) -> Path:
    path.write_text("\n".join(bodies), encoding="utf-8")
    return path


def _speed(runs: Sequence[Load]) -> float:
    return statistics.median(run.requests_per_s for run in runs)


def _median(runs: Sequence[Load], name: str) -> float:
    return float(statistics.median(getattr(run, name) for run in runs))
