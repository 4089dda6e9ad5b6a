"""What the prediction log costs: two gateways, one with it and one without, loaded in turn.

One row a request over 16 connections, one worker each, a 90/10 route. A pair of runs gives one ratio, and
which of the two goes first changes from pair to pair, so that a machine that warms or tires favours neither.
"""

import statistics
import tempfile
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

from tests.benchmarks import served_models as models
from tests.benchmarks.gateways import SPLIT, gateway
from tests.benchmarks.open_loop import wait_until_answering
from tests.benchmarks.wrk import Load, load
from tests.conftest import pick_free_port, run_mlflow_server

CONNECTIONS, TARGET = 16, 0.9


def main(*, full: bool = False) -> str:
    """Compare in 15 pairs of runs of 5 s with `full`, else in 7 of 4 s."""
    pairs, seconds = (15, 5) if full else (7, 4)
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        root = Path(folder)
        server = stack.enter_context(run_mlflow_server(root, pick_free_port()))
        fitted = models.breast_cancer()
        models.register(server.uri, fitted, stages=("Production", "Staging"))
        models.route(server.uri, fitted.name, SPLIT)
        requests = models.bodies(fitted)
        bodies = root / "bodies.jsonl"
        bodies.write_text("\n".join(requests), encoding="utf-8")
        path, addresses = f"/models/{fitted.name}/invocations", {}
        for word in ("on", "off"):
            settings = {"log_predictions": word == "on"}
            addresses[word] = stack.enter_context(gateway(server.uri, root / word, **settings))
            wait_until_answering(addresses[word], fitted.name, requests[0].encode())
            load(addresses[word], path, bodies, connections=CONNECTIONS, seconds=2)  # warm
        found: dict[str, list[Load]] = {"on": [], "off": []}
        for pair in range(pairs):
            for word in ("on", "off") if pair % 2 else ("off", "on"):
                one = load(addresses[word], path, bodies, connections=CONNECTIONS, seconds=seconds)
                found[word].append(one)
        return _table(found, seconds)


def _table(found: dict[str, list[Load]], seconds: int) -> str:
    ratios = [
        on.requests_per_s / off.requests_per_s for on, off in zip(found["on"], found["off"], strict=True)
    ]
    middle, spread = statistics.median(ratios), f"{min(ratios):.0%}-{max(ratios):.0%}"
    title = f"{len(ratios)} pairs of runs of {seconds} s, one row a request, {CONNECTIONS} connections"
    return "\n".join(
        [
            f"{title}, one worker",
            *(f"log {word:<4} {_line(found[word])}" for word in ("on", "off")),
            f"with the log {middle:.1%} of the throughput without it ({spread}; target {TARGET:.0%})",
        ]
    )


def _line(runs: Sequence[Load]) -> str:
    speeds = [run.requests_per_s for run in runs]
    p50, p99 = (statistics.median(getattr(run, name) for run in runs) for name in ("p50_ms", "p99_ms"))
    return (
        f"{statistics.median(speeds):8.0f} requests/s ({min(speeds):.0f}-{max(speeds):.0f}), "
        f"p50 {p50:.2f} ms, p99 {p99:.2f} ms, failed {sum(run.failed for run in runs)}"
    )
