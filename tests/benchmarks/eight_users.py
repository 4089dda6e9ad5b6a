"""Eight users, signed in, on one machine: each uploads, trains, compares, deploys and predicts in a loop.

What counts: nobody gets less than half of an equal share of the workers' processor time, and nothing fails
but by limits that are declared (429 and 503, which say when to come again).
"""

import http.client
import json
import random
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.benchmarks.open_loop import Seen
from tests.conftest import pick_free_port
from tests.service.gateway_fixtures import Answer
from tests.service.people_fixtures import basic, run_auth_mlflow
from tests.service.platform_fixtures import Platform, multipart, run_platform

USERS = tuple(f"user{number}" for number in range(8))
SECONDS, FULL_S = 90.0, 600.0
ROWS, PREDICTIONS = 2000, 20
LEAST_SHARE = 0.5
LIMITS = (429, 503)
PAUSE_S, LOOK_S, LEAST_S = 2.0, 0.5, 0.2
CITIES = ("Bonn", "Ulm", "Jena")
ROW = {"age": 41, "income": 40_000.0, "city": "Bonn"}


class Over(Exception):  # noqa: N818 - not an error
    """The time is over."""


@dataclass
class User:
    """One user, in a thread of their own; `errors` holds what no declared limit explains."""

    name: str
    platform: Platform
    table: bytes
    until: float
    seen: Seen = field(default_factory=Seen)
    errors: list[str] = field(default_factory=list)
    limited: int = 0
    loops: int = 0

    def run(self) -> None:
        """Work until the time is over."""
        try:
            while True:
                self._loop()
                self.loops += 1
        except Over:
            return

    def _loop(self) -> None:
        body, kind = multipart(self.table, "table.csv", {"target_column": "churned"})
        uploaded = self._told("POST", "/api/ml/datasets/upload", body, {"Content-Type": kind})
        asked = {"dataset_id": uploaded.get("dataset_id"), "task_type": "classification"}
        if not asked["dataset_id"]:
            return
        job_id = self._told("POST", "/api/ml/models/train", asked | {"algorithm": "logistic"}).get("job_id")
        self._told("POST", "/api/ml/models/compare", asked | {"models": ["logistic", "naive_bayes"], "cv": 3})
        if not job_id or not self._is_trained(job_id):
            return
        version = {"training_job_id": job_id, "model_name": f"of {self.name}", "version": f"1.0.{self.loops}"}
        model_id = self._told("POST", "/api/ml/models/deploy", version).get("model_id")
        for _ in range(PREDICTIONS if model_id else 0):
            began = time.monotonic()
            self._told("POST", "/api/ml/models/predict", {"model_id": model_id, "features": ROW})
            self.seen.took(200, time.monotonic() - began)

    def _is_trained(self, job_id: str) -> bool:
        while True:
            found = self._told("GET", f"/api/ml/models/train/{job_id}")
            if found.get("status") not in ("pending", "running", None):
                break
            time.sleep(LOOK_S)
        if found["status"] != "completed":
            self.errors.append(f"training {found['status']}: {found.get('error')}")
        return bool(found["status"] == "completed")

    def _told(self, method: str, path: str, body: Any = None, headers: Any = None) -> dict[str, Any]:
        """What is answered, past limits that are declared; empty where it is an error, which is noted."""
        while True:
            answer = self._answer(method, path, body, headers)
            if answer is None:
                return {}
            if answer.status not in LIMITS:
                break
            self.limited += 1
            time.sleep(min(PAUSE_S, float(answer.headers.get("retry-after", PAUSE_S))))
        if answer.status < 300:
            return dict(answer.json())
        self._note(f"{method} {path}: {answer.status} {answer.body[:300]!r}")
        return {}

    def _answer(self, method: str, path: str, body: Any, headers: Any) -> Answer | None:
        """What is answered; None where the connection broke, which is noted."""
        left_s = self.until - time.monotonic()
        if left_s < LEAST_S:
            raise Over
        sent = {**basic(self.name), **(headers or {})}
        try:
            return self.platform.call(method, path, body, sent, timeout_s=left_s)
        except (OSError, http.client.HTTPException) as error:
            if time.monotonic() >= self.until - LEAST_S:
                raise Over from error
            self._note(f"{method} {path}: {error!r}")
            return None

    def _note(self, error: str) -> None:
        self.errors.append(error)
        time.sleep(PAUSE_S)


@dataclass(frozen=True)
class Taken:
    """What became of the jobs of all users."""

    done: Counter[str]
    core_s: dict[str, float]
    failed: list[str]


def main(*, full: bool = False) -> str:
    """Let them work for ten minutes with `full`, else for 90 seconds."""
    seconds = FULL_S if full else SECONDS
    with tempfile.TemporaryDirectory() as folder, _platform(Path(folder)) as platform:
        until = time.monotonic() + seconds
        users = [User(name, platform, _table_of(number), until) for number, name in enumerate(USERS)]
        threads = [threading.Thread(target=user.run) for user in users]
        for thread in threads:
            thread.start()
        time.sleep(max(0.0, until - time.monotonic()))
        taken = _taken(platform)
        for thread in threads:
            thread.join()
    return _table(users, taken, seconds)


@contextmanager
def _platform(root: Path) -> Iterator[Platform]:
    """The whole stack with sign-in, every user's first steps in it done."""
    with ExitStack() as stack:
        (root / "mlflow").mkdir()
        server = stack.enter_context(run_auth_mlflow(root / "mlflow", *USERS))
        settings = {"auth": "mlflow", "gateway_auth": "mlflow", "mlflow_admin_file": server.admin_file}
        platform = stack.enter_context(
            run_platform(
                server.uri, root / "var", with_gateway=True, gateway_port=pick_free_port(), **settings
            )
        )
        for name in USERS:
            answer = platform.call("GET", "/api/ml/me", headers=basic(name))
            if answer.status != 200:
                raise RuntimeError(f"{name} cannot sign in: {answer.status} {answer.body!r}")
        yield platform


def _taken(platform: Platform) -> Taken:
    desk = platform.desk()
    found = desk.jobs.listed(most=1000, is_brief=True)
    done, core_s = Counter[str](), dict.fromkeys(USERS, 0.0)
    for job in found:
        done[job.wanted.owner] += job.state == "completed"
        core_s[job.wanted.owner] += job.usage.core_s
    return Taken(
        done, core_s, [f"{job.wanted.entry}: {job.code} {job.why}" for job in found if job.state == "failed"]
    )


def _table_of(seed: int) -> bytes:
    draw = random.Random(seed)
    lines = ["age,income,city,churned"]
    for _ in range(ROWS):
        age, income = draw.randint(18, 90), draw.gauss(40_000, 9000)
        churned = "yes" if age + draw.gauss(0, 20) > 55 else "no"
        lines.append(f"{age},{income:.2f},{draw.choice(CITIES)},{churned}")
    return ("\n".join(lines) + "\n").encode()


def _table(users: list[User], taken: Taken, seconds: float) -> str:
    equal_s = sum(taken.core_s.values()) / len(users)
    lines = [
        f"{len(users)} users for {seconds:.0f} s",
        "| user | jobs done | core-seconds | of equal share | limited | errors | predict p50 ms | p99 ms |",
        "|---|---|---|---|---|---|---|---|",
    ]
    shares = []
    for user in users:
        shares.append(taken.core_s[user.name] / equal_s if equal_s else 0.0)
        latencies = [f"{user.seen.quantile(200, share):.1f}" for share in (0.5, 0.99)]
        lines.append(
            f"| {user.name} | {taken.done[user.name]} | {taken.core_s[user.name]:.1f} | {shares[-1]:.2f} | "
            f"{user.limited} | {len(user.errors)} | {' | '.join(latencies)} |"
        )
    errors = [error for user in users for error in user.errors] + taken.failed
    whole = Seen({200: [spent for user in users for spent in user.seen.answers.get(200, [])]})
    lines += [
        f"{taken.done.total()} jobs done, {len(errors)} errors (target 0)",
        f"least share {min(shares):.2f} (target {LEAST_SHARE:g})",
        f"predict p50 {whole.quantile(200, 0.5):.1f} ms, p99 {whole.quantile(200, 0.99):.1f} ms",
        *(json.dumps(error) for error in errors[:10]),
    ]
    return "\n".join(lines)
