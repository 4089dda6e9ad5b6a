"""Routes and canaries over both kinds of registry: what is refused, written, journalled and outlived."""

import itertools
import json
import threading
import warnings
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from mlflow import MlflowClient
from prometheus_client import CollectorRegistry, generate_latest

from serving.lifecycle.canary.canary import Canary
from serving.lifecycle.canary.ledger import Outcome
from serving.lifecycle.canary.state import States
from serving.lifecycle.database import Database
from serving.lifecycle.errors import (
    AlreadyThereError,
    InvalidMoveError,
    LifecycleError,
    PeopleNeededError,
)
from serving.lifecycle.leases import LeaseBusyError
from serving.lifecycle.moves import Lifecycle
from serving.lifecycle.route_journal import Change
from serving.lifecycle.routes import InvalidRouteError, Routes
from serving.meters import Meter
from serving.metrics import declare
from serving.routing.route import parse

TAG = "penstock.route"
_numbers = itertools.count(1)


@pytest.fixture(scope="module")
def sql_uri(tmp_path_factory: pytest.TempPathFactory) -> str:
    return f"sqlite:///{tmp_path_factory.mktemp('registry')}/mlflow.db"


@pytest.fixture
def client(sql_uri: str) -> MlflowClient:
    return MlflowClient(sql_uri, sql_uri)


@pytest.fixture
def database_url(tmp_path: Any) -> str:
    return f"sqlite:///{tmp_path}/penstock.db"


@pytest.fixture
def routes(client: MlflowClient, database_url: str) -> Routes:
    return Routes(client, database_url, actor="ann")


def move(client: MlflowClient, name: str, version: str, stage: str) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)
        client.transition_model_version_stage(
            name, version, stage, archive_existing_versions=stage != "Archived"
        )


@pytest.fixture
def model(client: MlflowClient) -> str:
    """A model with version 1 in Production, 2 in Staging and 3 nowhere."""
    name = f"churn {next(_numbers)}"
    client.create_registered_model(name)
    for _ in range(3):
        client.create_model_version(name, source="s3://nowhere/x", tags={"penstock.gate": "pass"})
    move(client, name, "1", "Production")
    move(client, name, "2", "Staging")
    return name


def split(weight: float, **challenger: Any) -> str:
    champion = {"stage": "Production", "weight": 100 - weight}
    return json.dumps(
        {
            "variants": {
                "champion": champion,
                "challenger": {"stage": "Staging", "weight": weight} | challenger,
            }
        }
    )


def tag(client: MlflowClient, model: str, name: str = "") -> str | None:
    return client.get_registered_model(model).tags.get(f"{TAG}.{name}" if name else TAG)


class TestRoutes:
    def test_a_good_route_is_written_and_journalled(
        self, client: MlflowClient, routes: Routes, model: str
    ) -> None:
        routes.set(model, split(10), reason="try it")
        assert tag(client, model) == split(10)
        [change] = routes.history(model)
        assert (change.action, change.actor, change.reason) == ("set", "ann", "try it")
        assert (change.before, change.after) == (None, split(10))

    def test_the_models_name_stays_with_production_where_two_must_agree(
        self, client: MlflowClient, routes: Routes, model: str
    ) -> None:
        client.set_registered_model_tag(model, "penstock.policy", '{"promotion": {"people": 2}}')
        with pytest.raises(PeopleNeededError, match="gives 50% of the traffic to what is not in Production"):
            routes.set(model, split(50))
        assert tag(client, model) is None
        routes.set(model, split(49))
        assert tag(client, model) == split(49)

    def test_over_rest_too(self, mlflow_server: Any, database_url: str) -> None:
        client = MlflowClient(mlflow_server.uri, mlflow_server.uri)
        client.create_registered_model("routed")
        client.create_model_version("routed", source="s3://nowhere/x")
        move(client, "routed", "1", "Production")
        checked = Routes(client, database_url, actor="ann").set("routed", split(0, version="1", stage=None))
        assert tag(client, "routed") == checked.text

    @pytest.mark.parametrize(
        ("text", "sentence"),
        [
            ("{", "a route must be JSON, and this is not"),
            (split(10).replace("90", "80"), "the weights must sum to 100, and they sum to 90"),
            (split(10, stage=None, version="9"), "has no version 9; its versions are 1, 2, 3"),
            (split(10, stage="Archived"), "has no version in Archived"),
            (split(10, model="nobody"), "there is no registered model 'nobody'"),
            (split(10)[:-1] + ', "shadow": [{"version": "8"}]}', "shadow 'shadow' of route"),
            (split(10)[:-1] + ', "salt": "' + "x" * 5000 + '"}', "and a tag takes at most 5,000"),
        ],
    )
    def test_an_invalid_route_is_refused_and_nothing_is_written(
        self, client: MlflowClient, routes: Routes, model: str, text: str, sentence: str
    ) -> None:
        with pytest.raises(InvalidRouteError) as caught:
            routes.set(model, text)
        assert sentence in str(caught.value)
        assert (tag(client, model), routes.history(model)) == (None, [])

    def test_a_route_of_its_own_name_lies_on_its_first_variants_model(
        self, client: MlflowClient, routes: Routes, model: str
    ) -> None:
        routes.set(f"{model}-ab", split(10).replace('"stage"', f'"model": "{model}", "stage"'))
        assert tag(client, model, f"{model}-ab") is not None

    def test_the_same_route_again_is_nothing_to_do(self, routes: Routes, model: str) -> None:
        routes.set(model, split(10))
        with pytest.raises(AlreadyThereError, match="is set so already"):
            routes.set(model, split(10))
        assert len(routes.history(model)) == 1

    def test_a_route_that_was_set_elsewhere_is_journalled_at_the_next_change(
        self, client: MlflowClient, routes: Routes, model: str
    ) -> None:
        routes.set(model, split(10))
        client.set_registered_model_tag(model, TAG, split(20))
        routes.set(model, split(30))
        assert [change.action for change in routes.history(model)] == ["set", "external", "set"]
        assert routes.history(model)[1].after == split(20)
        assert routes.verify() is None

    def test_a_cleared_route_is_gone(self, client: MlflowClient, routes: Routes, model: str) -> None:
        routes.set(model, split(10))
        assert routes.clear(model).before == split(10)
        assert tag(client, model) is None

    def test_a_route_is_not_cleared_where_nothing_would_answer(
        self, client: MlflowClient, routes: Routes, model: str
    ) -> None:
        routes.set(model, split(100))
        move(client, model, "1", "Archived")
        with pytest.raises(InvalidMoveError, match="it has none; promote one first"):
            routes.clear(model)
        assert tag(client, model) == split(100)

    def test_an_unknown_name_cannot_be_cleared(self, routes: Routes, model: str) -> None:
        with pytest.raises(
            InvalidMoveError, match=f"no route and no model '{model}x'; did you mean '{model}'"
        ):
            routes.clear(f"{model}x")

    def test_two_models_cannot_take_one_name_at_once(self, client: MlflowClient, database_url: str) -> None:
        names = [f"rival {next(_numbers)}" for _ in range(2)]
        for name in names:
            client.create_registered_model(name)
            client.create_model_version(name, source="s3://nowhere/x")
            move(client, name, "1", "Production")
        shared = f"shared {next(_numbers)}"
        text = '{"variants": {"champion": {"stage": "Production", "weight": 100}}}'

        def take(name: str) -> str:
            try:
                Routes(client, database_url, actor=name).set(shared, text, model=name)
            except InvalidRouteError as error:
                return str(error)
            return "taken"

        with ThreadPoolExecutor(2) as pool:
            taken, refused = sorted(pool.map(take, names), key=len)
        assert (taken, refused[:16]) == ("taken", "there is a route")


class Gateway:
    """A gateway's counts, as its own metrics tell them, and a clock."""

    def __init__(self, model: str) -> None:
        self.model, self.now, self.is_away = model, datetime(2026, 1, 1, tzinfo=UTC), False
        self.restart()

    def restart(self) -> None:
        self.registry = CollectorRegistry()
        self.metrics = declare(self.registry)
        self.meters: dict[tuple[str, str], Meter] = {}

    def answer(
        self, version: str, variant: str, count: int, *, code: int = 200, seconds: float = 0.002
    ) -> None:
        key = (version, variant)
        meter = self.meters.setdefault(key, Meter(self.metrics, self.model, *key))
        for _ in range(count):
            meter.answered(code, 1, seconds)
        meter.flush()

    def traffic(self, *, minutes: float = 20, count: int = 100) -> None:
        self.now += timedelta(minutes=minutes)
        self.answer("1", "champion", count)
        self.answer("2", "challenger", count)

    def read(self) -> dict[str, str]:
        if self.is_away:
            raise LifecycleError("the gateway's counts cannot be read: nobody answered")
        return {"http://gateway/metrics": generate_latest(self.registry).decode()}


@pytest.fixture
def gateway(model: str) -> Gateway:
    return Gateway(model)


@pytest.fixture
def canary(client: MlflowClient, database_url: str, gateway: Gateway, model: str) -> Canary:
    traffic = {"canary": [10, 50, 100], "hold": {"min_requests": 50, "min_minutes": 10}}
    client.set_registered_model_tag(model, "penstock.policy", json.dumps({"traffic": traffic}))
    return Canary(client, database_url, gateway.read, actor="ann", now=lambda: gateway.now)


def share(client: MlflowClient, model: str) -> float | None:
    text = tag(client, model)
    if text is None:
        return None
    found = {variant.name: variant for variant in parse(text, name=model, model=model).variants}
    return found["challenger"].buckets / 100 if "challenger" in found else None


def said(outcome: Outcome) -> tuple[str, float, str]:
    return outcome.action, outcome.state.percent, outcome.state.phase


class TestCanary:
    def test_it_starts_with_the_first_step_of_the_policy(
        self, client: MlflowClient, canary: Canary, model: str, routes: Routes
    ) -> None:
        assert said(canary.start(model)) == ("start", 10, "running")
        assert share(client, model) == 10
        [change] = routes.history(model)
        assert (change.action, change.before) == ("canary start", None)

    def test_steps_advance_as_counts_and_minutes_allow(
        self, client: MlflowClient, canary: Canary, gateway: Gateway, model: str
    ) -> None:
        canary.start(model)
        assert said(canary.step(model)) == ("hold", 10, "running")
        gateway.traffic()
        assert said(canary.step(model)) == ("advance", 50, "running")
        assert said(canary.step(model)) == ("hold", 50, "running")
        assert share(client, model) == 50

    def test_the_last_step_is_a_persons_unless_the_policy_promotes(
        self, client: MlflowClient, canary: Canary, gateway: Gateway, model: str
    ) -> None:
        canary.start(model)
        for _ in range(2):
            gateway.traffic()
            outcome = canary.step(model)
        assert (said(outcome), share(client, model)) == (("hold", 50, "running"), 50)
        assert outcome.reasons[0] == f"version 2 of '{model}' has passed the last step, 50 %"
        assert outcome.todo.startswith(f"promote it: python -m serving.lifecycle promote {model} 2")

    def test_no_step_gives_it_half_where_two_must_agree(
        self, client: MlflowClient, canary: Canary, gateway: Gateway, model: str
    ) -> None:
        hold = {"min_requests": 50, "min_minutes": 10}
        policy = {"traffic": {"canary": [10, 50], "hold": hold}, "promotion": {"people": 2}}
        client.set_registered_model_tag(model, "penstock.policy", json.dumps(policy))
        canary.start(model)
        gateway.traffic()
        outcome = canary.step(model)
        assert (said(outcome), share(client, model)) == (("hold", 10, "running"), 10)
        assert "its policy wants 2 people for that" in outcome.reasons[0]

    def test_once_promoted_by_a_person_it_is_done_and_the_tag_is_gone(
        self, client: MlflowClient, canary: Canary, database_url: str, model: str
    ) -> None:
        canary.start(model)
        Lifecycle(client, database_url, actor="bob").promote(model, "2")
        assert said(canary.step(model)) == ("done", 100, "done")
        assert tag(client, model) is None

    def test_the_last_step_promotes_where_the_policy_says_so(
        self, client: MlflowClient, canary: Canary, gateway: Gateway, model: str, database_url: str
    ) -> None:
        promoting(client, model)
        canary.start(model)
        for _ in range(2):
            gateway.traffic()
            outcome = canary.step(model)
        assert said(outcome) == ("done", 100, "done")
        assert client.get_model_version(model, "2").current_stage == "Production"
        assert tag(client, model) is None
        [*_, last] = Lifecycle(client, database_url, actor="ann").history(model)
        assert last.reason == f"its canary on route '{model}' has passed 50 %"

    def test_a_version_whose_gate_failed_is_not_promoted(
        self, client: MlflowClient, canary: Canary, gateway: Gateway, model: str
    ) -> None:
        promoting(client, model)
        client.set_model_version_tag(model, "2", "penstock.gate", "fail: auc")
        canary.start(model)
        for _ in range(2):
            gateway.traffic()
            outcome = canary.step(model)
        assert said(outcome) == ("hold", 50, "running")
        assert "failed its gate (auc)" in outcome.reasons[0]

    def test_failures_send_it_back_and_take_the_variant_out(
        self, client: MlflowClient, canary: Canary, gateway: Gateway, model: str, routes: Routes
    ) -> None:
        canary.start(model)
        gateway.traffic()
        gateway.answer("2", "challenger", 10, code=500)
        outcome = canary.step(model)
        assert (said(outcome), tag(client, model)) == (("back", 0, "back"), None)
        assert "9.09% of the challenger's requests failed" in routes.history(model)[-1].reason

    def test_a_variant_that_was_there_before_stays_without_a_share(
        self, client: MlflowClient, canary: Canary, routes: Routes, model: str
    ) -> None:
        routes.set(model, split(0))
        canary.start(model)
        canary.back(model)
        assert share(client, model) == 0

    def test_being_slow_holds_it_and_the_next_look_is_at_new_counts(
        self, canary: Canary, gateway: Gateway, model: str
    ) -> None:
        canary.start(model)
        gateway.traffic()
        gateway.answer("2", "challenger", 100, seconds=0.4)
        assert "the champion's" in canary.step(model).reasons[0]
        gateway.traffic()
        assert said(canary.step(model)) == ("advance", 50, "running")

    def test_without_the_gateways_counts_it_holds(self, canary: Canary, gateway: Gateway, model: str) -> None:
        canary.start(model)
        gateway.traffic()
        gateway.is_away = True
        outcome = canary.step(model)
        assert said(outcome) == ("hold", 10, "running")
        assert outcome.reasons == ("the gateway's counts cannot be read: nobody answered",)

    def test_a_gateway_that_was_started_anew_is_counted_from_its_start(
        self, canary: Canary, gateway: Gateway, model: str
    ) -> None:
        gateway.traffic(count=500)
        canary.start(model)
        gateway.restart()
        gateway.traffic(count=60)
        outcome = canary.step(model)
        assert outcome.challenger is not None
        assert (outcome.action, outcome.challenger.requests) == ("advance", 60)

    def test_holding_for_the_same_reason_is_journalled_once(
        self, canary: Canary, gateway: Gateway, model: str, routes: Routes
    ) -> None:
        canary.start(model)
        for _ in range(3):
            gateway.now += timedelta(minutes=1)
            canary.step(model)
        assert [change.action for change in routes.history(model)] == ["canary start", "canary hold"]

    def test_a_held_canary_does_not_advance_and_still_goes_back(
        self, canary: Canary, gateway: Gateway, model: str
    ) -> None:
        canary.start(model)
        canary.hold(model, reason="holiday")
        gateway.traffic()
        assert said(canary.step(model)) == ("hold", 10, "held")
        gateway.traffic()
        gateway.answer("2", "challenger", 50, code=500)
        assert said(canary.step(model)) == ("back", 0, "back")

    def test_a_held_canary_goes_on_when_it_is_started(
        self, canary: Canary, gateway: Gateway, model: str
    ) -> None:
        canary.start(model)
        canary.hold(model)
        assert said(canary.start(model)) == ("start", 10, "running")
        gateway.traffic()
        assert said(canary.step(model)) == ("advance", 50, "running")

    def test_a_share_that_somebody_else_has_set_holds_it(
        self, client: MlflowClient, canary: Canary, gateway: Gateway, model: str
    ) -> None:
        canary.start(model)
        client.set_registered_model_tag(model, TAG, split(30))
        gateway.traffic()
        outcome = canary.step(model)
        assert said(outcome) == ("hold", 10, "held")
        assert outcome.reasons == ("somebody gave 'challenger' 30 %, where the canary had 10 %",)
        assert share(client, model) == 30

    def test_another_version_in_staging_begins_anew(
        self, client: MlflowClient, canary: Canary, gateway: Gateway, model: str
    ) -> None:
        canary.start(model)
        gateway.traffic()
        canary.step(model)
        move(client, model, "3", "Staging")
        outcome = canary.step(model)
        assert (said(outcome), outcome.state.challenger.version) == (("start", 10, "running"), "3")
        assert share(client, model) == 10

    def test_an_emptied_staging_ends_it(self, client: MlflowClient, canary: Canary, model: str) -> None:
        canary.start(model)
        move(client, model, "2", "Archived")
        assert said(canary.step(model)) == ("back", 0, "back")

    def test_another_champion_is_compared_from_now_on(
        self, client: MlflowClient, canary: Canary, gateway: Gateway, model: str
    ) -> None:
        canary.start(model)
        gateway.traffic()
        move(client, model, "3", "Production")
        outcome = canary.step(model)
        assert outcome.reasons == (f"the champion is version 3 of '{model}' now",)
        assert canary.step(model).reasons[0] == "the challenger has had 0 of 50 requests"

    def test_two_steps_at_once_are_one(
        self, client: MlflowClient, canary: Canary, gateway: Gateway, model: str
    ) -> None:
        canary.start(model)
        gateway.traffic()
        barrier, refused, read = threading.Barrier(2), threading.Event(), gateway.read

        def step(_: int) -> str:
            barrier.wait()
            try:
                return canary.step(model).action
            except LeaseBusyError as error:
                refused.set()
                return str(error)

        def read_when_refused() -> dict[str, str]:
            assert refused.wait(60)
            return read()

        canary._read_metrics = gateway.read = read_when_refused
        with ThreadPoolExecutor(2) as pool:
            done = sorted(pool.map(step, range(2)))
        assert done == ["advance", f"routing '{model}' is held by ann; try again in a moment"]
        assert share(client, model) == 50

    @pytest.mark.parametrize("is_written", [False, True])
    def test_a_step_that_died_half_way_is_ended_by_the_next(
        self, client: MlflowClient, canary: Canary, database_url: str, model: str, is_written: bool
    ) -> None:
        state = canary.start(model).state
        States(Database(database_url)).put(replace(state, pending=50.0))
        if is_written:
            client.set_registered_model_tag(model, TAG, split(50))
        assert said(canary.step(model)) == ("hold", 50, "running")
        assert share(client, model) == 50

    def test_an_end_that_died_half_way_is_ended_by_the_next(
        self, client: MlflowClient, canary: Canary, database_url: str, model: str
    ) -> None:
        state = canary.start(model).state
        States(Database(database_url)).put(replace(state, ending="back"))
        assert said(canary.step(model)) == ("back", 0, "back")
        assert tag(client, model) is None

    def test_a_loop_is_told_what_to_step(self, canary: Canary, model: str) -> None:
        canary.start(model)
        assert canary.under_way() == [model]
        canary.back(model)
        assert canary.under_way() == []

    def test_its_state_outlives_the_process(
        self, client: MlflowClient, canary: Canary, gateway: Gateway, database_url: str, model: str
    ) -> None:
        canary.start(model)
        gateway.traffic()
        other = Canary(client, database_url, gateway.read, actor="bob", now=lambda: gateway.now)
        assert said(other.step(model)) == ("advance", 50, "running")

    def test_status_says_what_a_step_would_do_and_changes_nothing(
        self, client: MlflowClient, canary: Canary, gateway: Gateway, model: str
    ) -> None:
        canary.start(model)
        gateway.traffic()
        assert canary.status(model).reasons[0].startswith("a step would advance: 0.00% of the challenger's")
        assert share(client, model) == 10

    def test_a_named_route_has_its_canary(
        self, client: MlflowClient, canary: Canary, routes: Routes, model: str
    ) -> None:
        name = f"{model}-ab"
        routes.set(name, split(0), model=model)
        assert said(canary.start(name)) == ("start", 10, "running")
        assert '"weight": 10' in str(tag(client, model, name))

    @pytest.mark.parametrize(
        ("spoil", "sentence"),
        [
            (
                lambda client, name: client.delete_registered_model_tag(name, "penstock.policy"),
                "no traffic.canary",
            ),
            (lambda client, name: move(client, name, "2", "Archived"), "has no version in Staging"),
            (lambda client, name: move(client, name, "1", "Archived"), "has no version in Production"),
            (lambda client, name: client.set_registered_model_tag(name, TAG, "{"), "a route must be JSON"),
            (lambda client, name: client.set_registered_model_tag(name, TAG, split(60)), "60 % already"),
            (
                lambda client, name: client.set_registered_model_tag(
                    name, TAG, split(0, stage=None, version="1")
                ),
                "champion and challenger",
            ),
        ],
    )
    def test_a_canary_that_cannot_be_is_refused(
        self,
        client: MlflowClient,
        canary: Canary,
        model: str,
        spoil: Callable[[MlflowClient, str], None],
        sentence: str,
    ) -> None:
        spoil(client, model)
        with pytest.raises(InvalidMoveError, match=sentence):
            canary.start(model)

    def test_without_a_canary_there_is_nothing_to_step(self, canary: Canary, model: str) -> None:
        with pytest.raises(
            AlreadyThereError, match=f"start one: python -m serving.routes canary {model} start"
        ):
            canary.step(model)

    def test_after_its_end_a_canary_can_begin_again(self, canary: Canary, model: str) -> None:
        canary.start(model)
        canary.back(model)
        assert said(canary.start(model)) == ("start", 10, "running")


def promoting(client: MlflowClient, model: str) -> None:
    policy = json.loads(client.get_registered_model(model).tags["penstock.policy"])
    policy["traffic"]["promote"] = True
    client.set_registered_model_tag(model, "penstock.policy", json.dumps(policy))


def test_an_entry_that_was_changed_is_found(routes: Routes, database_url: str, model: str) -> None:
    import sqlite3

    routes.set(model, split(10))
    with sqlite3.connect(database_url.removeprefix("sqlite:///")) as connection:
        connection.execute("UPDATE penstock_route_journal SET reason = 'another'")
    assert routes.verify() == f"entry 1 of the journal of routes (route '{model}') was changed"


def test_a_change_is_read_as_it_was_appended(routes: Routes, model: str) -> None:
    routes.set(model, split(10), reason="why")
    [change] = routes.history(model)
    assert change == replace(change, sequence=1)
    assert isinstance(change, Change)
