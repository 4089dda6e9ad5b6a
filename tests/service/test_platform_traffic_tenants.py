"""One tenant's predictions, tests, routes and runs are nothing to another, also who guesses their names."""

import time
from collections.abc import Iterator
from typing import Any

import pytest

from penstock.desk import Desk
from penstock.people.person import Level
from penstock.services import people, projects
from penstock.services.identity import model_id
from penstock.services.versions import PROJECT
from tests.service.gateway_models import ROW, register
from tests.service.people_fixtures import ADA, BEN, AuthMlflow, auth_mlflow, basic, needs_basic_auth, person
from tests.service.platform_fixtures import Platform, run_platform

pytestmark = [pytest.mark.slow, needs_basic_auth]
__all__ = ["auth_mlflow"]
PREDICT, AB_TEST = "/api/ml/models/predict", "/api/ml/models/ab-test"
MINE, YOURS = "tenants-churn", "tenants-fraud"
"""Models of ada's, two versions, and of ben's."""
FIRST, SECOND, OTHER = model_id(MINE, "1"), model_id(MINE, "2"), model_id(YOURS, "1")


@pytest.fixture(scope="module")
def platform(auth_mlflow: AuthMlflow, tmp_path_factory: Any) -> Iterator[Platform]:
    settings = {"auth": "mlflow", "gateway_auth": "mlflow", "mlflow_admin_file": auth_mlflow.admin_file}
    folder = tmp_path_factory.mktemp("tenants")
    with run_platform(auth_mlflow.uri, folder, with_jobs=False, with_gateway=True, **settings) as running:
        desk = running.desk()
        for owner, model, count in ((ADA, MINE, 2), (BEN, YOURS, 1)):
            _registered(running, desk, owner, model, count)
        wanted = {"model_a_id": FIRST, "model_b_id": SECOND, "test_name": "adas-test", "split_ratio": 0.5}
        answer = running.call("POST", AB_TEST, wanted, basic(ADA))
        assert answer.status == 200, answer.body
        # A version that was set on a moment ago is still being fetched and loaded.
        for asked in ({"model_id": FIRST}, {"ab_test_name": "adas-test"}):
            _wait_for(running, asked | {"features": ROW})
        yield running
        desk.trail.close()


def _wait_for(platform: Platform, asked: dict[str, Any]) -> None:
    until = time.monotonic() + 180
    while (answer := platform.call("POST", PREDICT, asked, basic(ADA))).status != 200:
        assert time.monotonic() < until, answer.body
        time.sleep(0.1)


def _registered(platform: Platform, desk: Desk, owner: str, model: str, count: int) -> None:
    project = projects.make(desk, person(owner), "tenants")
    for _ in range(count):
        register(platform.uri, model, label=owner)
    desk.client.set_registered_model_tag(model, PROJECT, project.path)
    people.model_made(desk, project, model)


def answered(platform: Platform, who: str, method: str, path: str, body: Any = None) -> tuple[int, Any]:
    answer = platform.call(method, path, body, basic(who))
    return answer.status, answer.json()


def test_a_tenant_predicts_with_their_own_model_and_test(platform: Platform) -> None:
    by_id = answered(platform, ADA, "POST", PREDICT, {"model_id": FIRST, "features": ROW})
    by_test = answered(platform, ADA, "POST", PREDICT, {"ab_test_name": "adas-test", "features": ROW})
    assert (by_id[0], by_id[1]["model_id"]) == (200, FIRST)
    assert by_test[1]["model_id"] in (FIRST, SECOND)


@pytest.mark.parametrize(
    ("asked", "missing"),
    [
        ({"model_id": FIRST}, {"model_id": model_id("nobody", "1")}),
        ({"ab_test_name": "adas-test"}, {"ab_test_name": "nobodys"}),
        ({"ab_test_name": MINE}, {"ab_test_name": "nobodys"}),
    ],
)
def test_what_is_anothers_is_answered_as_what_is_not_there(
    platform: Platform, asked: dict[str, str], missing: dict[str, str]
) -> None:
    there = answered(platform, BEN, "POST", PREDICT, asked | {"features": ROW})
    gone = answered(platform, BEN, "POST", PREDICT, missing | {"features": ROW})
    name, stranger = next(iter(asked.values())), next(iter(missing.values()))
    assert there[0] == gone[0] == 404
    assert there[1]["error"]["message"].replace(name, "X") == gone[1]["error"]["message"].replace(
        stranger, "X"
    )


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("GET", f"{AB_TEST}/adas-test", None),
        ("GET", f"{AB_TEST}/adas-test/figures", None),
        ("PUT", f"{AB_TEST}/adas-test", {"split_ratio": 0.0}),
        ("DELETE", f"{AB_TEST}/adas-test", None),
        ("GET", "/api/ml/routes/adas-test", None),
        ("GET", "/api/ml/routes/adas-test/history", None),
        ("GET", "/api/ml/routes/adas-test/canary", None),
        ("POST", "/api/ml/routes/adas-test/canary/start", {}),
        ("DELETE", "/api/ml/routes/adas-test", None),
        ("GET", f"/api/ml/routes/{FIRST}", None),
        ("GET", f"/api/ml/models/{MINE}/drift", None),
        ("GET", f"/api/ml/models/{MINE}/quality", None),
        ("GET", f"/api/ml/models/{MINE}/decisions", None),
        ("POST", f"/api/ml/models/{MINE}/drift/report", None),
        ("GET", f"/api/ml/predictions?model_id={FIRST}", None),
        ("GET", f"/api/ml/predictions?model={MINE}", None),
        (
            "POST",
            AB_TEST,
            {"model_a_id": OTHER, "model_b_id": FIRST, "test_name": "theft", "split_ratio": 0.5},
        ),
    ],
)
def test_every_door_is_closed_to_the_other_tenant(
    platform: Platform, method: str, path: str, body: Any
) -> None:
    status, told = answered(platform, BEN, method, path, body)
    assert (status, told["error"]["code"]) == (404, "not_found")


def test_a_taken_name_tells_nothing_of_whose_it_is(platform: Platform) -> None:
    route = {"variants": {"only": {"model": YOURS, "version": "1", "weight": 100}}}
    status, told = answered(platform, BEN, "PUT", "/api/ml/routes/adas-test", route)
    assert (status, told["error"]["message"]) == (409, "the name 'adas-test' is taken; choose another")


def test_a_route_to_anothers_model_names_no_model_of_theirs(platform: Platform) -> None:
    route = {"variants": {"only": {"model": "tenants-chur", "version": "1", "weight": 100}}}
    status, told = answered(platform, BEN, "PUT", "/api/ml/routes/theft", route)
    assert status == 404
    assert MINE not in told["error"]["message"]


@pytest.mark.parametrize(
    "path", [AB_TEST, "/api/ml/routes?all=true", "/api/ml/predictions", "/api/ml/experiments"]
)
def test_lists_hold_nothing_of_the_other_tenants(platform: Platform, path: str) -> None:
    answered(platform, ADA, "POST", PREDICT, {"model_id": FIRST, "features": ROW})
    text = platform.call("GET", path, headers=basic(BEN)).body.decode()
    assert not [word for word in (MINE, FIRST, "adas-test", "ada/") if word in text]


def test_an_experiment_and_a_run_of_another_are_not_there(platform: Platform) -> None:
    desk = platform.desk()
    project = desk.projects.get(f"{ADA}/tenants")
    assert project is not None
    run = desk.client.create_run(project.experiment_id).info.run_id
    for path in (f"/api/ml/experiments/{project.experiment_id}/runs", f"/api/ml/runs/{run}"):
        assert answered(platform, ADA, "GET", path)[0] == 200
        assert answered(platform, BEN, "GET", path)[0] == 404


def test_who_may_read_sees_the_test_and_may_not_change_it(platform: Platform) -> None:
    desk = platform.desk()
    people.share(desk, person(ADA), f"{ADA}/tenants", BEN, Level.READ)
    try:
        status, _ = _patiently(platform, f"{AB_TEST}/adas-test", 200)
        assert status == 200
        changed = answered(platform, BEN, "PUT", f"{AB_TEST}/adas-test", {"split_ratio": 1.0})
        assert (changed[0], changed[1]["error"]["code"]) == (403, "not_allowed")
    finally:
        people.unshare(desk, person(ADA), f"{ADA}/tenants", BEN)


def test_nobody_predicts_without_signing_in(platform: Platform) -> None:
    assert platform.post(PREDICT, {"model_id": FIRST, "features": ROW}).status == 401


def _patiently(platform: Platform, path: str, wanted: int) -> tuple[int, Any]:
    """Grants are known to each process within MLflow's own time to live."""
    deadline = time.monotonic() + 90
    while (found := answered(platform, BEN, "GET", path))[0] != wanted and time.monotonic() < deadline:
        time.sleep(1)
    return found
