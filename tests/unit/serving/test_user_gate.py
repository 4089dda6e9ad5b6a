"""The gate of MLflow's users: what is asked, how often, and what goes on when MLflow is away."""

import asyncio
from base64 import b64encode
from collections.abc import Awaitable, Callable
from threading import Event
from typing import Any

import pytest

from serving.protocol.errors import RequestError
from serving.registry.snapshot import RouteState, VariantState
from serving.registry.users import User, UsersAway, read_basic
from serving.web.user_gate import AWAY_S, REFUSAL_S, UserGate

TTL_S = 60.0


class Users:
    """Users in memory."""

    def __init__(self) -> None:
        self.asked = 0
        self.is_away = False
        self.passwords = {"ann": "a"}
        self.readable = frozenset({"churn"})
        self.gate = Event()
        self.gate.set()

    def ask(self, credentials: bytes) -> User | None:
        self.asked += 1
        self.gate.wait(5)
        if self.is_away:
            raise UsersAway("gone")
        name, password = read_basic(credentials)
        return User(name, self.readable) if self.passwords.get(name) == password else None


class Route:
    def __init__(self, *models: str) -> None:
        variants = tuple(VariantState(model, model, None, None, 1, None, None) for model in models)
        self.state = RouteState("r", models[0], None, "", variants, (), None)


TABLE: Any = {"churn": Route("churn"), "both": Route("churn", "fraud"), "fraud": Route("fraud")}


class Scene:
    def __init__(self) -> None:
        self.users, self.now_s = Users(), 0.0
        self.gate = UserGate(self.users, TTL_S, lambda: self.now_s)

    async def call(self, user: str = "ann:a", name: str | None = "churn") -> int:
        headers = [(b"authorization", b"Basic " + b64encode(user.encode()))]
        try:
            await self.gate.admit(headers, "predict", name, TABLE)
        except RequestError as error:
            return error.status
        return 200


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


def test_a_route_is_for_who_may_read_all_its_models() -> None:
    async def work(scene: Scene) -> object:
        return [await scene.call(name=name) for name in ("churn", "both", "fraud", "unknown", None)]

    assert run(work) == [200, 403, 403, 200, 200]


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
        scene.users.readable = frozenset()
        statuses = [await scene.call()]
        await asyncio.gather(*scene.gate._asking.values())
        return [*statuses, await scene.call()]

    assert run(work) == [200, 403]


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
        scene.now_s += 100 * TTL_S
        return [await scene.call(), await scene.call("bob:b")], scene.gate.problem

    assert run(work) == ([200, 503], "MLflow cannot be asked who may call: gone")


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
