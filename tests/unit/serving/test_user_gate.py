"""The gate of MLflow's users: what is asked, how often, and what goes on when MLflow is away."""

import asyncio
from base64 import b64encode
from collections.abc import Awaitable, Callable
from threading import Event
from typing import Any

import pytest

from serving.callers.answers import AWAY_S, GRACE_S, REFUSAL_S
from serving.callers.asking import UsersAway
from serving.callers.grants import READ, USE, Grants
from serving.callers.passwords import REFUSED_AFTER_S
from serving.callers.throttle import FREE
from serving.callers.users import User, read_basic
from serving.protocol.errors import RequestError
from serving.registry.snapshot import RouteState, VariantState
from serving.web.gate import EVERY_MODEL
from serving.web.user_gate import UserGate

TTL_S = 60.0
GUESSES = FREE["name"]


class Users:
    """Users in memory."""

    def __init__(self) -> None:
        self.asked = 0
        self.is_away = False
        self.passwords = {"ann": "a", "root": "r"}
        self.levels = {"churn": USE, "seen": READ}
        self.gate = Event()
        self.gate.set()

    def ask(self, credentials: bytes) -> User | None:
        self.asked += 1
        self.gate.wait(5)
        if self.is_away:
            raise UsersAway("gone")
        name, password = read_basic(credentials)
        given = {("registered_model", model): level for model, level in self.levels.items()}
        grants = Grants(name, name == "root", {}, given, frozenset())
        return User(name, grants) if self.passwords.get(name) == password else None


class Route:
    def __init__(self, *models: str) -> None:
        variants = tuple(VariantState(model, model, None, None, 1, None, None) for model in models)
        self.state = RouteState("r", models[0], None, "", variants, (), None)


TABLE: Any = {
    "churn": Route("churn"),
    "both": Route("churn", "fraud"),
    "fraud": Route("fraud"),
    "seen": Route("seen"),
}


class Scene:
    def __init__(self) -> None:
        self.users, self.now_s = Users(), 0.0
        self.slept_s: list[float] = []
        self.gate = UserGate(self.users, TTL_S, lambda: self.now_s, self.sleep)

    async def sleep(self, seconds: float) -> None:
        self.slept_s.append(seconds)

    async def call(
        self, user: str = "ann:a", name: str | None = "churn", action: Any = "predict", address: str = ""
    ) -> int:
        error = await self.refusal(user, name, action, address)
        return error.status if error else 200

    async def refusal(
        self, user: str, name: str | None, action: Any = "predict", address: str = ""
    ) -> RequestError | None:
        try:
            await self.gate.admit(shown(user), action, name, TABLE, address)
        except RequestError as error:
            return error
        return None


def shown(user: str) -> list[tuple[bytes, bytes]]:
    return [(b"authorization", b"Basic " + b64encode(user.encode()))]


def run(work: Callable[[Scene], Awaitable[Any]]) -> Any:
    async def main() -> Any:
        return await work(Scene())

    return asyncio.run(main())


def test_a_user_is_asked_for_once() -> None:
    async def work(scene: Scene) -> object:
        return [await scene.call() for _ in range(5)], scene.users.asked

    assert run(work) == ([200] * 5, 1)


def test_many_at_once_ask_once() -> None:
    async def work(scene: Scene) -> object:
        return await asyncio.gather(*(scene.call() for _ in range(20))), scene.users.asked

    assert run(work) == ([200] * 20, 1)


def test_a_route_is_for_who_may_use_all_its_models() -> None:
    async def work(scene: Scene) -> object:
        return [await scene.call(name=name) for name in ("churn", "both", "fraud", "unknown", None)]

    assert run(work) == [200, 404, 404, 404, 200]


def test_who_may_only_read_a_model_is_told_of_it_and_gets_no_predictions() -> None:
    async def work(scene: Scene) -> object:
        refusal = await scene.refusal("ann:a", "seen")
        return await scene.call(name="seen", action="read"), refusal.status if refusal else 0, str(refusal)

    assert run(work) == (
        200,
        403,
        "user 'ann' may see this model, but not use it; MLflow's permissions say who may",
    )


def test_a_model_that_one_may_not_read_is_answered_like_one_that_is_not_there() -> None:
    async def work(scene: Scene) -> list[str]:
        found = [await scene.refusal("ann:a", name) for name in ("fraud", "fraus")]
        return [str(each).replace("fraus", "fraud") for each in found]

    first, second = run(work)
    assert first == second == "there is no model 'fraud'; GET /models lists all"


def test_what_tells_of_everybodys_models_is_for_administrators() -> None:
    async def work(scene: Scene) -> object:
        return [await scene.call(user, EVERY_MODEL, "read") for user in ("ann:a", "root:r")]

    assert run(work) == [403, 200]


def test_a_user_may_judge_predictions_of_what_they_may_use_and_an_administrator_all() -> None:
    async def work(scene: Scene) -> object:
        for user in ("ann:a", "root:r"):
            await scene.call(user, None, "feedback")
        return [scene.gate.judged(shown(user), TABLE) for user in ("ann:a", "root:r", "eve:e")]

    assert run(work) == [{"churn"}, None, frozenset()]


def test_no_credentials_are_401_and_basic_is_asked_for() -> None:
    async def work(scene: Scene) -> RequestError:
        with pytest.raises(RequestError) as found:
            await scene.gate.admit([], "predict", "churn", TABLE)
        return found.value

    error = run(work)
    assert (error.status, error.headers) == (401, ((b"www-authenticate", b'Basic realm="penstock"'),))


def test_a_wrong_password_is_401_and_not_asked_again_for_a_while() -> None:
    async def work(scene: Scene) -> object:
        first = [await scene.call("ann:b") for _ in range(3)], scene.users.asked
        scene.now_s += REFUSAL_S
        scene.users.passwords["ann"] = "b"
        return first, await scene.call("ann:b")

    assert run(work) == (([401] * 3, 1), 200)


def test_an_old_answer_is_renewed_behind_the_request() -> None:
    async def work(scene: Scene) -> object:
        await scene.call()
        scene.now_s += TTL_S
        scene.users.levels = {}
        statuses = [await scene.call()]
        await asyncio.gather(*scene.gate._asking.values())
        return [*statuses, await scene.call()]

    assert run(work) == [200, 404]


def test_an_answer_twice_as_old_is_asked_for_first() -> None:
    async def work(scene: Scene) -> object:
        await scene.call()
        scene.now_s += 2 * TTL_S
        scene.users.passwords.clear()
        return await scene.call()

    assert run(work) == 401


def test_with_mlflow_away_the_known_go_on_and_the_unknown_get_503() -> None:
    async def work(scene: Scene) -> object:
        await scene.call()
        scene.users.is_away = True
        scene.now_s += TTL_S + GRACE_S - 1
        return [await scene.call(), await scene.call("bob:b")], scene.gate.problem

    assert run(work) == ([200, 503], "MLflow cannot be asked who may call: gone")


def test_with_mlflow_away_for_long_nobody_is_taken_at_their_old_word() -> None:
    async def work(scene: Scene) -> object:
        await scene.call()
        scene.users.is_away = True
        scene.now_s += TTL_S + GRACE_S
        return await scene.call()

    assert run(work) == 503


def test_a_refusal_takes_as_long_for_a_name_that_nobody_has_and_for_two_at_once() -> None:
    async def work(scene: Scene) -> object:
        await asyncio.gather(*(scene.call(user) for user in ("ann:b", "ann:b", "nobody:b")))
        return scene.slept_s

    assert run(work) == [REFUSED_AFTER_S] * 3


def test_guesses_from_elsewhere_shut_nobody_out() -> None:
    async def work(scene: Scene) -> object:
        await scene.call(address="192.0.2.1")
        guesses = [await scene.call(f"ann:{number}", address="198.51.100.7") for number in range(GUESSES + 1)]
        scene.users.passwords["ann"] = "new"
        return guesses[-1], await scene.call("ann:new", address="192.0.2.1")

    assert run(work) == (429, 200)


def test_mlflow_that_is_away_is_not_asked_by_each_request() -> None:
    async def work(scene: Scene) -> object:
        scene.users.is_away = True
        statuses = [await scene.call(f"user{number}:b") for number in range(10)]
        scene.users.is_away = False
        scene.now_s += AWAY_S
        return set(statuses), scene.users.asked, await scene.call()

    assert run(work) == ({503}, 1, 200)


def test_a_known_user_waits_for_nobody() -> None:
    async def work(scene: Scene) -> object:
        await scene.call()
        scene.users.gate.clear()
        waiting = [asyncio.create_task(scene.call(f"user{number}:x")) for number in range(100)]
        await asyncio.sleep(0.05)
        scene.now_s += TTL_S
        known = await scene.call()
        scene.users.gate.set()
        return known, {await task for task in waiting}

    assert run(work) == (200, {401, 429})


def test_the_let_in_are_counted_by_user() -> None:
    async def work(scene: Scene) -> object:
        for user in ("ann:a", "ann:a", "bob:b"):
            await scene.call(user)
        return scene.gate.drain()

    assert run(work) == {"ann": 2}


def test_no_password_is_kept() -> None:
    async def work(scene: Scene) -> str:
        await scene.call("ann:s3cret")
        return repr(vars(scene.gate))

    assert "s3cret" not in run(work)


@pytest.mark.parametrize("credentials", [b"", b"%%%", b64encode(b"ann"), b64encode(b":a"), b"\xff"])
def test_what_is_no_basic_credential_is_nobody(credentials: bytes) -> None:
    assert not all(read_basic(credentials))


def test_guessing_is_slowed_down_while_the_known_and_other_names_go_on() -> None:
    async def work(scene: Scene) -> object:
        await scene.call()
        guesses = [await scene.call(f"ann:guess{number}") for number in range(GUESSES + 2)]
        asked = scene.users.asked
        return guesses, asked, await scene.call(), await scene.call("ann:more"), await scene.call("bob:b")

    assert run(work) == ([401] * GUESSES + [429] * 2, 1 + GUESSES, 200, 429, 401)


def test_mlflow_being_away_is_no_guess() -> None:
    async def work(scene: Scene) -> object:
        scene.users.is_away = True
        for _ in range(GUESSES + 1):
            scene.now_s += AWAY_S
            await scene.call()
        scene.users.is_away, scene.now_s = False, scene.now_s + AWAY_S
        return await scene.call()

    assert run(work) == 200
