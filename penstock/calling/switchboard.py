"""Predictions through the gateway, for whoever may have them.

    who and what -> a way, held for a moment -> the gateway -> its answer in the platform's words

The hot path asks nobody but the gateway: a way that gets old is found anew behind a request's back.
"""

import asyncio
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import orjson

from penstock.calling.answered import Answered
from penstock.calling.asked import Asked
from penstock.calling.gateway import Gateway
from penstock.calling.refusals import problem_of
from penstock.calling.ways import Way, find_way
from penstock.people.person import Person
from penstock.problems import Away, Problem
from penstock.services import model_ids
from penstock.services.model_routes import ensure_route

if TYPE_CHECKING:
    from penstock.desk import Desk
    from serving.upstream.connection import Answer

RENEW_S, ENDS_S = 5.0, 30.0
"""After the one a way is found anew, after the other it does not count any more."""
MOST_HELD = 4096
FOLLOW_S = 15.0
"""How long a request waits for the gateway to follow a route that has just been set."""
FIRST_PAUSE_S, LAST_PAUSE_S = 0.05, 0.5
SOON = b"1"
"""The gateway's `Retry-After` while a version is being fetched."""
_PROBABILITIES = b',"params":{"probabilities":"if_any"}}'


@dataclass(frozen=True, slots=True)
class Predicted:
    """What was predicted.

    Attributes:
        model_id: The id of the version that answered.
        prediction: One a row.
        prediction_proba: A list a row, in the order of the classes; None for models without.
        prediction_id: What feedback names; rows of a list are `<id>-0`, `<id>-1` and so on.
        variant: The route's variant that answered; empty where a version was asked for by its id.
    """

    model_id: str
    prediction: Sequence[Any]
    prediction_proba: Sequence[Sequence[float]] | None
    prediction_id: str
    variant: str


@dataclass(slots=True)
class _Held:
    way: Way
    found_s: float
    is_renewing: bool = False


class Switchboard:
    """Predicts for one process's people. For event loops; its ways are shared.

    Args:
        desk: The process's desk.
        gateway: Who scores.
        clock: Seconds, monotonic.

    Attributes:
        answered: Which models' predictions it has answered lately.
    """

    def __init__(self, desk: "Desk", gateway: Gateway, clock: Callable[[], float] = time.monotonic) -> None:
        self._desk, self._gateway, self._clock = desk, gateway, clock
        self.answered = Answered()
        self._ways: OrderedDict[tuple[object, ...], _Held] = OrderedDict()
        self._changing = threading.Lock()
        self._tasks: set[asyncio.Task[None]] = set()

    async def predict(self, person: Person, asked: Asked) -> Predicted:
        """Have rows scored.

        Raises:
            Problem: What is asked for is not there, not allowed, or cannot be answered.
        """
        way = await self._way(person, asked)
        answer = await self._scored(way, asked)
        if _is_coming(answer):
            answer = await self._followed(person, way, asked, answer)
        headers = answer.headers
        if answer.status != 200:
            raise problem_of(answer.status, answer.body, headers.get(b"retry-after", b"").decode())
        found = orjson.loads(answer.body)
        self.answered.note(headers.get(b"x-prediction-id", b"").decode(), way.named)
        variant = headers.get(b"x-penstock-variant", b"")
        return Predicted(
            way.who(variant, headers.get(b"x-penstock-version", b"")),
            found["predictions"],
            found.get("probabilities"),
            headers.get(b"x-prediction-id", b"").decode(),
            "" if way.alone else variant.decode(),
        )

    def forget(self, called: str) -> None:
        """Find the ways to a name anew at the next request: it was changed or removed. From any thread."""
        with self._changing:
            for key in [key for key, held in self._ways.items() if held.way.called == called]:
                self._ways.pop(key, None)

    async def _scored(self, way: Way, asked: Asked) -> "Answer":
        """Ask once, for whoever of several versions is drawn: with probabilities, if it has any."""
        headers = (*way.headers, (b"x-user-id", asked.user)) if asked.user else way.headers
        body = orjson.dumps({"dataframe_records": asked.rows})
        if not way.is_numbers:
            body = body[:-1] + _PROBABILITIES
        return await self._gateway.exchange(way.path, body, headers)

    async def _followed(self, person: Person, way: Way, asked: Asked, answer: "Answer") -> "Answer":
        """Set the route of a version that has none, and wait until the gateway answers by it."""
        deadline, pause_s = self._clock() + FOLLOW_S, FIRST_PAUSE_S
        if way.alone and answer.status == 404:
            await asyncio.to_thread(_open, self._desk, person, way.called)
        while _is_coming(answer) and self._clock() < deadline:
            await asyncio.sleep(pause_s)
            pause_s = min(2 * pause_s, LAST_PAUSE_S)
            answer = await self._scored(way, asked)
        if answer.status == 404:
            sentence = f"the gateway does not know '{way.called}' yet; try again in a few seconds"
            raise Away(sentence, code="gateway_behind", retry_s=2.0)
        return answer

    async def _way(self, person: Person, asked: Asked) -> Way:
        key = (person.name, person.is_admin, person.key and person.key.key_id, asked.is_route, asked.called)
        held, now_s = self._ways.get(key), self._clock()
        if held is None or now_s - held.found_s > ENDS_S:
            way = await asyncio.to_thread(find_way, self._desk, person, asked.called, is_route=asked.is_route)
            self._hold(key, way)
            return way
        if now_s - held.found_s > RENEW_S and not held.is_renewing:
            held.is_renewing = True
            task = asyncio.create_task(self._renew(key, person, asked))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        return held.way

    async def _renew(self, key: tuple[object, ...], person: Person, asked: Asked) -> None:
        try:
            way = await asyncio.to_thread(find_way, self._desk, person, asked.called, is_route=asked.is_route)
        except Away:
            held = self._ways.get(key)
            if held is not None:  # what was known goes on until its end
                held.is_renewing = False
        except Problem:
            with self._changing:
                self._ways.pop(key, None)
        else:
            self._hold(key, way)

    def _hold(self, key: tuple[object, ...], way: Way) -> None:
        with self._changing:
            self._ways[key] = _Held(way, self._clock())
            self._ways.move_to_end(key)
            if len(self._ways) > MOST_HELD:
                self._ways.popitem(last=False)


def _is_coming(answer: "Answer") -> bool:
    """Whether the gateway does not know the name yet, or says that its version is on the way."""
    return answer.status == 404 or (answer.status == 503 and answer.headers.get(b"retry-after") == SOON)


def _open(desk: "Desk", person: Person, wanted: str) -> None:
    held = model_ids.held(desk, wanted)
    ensure_route(desk, person, held.name, held.number)
