"""Who takes part in the chaos: callers that mean well, callers that do not, and what befalls the gateway.

Each actor is a thread with a random generator of its own, so that a seed gives every actor the same script.
All that they see goes into one ledger.
"""

import gzip
import http.client
import json
import os
import signal
import socket
import struct
import threading
import time
from collections import Counter, deque
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from random import Random
from typing import Any
from uuid import UUID

from mlflow import MlflowClient

from tests.conftest import run_mlflow_server
from tests.service import foreign_models as foreign
from tests.service.gateway_fixtures import JSON, Answer, Gateway, read_answer
from tests.service.gateway_models import register

STEADY, MOVED, PYFUNC, GUARDED = "chaos-steady", "chaos-moved", "chaos-pyfunc", "chaos-guarded"
"""Good models: a plan, a plan whose stages and routes change, a pyfunc, a plan whose challenger crashes."""
GOOD = (STEADY, MOVED, PYFUNC, GUARDED)
SLOW, MOODS = "chaos-slow", ("chaos-moody-1", "chaos-moody-2", "chaos-moody-3")
BAD = (SLOW, *MOODS)
TIME_LIMIT_S = 5.0
LOADING_S = 30.0
"""For how long a worker's start may be felt, on a machine that is loaded."""

WELL = frozenset({200, 429})
TROUBLED = frozenset({200, 429, 503, 504})
NO_FAULT_OF_OURS = frozenset({200, 400, 404, 405, 413, 415, 429, 431})


def split(champion: int, **challenger: object) -> str:
    """A route's tag: the version in Production has so many percent, the challenger the others."""
    variants: dict[str, object] = {"champion": {"stage": "Production", "weight": champion}}
    if challenger:
        variants["challenger"] = challenger | {"weight": 100 - champion}
    return json.dumps({"variants": variants})


ROUTES = (
    split(100),
    split(50, stage="Staging"),
    split(90, version="1"),
    json.dumps(json.loads(split(80, stage="Staging")) | {"shadow": [{"version": "2"}]}),
)
BAD_ROUTES = (
    "{",
    "[]",
    split(100, stage="Production")[:-1],
    json.dumps({"variants": {"champion": {"stage": "Production", "weight": 30}}}),
    split(50, stage="Nowhere"),
    json.dumps({"variants": {}}),
)


@dataclass(frozen=True)
class Request:
    """What is sent."""

    path: str
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=lambda: JSON)
    rows: int | None = 1
    """How many predictions a 200 must bring; None where the body leaves that open."""
    method: str = "POST"

    def raw(self) -> bytes:
        """The request as bytes."""
        lines = [f"{self.method} {self.path} HTTP/1.1", "Host: gateway", f"Content-Length: {len(self.body)}"]
        lines += [f"{name}: {value}" for name, value in self.headers.items()]
        return "\r\n".join([*lines, "", ""]).encode("latin-1") + self.body


@dataclass
class Ledger:
    """What all actors saw; the interpreter's lock is enough for its single steps.

    Attributes:
        mix: How often what happened.
        answered: The rows of each answered prediction, by its id.
        newest: The last of them, with their rows.
        labels: The label that was accepted for a prediction's id.
        faults: What must not happen.
        kills_s: When workers were killed: a moment before and a moment after each.
        reloads_s: When all workers were told to make room for new ones.
    """

    seed: int
    mix: Counter[str] = field(default_factory=Counter)
    answered: dict[str, int] = field(default_factory=dict)
    newest: deque[tuple[str, int]] = field(default_factory=lambda: deque(maxlen=500))
    labels: dict[str, str] = field(default_factory=dict)
    faults: list[str] = field(default_factory=list)
    kills_s: list[float] = field(default_factory=list)
    reloads_s: list[float] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def note(self, what: str) -> None:
        with self._lock:
            self.mix[what] += 1

    def report(self) -> str:
        lines = [
            f"CHAOS_SEED={self.seed}",
            *(f"{count:7} {what}" for what, count in sorted(self.mix.items())),
        ]
        return "\n".join([*lines, f"{len(self.faults)} faults", *self.faults[:30]])


class Registry:
    """An MLflow server that can go away and come back at the same place."""

    def __init__(self, root: Path, port: int) -> None:
        self._root, self._port = root, port
        self._server: run_mlflow_server | None = None
        self.uri = f"http://127.0.0.1:{port}"

    def start(self) -> None:
        self._server = run_mlflow_server(self._root, self._port)
        self._server.__enter__()

    def stop(self) -> None:
        if self._server is not None:
            self._server.__exit__()
            self._server = None


@dataclass(frozen=True)
class Scene:
    """All that the actors act on."""

    gateway: Gateway
    registry: Registry
    ledger: Ledger
    curtain: threading.Event = field(default_factory=threading.Event)
    """Set when everybody must stop."""

    def random(self, actor: str) -> Random:
        return Random(f"{self.ledger.seed} {actor}")


def register_models(uri: str) -> None:
    """Register all models that the actors call."""
    client = MlflowClient(uri)
    for name, labels in ((STEADY, ["yes"]), (MOVED, ["yes", "maybe"]), (GUARDED, ["yes"])):
        versions = [register(uri, name, label=label) for label in labels]
        for version, stage in zip(versions, ("Production", "Staging"), strict=False):
            client.transition_model_version_stage(name, version, stage)

    def calm(model_input):
        return ["well"] * len(model_input)

    def dawdling(model_input):
        import time

        time.sleep(float(model_input["length"].iloc[0]))
        return ["slow"] * len(model_input)

    foreign.register_pyfunc(uri, PYFUNC, calm)
    foreign.register_pyfunc(uri, SLOW, dawdling)
    for name in MOODS:
        foreign.register_moody(uri, name)
    client.set_registered_model_tag(GUARDED, "penstock.route", split(50, model=MOODS[0], version="1"))


# What callers that mean well send.


def rows(random: Random, count: int) -> list[list[float]]:
    return [[round(random.gauss(0, 2), 3), round(random.gauss(0, 2), 3)] for _ in range(count)]


def records(model: str, values: list[list[float]]) -> Request:
    body = {"dataframe_records": [dict(zip(("length", "width"), row, strict=True)) for row in values]}
    return Request(f"/models/{model}/invocations", json.dumps(body).encode(), rows=len(values))


def one_row(random: Random, model: str) -> Request:
    return records(model, rows(random, 1))


def batch(random: Random, model: str) -> Request:
    values = rows(random, random.choice((2, 5, 40, 400)))
    body = json.dumps({"dataframe_split": {"columns": ["length", "width"], "data": values}}).encode()
    return Request(f"/models/{model}/invocations", body, rows=len(values))


def csv(random: Random, model: str) -> Request:
    values = rows(random, 3)
    body = "\n".join(["length,width", *(f"{length},{width}" for length, width in values)]).encode()
    return Request(f"/models/{model}/invocations", body, {"Content-Type": "text/csv"}, rows=len(values))


def v2(random: Random, model: str) -> Request:
    values = rows(random, random.choice((1, 3, 30)))
    tensors = [
        {"name": name, "shape": [len(values)], "datatype": "FP64", "data": [row[at] for row in values]}
        for at, name in enumerate(("length", "width"))
    ]
    return Request(f"/v2/models/{model}/infer", json.dumps({"inputs": tensors}).encode(), rows=len(values))


def packed(random: Random, model: str) -> Request:
    plain = random.choice((one_row, batch, v2))(random, model)
    coding = {"Content-Encoding": "gzip", "Accept-Encoding": "gzip"}
    return replace(plain, body=gzip.compress(plain.body), headers={**plain.headers, **coding})


GOOD_REQUESTS = (one_row, one_row, one_row, batch, csv, v2, packed)


# What callers that do not mean well send.


def bad(random: Random) -> Request:
    """A good request with something wrong, or something wrong altogether."""
    good = random.choice((one_row, v2, packed))(random, random.choice((STEADY, PYFUNC, MOVED)))
    return random.choice(WRONGS)(random, replace(good, rows=None))


def _cut(random: Random, good: Request) -> Request:
    return replace(good, body=good.body[: random.randrange(len(good.body))])


def _flipped(random: Random, good: Request) -> Request:
    body = bytearray(good.body)
    for _ in range(random.randint(1, 6)):
        body[random.randrange(len(body))] = random.randrange(256)
    return replace(good, body=bytes(body))


def _noise(random: Random, good: Request) -> Request:
    return replace(good, body=random.randbytes(random.choice((0, 1, 100, 20_000))))


def _other_json(random: Random, good: Request) -> Request:
    values = (None, [], {}, 7, "x", {"dataframe_records": []}, {"dataframe_records": [{}]}, {"inputs": 1},
              {"dataframe_records": [{"length": "x", "width": [1]}]}, {"instances": [{"length": 1e400}]},
              {"dataframe_split": {"columns": ["length"], "data": [[1], [2, 3]]}}, {"inputs": [{}]},
              {"inputs": [{"name": "length", "shape": [9], "datatype": "FP64", "data": [1]}]})  # fmt: skip
    return replace(good, body=json.dumps(random.choice(values)).encode(), headers=JSON)


def _deep(random: Random, good: Request) -> Request:
    depth = random.choice((70, 5_000, 200_000))
    return replace(good, body=b'{"dataframe_records":' + b"[" * depth, headers=JSON)


def _long(random: Random, good: Request) -> Request:
    return replace(good, body=b"[" + b"1," * random.choice((600_000, 2_000_000)), headers=JSON)


def _bomb(random: Random, good: Request) -> Request:
    body = gzip.compress(bytes(random.choice((3, 30)) * 2**20))
    return replace(good, body=body, headers={**JSON, "Content-Encoding": "gzip"})


def _named_wrong(random: Random, good: Request) -> Request:
    headers = (
        {"Content-Type": "application/x-nothing"},
        {**JSON, "Content-Encoding": random.choice(("br", "gzip", "deflate"))},
        {**JSON, "Inference-Header-Content-Length": random.choice(("x", "7", "99999999999"))},
        {**JSON, "X-Request-Id": "\xff" * 300, "X-User-Id": "u" * 5_000},
        {"Content-Type": "text/csv"},
    )
    return replace(good, headers=random.choice(headers))


def _elsewhere(random: Random, good: Request) -> Request:
    paths = ("/models/nobody/invocations", "/models//invocations", "/v2/models/a/b/c", "/%00", "/feedback",
             f"/models/{'n' * 3_000}/invocations", f"/v2/models/{STEADY}/versions/999/infer")  # fmt: skip
    return replace(good, path=random.choice(paths), method=random.choice(("POST", "PUT", "GET", "DELETE")))


WRONGS = (_cut, _flipped, _flipped, _noise, _other_json, _other_json, _deep, _long, _bomb, _named_wrong,
          _elsewhere)  # fmt: skip


class Caller:
    """Sends requests over a connection that it keeps, and writes down what came.

    Args:
        scene: Where.
        name: Whose requests these are.
    """

    def __init__(self, scene: Scene, name: str) -> None:
        self._gateway, self._ledger, self.name = scene.gateway, scene.ledger, name
        self._ids = scene.random(f"{name} ids")
        self._connection = scene.gateway.connect()
        self._quiet_s = 0.0

    def ask(self, request: Request, allowed: frozenset[int]) -> Answer | None:
        """Send one request; a status that is not allowed is a fault, and so is an error without a cause."""
        own = {
            "X-Request-Id": str(UUID(int=self._ids.getrandbits(128))),
            "X-User-Id": f"u{self._ids.random()}",
        }
        if self._connection.sock is None:
            self._quiet_s = time.monotonic()
        try:
            self._connection.request(request.method, request.path, request.body, own | {**request.headers})
            answer = read_answer(self._connection)
        except (OSError, http.client.HTTPException) as error:
            self._connection.close()
            self._lost(request, error)
            return None
        self._quiet_s = time.monotonic()
        self._ledger.note(f"{self.name}: {answer.status}")
        if answer.status not in allowed and not self._is_loading(answer):
            self._ledger.faults.append(
                f"{self.name}: {answer.status} {answer.body[:200]!r} to {request.method} {request.path[:80]} "
                f"{dict(request.headers)} {request.body[:200]!r}"
            )
        self._count(request, answer)
        return answer

    def close(self) -> None:
        self._connection.close()

    def _is_loading(self, answer: Answer) -> bool:
        """Whether a worker that is new says that it has not loaded the model yet, and when to come again."""
        new_s = max([*self._ledger.kills_s, *self._ledger.reloads_s], default=0.0)
        is_declared = answer.status == 503 and "retry-after" in answer.headers
        return is_declared and b"is being loaded" in answer.body and time.monotonic() - new_s < LOADING_S

    def _lost(self, request: Request, error: Exception) -> None:
        """A worker's death ends its connections; each death explains one error of each connection."""
        since_s = self._quiet_s - 0.05
        if any(since_s <= killed_s for killed_s in self._ledger.kills_s):
            self._ledger.note(f"{self.name}: lost with a killed worker")
            return
        self._ledger.note(f"{self.name}: {type(error).__name__}")
        self._ledger.faults.append(f"{self.name}: {error!r} from {request.path[:80]} {request.body[:100]!r}")

    def _count(self, request: Request, answer: Answer) -> None:
        name = answer.headers.get("x-prediction-id")
        if answer.status != 200 or name is None:
            return
        found = _predictions(answer)
        self._ledger.answered[name] = found
        self._ledger.newest.append((name, found))
        if request.rows not in (None, found):
            self._ledger.faults.append(f"{self.name}: {found} predictions for {request.rows} rows")


def _predictions(answer: Answer) -> int:
    body = gzip.decompress(answer.body) if "content-encoding" in answer.headers else answer.body
    table = json.loads(body)
    return len(table["predictions"]) if "predictions" in table else int(table["outputs"][0]["shape"][0])


# The actors: each plays until the curtain falls.


def play(scene: Scene, name: str, act: Callable[[Caller, Random], None], pause_s: float) -> None:
    """Act again and again, with pauses of so long on average."""
    caller, random = Caller(scene, name), scene.random(name)
    while not scene.curtain.is_set():
        act(caller, random)
        scene.curtain.wait(random.expovariate(1 / pause_s))
    caller.close()


def well_meaning(model: str) -> Callable[[Caller, Random], None]:
    def act(caller: Caller, random: Random) -> None:
        request = random.choice(GOOD_REQUESTS)(random, model)
        caller.ask(request, WELL)

    return act


def guarded(caller: Caller, random: Random) -> None:
    """What makes the challenger crash is answered by the champion."""
    mood = random.choice((foreign.WELL, foreign.WELL, foreign.EXITS, foreign.SEGFAULTS))
    caller.ask(records(GUARDED, [[mood, 0.0]]), WELL)


def moody(caller: Caller, random: Random) -> None:
    mood = random.choice((*[foreign.WELL] * 10, foreign.EXITS, foreign.SEGFAULTS))
    caller.ask(records(random.choice(MOODS), [[mood, 0.0]]), TROUBLED)


def slow(caller: Caller, random: Random) -> None:
    seconds = random.choice((0.02, 0.05, 0.2, 0.5, TIME_LIMIT_S + 1))
    caller.ask(records(SLOW, [[seconds, 0.0]] * random.randint(1, 3)), TROUBLED)


def bad_bodies(caller: Caller, random: Random) -> None:
    caller.ask(bad(random), NO_FAULT_OF_OURS)


def looking(caller: Caller, random: Random) -> None:
    path = random.choice(
        ("/metrics", "/ready", "/models", f"/models/{MOVED}", "/openapi.json", "/v2/health/ready")
    )
    caller.ask(Request(path, method="GET", rows=None), frozenset({200, 503}))


def feedback(ledger: Ledger) -> Callable[[Caller, Random], None]:
    def act(caller: Caller, random: Random) -> None:
        if not ledger.newest:
            return
        name, count = random.choice(ledger.newest)
        named = name if count == 1 else f"{name}-{random.randrange(max(1, count))}"
        label = random.choice(("yes", "no"))
        body = json.dumps({"prediction_id": named, "label": label}).encode()
        answer = caller.ask(Request("/feedback", body, rows=None), WELL)
        if count and answer and answer.status == 200:
            ledger.labels[named] = label
        elif count:
            ledger.labels.pop(named, None)  # whether it was written is not known

    return act


def leave(scene: Scene) -> Callable[[Caller, Random], None]:
    """Go away in the midst of sending, or before the answer has come."""

    def act(_: Caller, random: Random) -> None:
        model = random.choice((*GOOD, *BAD))
        raw = random.choice(GOOD_REQUESTS)(random, model).raw()
        head = raw.index(b"\r\n\r\n") + 4
        sent = random.choice(
            (0, random.randrange(head), head, random.randrange(head, len(raw)), len(raw), len(raw))
        )
        with suppress(OSError), socket.create_connection(("127.0.0.1", scene.gateway.port), 5) as connection:
            if random.random() < 0.5:  # reset the connection instead of closing it
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            connection.sendall(raw[:sent])
            time.sleep(random.choice((0.0, 0.0, 0.003, 0.05)))
        scene.ledger.note(f"left after {'all' if sent == len(raw) else 'a part'}")

    return act


# What befalls the gateway.


class Fate:
    """Disturbs the gateway: one thing after the other, each round in another order.

    Args:
        scene: What is disturbed.
    """

    def __init__(self, scene: Scene) -> None:
        self._scene, self._random = scene, scene.random("fate")
        self._client = MlflowClient(scene.registry.uri)

    def run(self, seconds: float, rounds: int) -> None:
        """Disturb for at least so long, and at least so many rounds."""
        deadline, played = time.monotonic() + seconds, 0
        while played < rounds or time.monotonic() < deadline:
            for disturb in self._random.sample(self._all(), len(self._all())):
                self._scene.ledger.note(f"fate: {disturb.__name__.strip('_')}")
                disturb()
                time.sleep(self._random.uniform(0.3, 1.5))
            played += 1

    def end(self) -> None:
        """Leave the models as they were."""
        self._move("1")
        self._client.set_registered_model_tag(MOVED, "penstock.route", ROUTES[0])

    def _all(self) -> list[Callable[[], None]]:
        return [
            self._kill_a_worker,
            self._kill_a_worker,
            self._reload,
            self._move_stages,
            self._move_stages,
            self._change_route,
            self._change_route,
            self._set_a_bad_route,
            self._kill_a_model,
            self._lose_the_registry,
        ]

    def _kill_a_worker(self) -> None:
        workers = self._scene.gateway.workers()
        if len(workers) < 2:
            return
        pid = self._random.choice(workers)
        self._scene.ledger.kills_s.append(time.monotonic())
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
        self._scene.ledger.kills_s.append(time.monotonic())  # this thread may have waited between the two

    def _reload(self) -> None:
        self._scene.gateway.process.send_signal(signal.SIGHUP)
        self._scene.ledger.reloads_s.append(time.monotonic())

    def _move_stages(self) -> None:
        self._move(self._random.choice(("1", "2")))

    def _move(self, version: str) -> None:
        """One version goes to Production, the other to Staging."""
        other = "2" if version == "1" else "1"
        self._client.transition_model_version_stage(MOVED, version, "Production")
        self._client.transition_model_version_stage(MOVED, other, "Staging")

    def _change_route(self) -> None:
        self._client.set_registered_model_tag(MOVED, "penstock.route", self._random.choice(ROUTES))

    def _set_a_bad_route(self) -> None:
        self._client.set_registered_model_tag(MOVED, "penstock.route", self._random.choice(BAD_ROUTES))

    def _kill_a_model(self) -> None:
        """Kill or stop the process of a model that nobody relies on."""
        with suppress(OSError, http.client.HTTPException):
            answer = self._scene.gateway.predict(self._random.choice(MOODS), foreign.body(foreign.TELLS_PID))
            if answer.status == 200:
                pid = int(answer.json()["predictions"][0])
                os.kill(pid, self._random.choice((signal.SIGKILL, signal.SIGSTOP)))

    def _lose_the_registry(self) -> None:
        """Workers die and are reloaded while it is away."""
        self._scene.registry.stop()
        time.sleep(self._random.uniform(0.5, 1.5))
        self._random.choice((self._kill_a_worker, self._reload))()
        time.sleep(self._random.uniform(0.5, 1.5))
        self._scene.registry.start()


def hosts(gateway: Gateway) -> list[int]:
    """The processes of models' own code."""
    return [pid for pid in processes(gateway) if _name(pid) == "penstock-pyfunc"]


def processes(gateway: Gateway) -> list[int]:
    """All processes that work for a gateway, known by the folder that it was given."""
    wanted = f"PENSTOCK_VAR_DIR={gateway.var_dir}".encode()
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            if wanted in (folder / "environ").read_bytes().split(b"\0"):
                found.append(int(folder.name))
    return sorted(found)


def _name(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/comm").read_text().strip()
    except OSError:
        return ""


def connections(gateway: Gateway) -> int:
    """Connections to the gateway that are open, or half open, on its side."""
    local, states = f":{gateway.port:04X}", {"01", "08"}
    lines = Path("/proc/net/tcp").read_text().splitlines()[1:]
    return sum(line.split()[1].endswith(local) and line.split()[3] in states for line in lines)


def cast(scene: Scene) -> list[threading.Thread]:
    """Everybody but fate, as threads that are not started."""
    acts: list[tuple[str, Callable[[Caller, Random], Any], float]] = [
        (f"{STEADY} 1", well_meaning(STEADY), 0.005),
        (f"{STEADY} 2", well_meaning(STEADY), 0.02),
        (f"{MOVED} 1", well_meaning(MOVED), 0.005),
        (f"{MOVED} 2", well_meaning(MOVED), 0.02),
        (PYFUNC, well_meaning(PYFUNC), 0.02),
        (GUARDED, guarded, 0.03),
        ("moody", moody, 0.03),
        (f"{SLOW} 1", slow, 0.05),
        (f"{SLOW} 2", slow, 0.05),
        ("bad bodies", bad_bodies, 0.03),
        ("leaving", leave(scene), 0.03),
        ("feedback", feedback(scene.ledger), 0.05),
        ("looking", looking, 0.3),
    ]
    return [
        threading.Thread(target=play, args=(scene, name, act, pause_s), name=name)
        for name, act, pause_s in acts
    ]
