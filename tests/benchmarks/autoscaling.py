"""A day's load on model servers that the autoscaler's formula starts and stops, moment by moment."""

import tempfile
from pathlib import Path

from infra.scaling.targets import MODEL_SERVER
from tests.conftest import pick_free_port, run_mlflow_server
from tests.service.gateway_fixtures import BODY
from tests.service.gateway_models import register_slow
from tests.stack.autoscaling import (
    QUICKER,
    SERVICE_S,
    SHORT_DAY_S,
    SHORT_MOST,
    SHORT_PEAK_PER_S,
    Replay,
    days_shape,
    fleet_behind_gateway,
    replay,
)

MODEL = "autoscaled"


def main(*, full: bool = False) -> str:
    """A day in 120 s up to 90 calls a second with `full`, else the test's."""
    short = SHORT_DAY_S, SHORT_PEAK_PER_S, SHORT_MOST
    seconds, peak_per_s, most = (120.0, 90.0, 8) if full else short
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        with run_mlflow_server(root, pick_free_port()) as server:
            register_slow(server.uri, MODEL, seconds=SERVICE_S)
            with fleet_behind_gateway(server.uri, root / "fleet") as (gateway, fleet):
                gateway.wait_until(lambda: gateway.predict(MODEL, BODY).status == 200, 90)
                done = replay(gateway, fleet, MODEL, days_shape(seconds, peak_per_s), most)
    return _table(done, peak_per_s)


def _table(done: Replay, peak_per_s: float) -> str:
    told = f"target {MODEL_SERVER.in_flight:g} in flight a replica; time runs {QUICKER:g} times as fast"
    lines = [
        f"a replica answers {1 / SERVICE_S:.0f} a second; the day's peak is {peak_per_s:g} a second",
        told,
        "   s  in flight  ready  wanted",
    ]
    before = (0, 0)
    for moment in done.moments:
        if (moment.ready, moment.wanted) != before:
            lines.append(f"{moment.at_s:4.0f}  {moment.in_flight:9.1f}  {moment.ready:5}  {moment.wanted:6}")
        before = moment.ready, moment.wanted
    failed = sum(count for status, count in done.statuses.items() if status != 200)
    p50, p99 = (done.seen.quantile(200, share) for share in (0.5, 0.99))
    lines.append(f"{len(done.seen.sent)} requests, {failed} failed; p50 {p50:.0f} ms, p99 {p99:.0f} ms")
    lines.append(f"at most {done.most_ready} replicas, {done.left} at the end")
    return "\n".join(lines)
