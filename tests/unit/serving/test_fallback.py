"""The champion in a challenger's place, and testers who choose who answers: without a network."""

import asyncio
import json
import threading
import time
from collections.abc import Callable
from typing import Any

import orjson
import pytest
from prometheus_client import CollectorRegistry

from serving.crew import Crew
from serving.metrics import declare
from serving.prediction_log.group_commit import GroupCommit
from serving.protocol.dialect import MLFLOW
from serving.protocol.errors import RequestError
from serving.protocol.media import Media
from serving.registry.snapshot import Held, RouteState, Snapshot, VariantState
from serving.registry.table import Table, build
from serving.scorers.pyfunc_scorer import RAISED
from serving.scorers.scorer import Job, Kind, Scored
from serving.web.admission import Admission, Busy
from serving.web.asgi import Exchange
from serving.web.invocations import Invocations, Limits
from serving.web.scoring import Scoring
from serving.web.shadows import Shadows
from serving.web.tally import Tally

CHALLENGER = {"model": "m", "version": "2", "variant": "challenger"}
CHAMPION = {"model": "m", "version": "1", "variant": "champion"}


class Memory:
    """A prediction log in memory."""

    def __init__(self) -> None:
        self.lines: list[bytes] = []

    def append(self, lines: bytes) -> None:
        self.lines += lines.splitlines()


class Answering:
    """A scorer that answers its name, after doing what it is told to."""

    fallback = reason = ""
    columns = (("a", "double"),)

    def __init__(
        self,
        name: str,
        before: Callable[[], object] = lambda: None,
        *,
        in_thread: bool = False,
        kind: Kind = "plan",
    ) -> None:
        self._name, self._before, self._in_thread, self.kind = name, before, in_thread, kind

    def begin(self, body: bytes, media: Media) -> Scored | Job:
        return self._score if self._in_thread else self._score()

    def _score(self) -> Scored:
        self._before()
        return Scored(orjson.dumps({"predictions": [self._name]}), ("a",), [[1]], [self._name], None)


def failing(error: Exception) -> Callable[[], None]:
    def fail() -> None:
        raise error

    return fail


def table(
    champion: Answering | None, challenger: Answering, *, weight: int = 10_000, policy: str = ""
) -> Table:
    scorers = {"champion": ("1", 10_000 - weight, champion), "challenger": ("2", weight, challenger)}
    states = tuple(
        VariantState(
            name, "m", "Production", None, buckets, Held("m", number, name, None) if found else None, None
        )
        for name, (number, buckets, found) in scorers.items()
    )
    route = RouteState("m", "m", None, "salt", states, (), None)
    loaded = {name: found for name, (_, _, found) in scorers.items() if found}
    return build(Snapshot({"m": route}, {}, {"m": policy} if policy else {}), dict(loaded), {})


class Scene:
    """One worker's hot path over a route of a champion and a challenger."""

    def __init__(self, found: Table, **limits: Any) -> None:
        self.registry, self.memory, self.table = CollectorRegistry(), Memory(), found
        self.tally = Tally(declare(self.registry))
        self.commit = GroupCommit(self.memory)
        chosen = Limits(**{"in_flight": 4, "body_bytes": 1000, "time_s": 2.0} | limits)
        admission = Admission(chosen.in_flight)
        self.invocations = Invocations(
            chosen,
            admission=admission,
            scoring=Scoring(Crew(1), admission, chosen.time_s),
            commit=self.commit,
            shadows=Shadows(self.commit, self.tally),
            tally=self.tally,
        )

    async def call(self, **headers: str) -> tuple[int, dict[str, str], Any]:
        sent: list[dict[str, Any]] = []
        found = {"content-type": "application/json"} | headers
        scope = {"headers": [(key.replace("_", "-").encode(), found[key].encode()) for key in found]}

        async def receive() -> dict[str, Any]:
            return {"type": "http.request", "body": b'{"dataframe_records": [{"a": 1}]}'}

        async def send(message: dict[str, Any]) -> None:
            sent.append(message)

        await self.invocations.answer("m", MLFLOW, self.table, Exchange(scope, receive, send))
        answered = {key.decode(): value.decode() for key, value in sent[0]["headers"]}
        return sent[0]["status"], answered, json.loads(sent[1]["body"])

    def ask(self, **headers: str) -> tuple[int, dict[str, str], Any]:
        return asyncio.run(self.call(**headers))

    def count(self, name: str, **labels: str) -> float:
        self.tally.flush(self.commit, 0)
        return self.registry.get_sample_value(name, labels) or 0.0


def test_a_challenger_that_fails_is_answered_for_by_the_champion() -> None:
    scene = Scene(table(Answering("old"), Answering("new", failing(ZeroDivisionError()))))
    status, headers, answer = scene.ask()
    assert (status, answer) == (200, {"predictions": ["old"]})
    assert (headers["x-penstock-fallback"], headers["x-penstock-variant"]) == ("challenger", "champion")


def test_the_failure_counts_for_the_challenger_and_the_answer_for_the_champion() -> None:
    scene = Scene(table(Answering("old"), Answering("new", failing(ZeroDivisionError()))))
    scene.ask()
    assert scene.count("penstock_requests_total", **CHALLENGER, code="500") == 1
    assert scene.count("penstock_requests_total", **CHAMPION, code="200") == 1
    assert scene.count("penstock_fallbacks_total", **CHALLENGER, reason="failed") == 1


def test_the_answer_is_logged_under_the_lane_that_gave_it() -> None:
    scene = Scene(table(Answering("old"), Answering("new", failing(ZeroDivisionError()))))
    _, headers, _ = scene.ask()
    [record] = [orjson.loads(line) for line in scene.memory.lines]
    assert (record["variant"], record["version"]) == ("champion", "1")
    assert record["prediction_id"] == headers["x-prediction-id"]


def test_a_late_challenger_leaves_the_champion_its_time() -> None:
    slow = Answering("new", lambda: time.sleep(0.4), in_thread=True, kind="pyfunc")
    scene = Scene(table(Answering("old"), slow), time_s=0.2)
    status, headers, _ = scene.ask()
    assert (status, headers["x-penstock-fallback"]) == (200, "challenger")
    assert scene.count("penstock_requests_total", **CHALLENGER, code="504") == 1
    assert scene.count("penstock_fallbacks_total", **CHALLENGER, reason="late") == 1


def test_the_policy_says_when_a_challenger_is_late() -> None:
    over = threading.Event()
    slow = Answering("new", lambda: over.wait(20.0), in_thread=True, kind="pyfunc")
    policy = '{"traffic": {"challenger_ms": 50}}'
    scene = Scene(table(Answering("old"), slow, policy=policy), time_s=60.0)
    started = time.perf_counter()
    assert scene.ask()[2] == {"predictions": ["old"]}
    assert 0.05 <= time.perf_counter() - started < 20.0
    over.set()


def test_a_policy_beyond_the_time_limit_still_leaves_the_champion_a_tenth() -> None:
    policy = '{"traffic": {"challenger_ms": 60000}}'
    scene = Scene(table(Answering("old"), Answering("new"), policy=policy), time_s=2.0)
    challengers_s = scene.invocations._fallback._limit_s(scene.table["m"])
    assert challengers_s == pytest.approx(0.9 * 2.0)


def test_a_callers_fault_is_the_callers() -> None:
    scene = Scene(table(Answering("old"), Answering("new", failing(RequestError(400, "no such column")))))
    status, headers, answer = scene.ask()
    assert (status, answer["message"]) == (400, "no such column")
    assert "x-penstock-fallback" not in headers
    assert scene.count("penstock_requests_total", **CHALLENGER, code="400") == 1


def test_a_challenger_whose_own_code_raised_has_failed() -> None:
    raised = failing(RequestError(400, "the model cannot answer this input", reason=RAISED))
    scene = Scene(table(Answering("old"), Answering("new", raised)))
    assert scene.ask()[2] == {"predictions": ["old"]}
    assert scene.count("penstock_requests_total", **CHALLENGER, code="500") == 1


def test_a_challenger_without_a_place_in_the_worker_is_answered_for() -> None:
    scene = Scene(table(Answering("old"), Answering("new", failing(Busy("no place is left")))))
    assert scene.ask()[2] == {"predictions": ["old"]}
    assert scene.count("penstock_fallbacks_total", **CHALLENGER, reason="busy") == 1


def test_when_the_champion_fails_too_its_error_stands() -> None:
    broken = failing(ZeroDivisionError())
    scene = Scene(table(Answering("old", broken), Answering("new", broken)))
    status, headers, _ = scene.ask()
    assert (status, headers["x-penstock-variant"]) == (500, "champion")
    assert headers["x-penstock-fallback"] == "challenger"


def test_nobody_answers_for_the_champion() -> None:
    scene = Scene(table(Answering("old", failing(ZeroDivisionError())), Answering("new"), weight=0))
    status, headers, _ = scene.ask()
    assert (status, "x-penstock-fallback" in headers) == (500, False)


def test_without_a_champions_version_a_challengers_error_stands() -> None:
    scene = Scene(table(None, Answering("new", failing(ZeroDivisionError()))))
    assert scene.ask()[0] == 500


def test_a_tester_chooses_a_variant_without_any_share() -> None:
    scene = Scene(table(Answering("old"), Answering("new"), weight=0))
    _, headers, answer = scene.ask(x_penstock_variant="challenger")
    assert (headers["x-penstock-variant"], answer) == ("challenger", {"predictions": ["new"]})
    assert orjson.loads(scene.memory.lines[0])["variant"] == "challenger"


def test_a_tester_chooses_a_version_that_a_lane_holds() -> None:
    scene = Scene(table(Answering("old"), Answering("new"), weight=0))
    assert scene.ask(x_penstock_version="2")[1]["x-penstock-variant"] == "challenger"


def test_others_stay_where_they_were() -> None:
    scene = Scene(table(Answering("old"), Answering("new"), weight=5000))
    before = [scene.ask(x_user_id=f"{i}")[1]["x-penstock-variant"] for i in range(20)]
    scene.ask(x_user_id="3", x_penstock_variant="challenger")
    assert [scene.ask(x_user_id=f"{i}")[1]["x-penstock-variant"] for i in range(20)] == before


def test_a_tester_sees_the_challengers_own_error() -> None:
    scene = Scene(table(Answering("old"), Answering("new", failing(ZeroDivisionError())), weight=0))
    assert scene.ask(x_penstock_variant="challenger")[0] == 500


KNOWN = "known are champion (version 1), challenger (version 2)"


@pytest.mark.parametrize(
    ("headers", "sentence"),
    [
        ({"x_penstock_variant": "nobody"}, f"there is no variant 'nobody' here; {KNOWN}"),
        ({"x_penstock_version": "7"}, f"no variant here holds version 7; {KNOWN}"),
        (
            {"x_penstock_variant": "champion", "x_penstock_version": "2"},
            f"variant 'champion' does not hold version 2; {KNOWN}",
        ),
    ],
)
def test_a_choice_that_is_not_there_is_400_with_what_is(headers: dict[str, str], sentence: str) -> None:
    scene = Scene(table(Answering("old"), Answering("new")))
    status, _, answer = scene.ask(**headers)
    assert (status, answer["message"]) == (400, sentence)
    assert scene.count("penstock_rejected_total", reason="override") == 1


def test_a_variant_without_a_version_is_503() -> None:
    scene = Scene(table(None, Answering("new")))
    status, _, answer = scene.ask(x_penstock_variant="champion")
    assert status == 503
    assert answer["message"].startswith("variant 'champion' has no version that can answer")


def test_where_choosing_is_off_it_is_refused() -> None:
    scene = Scene(table(Answering("old"), Answering("new")), allows_override=False)
    status, _, answer = scene.ask(x_penstock_variant="challenger")
    assert status == 403
    assert answer["message"].startswith("this gateway lets no caller choose a variant")
