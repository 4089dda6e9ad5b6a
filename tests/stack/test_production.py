"""The production stack by hand: the commands of docker-compose.yml with real servers, used and mistreated.

One stack for all tests, which follow one another as days in its life do. tests/stack/by_hand.py says how its
processes differ from compose's containers.
"""

import json
import os
import shutil
import signal
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from serving.prediction_log.read import read
from tests.infra.composed import composed, env_file
from tests.stack.alerting import get, listening_webhook
from tests.stack.by_hand import Service, list_model_servers
from tests.stack.production import REPLICAS, Stack, prepared, skip_where_it_cannot_run
from tests.stack.rain import ANN, EARLY, END, LATE, NAME, PASSWORD, POLICY, TARGET, Scene, signed_in

pytestmark = [pytest.mark.slow, pytest.mark.timeout(2400)]
QUICKLY = {
    "PENSTOCK_MONITOR_INTERVAL_S": "1",
    "PENSTOCK_MONITOR_WINDOW_S": "10",
    "PENSTOCK_LOG_SEGMENT_S": "2",
}
"""Seconds where the stack has minutes."""
MINIMAL = {
    "postgres", "s3", "redis", "setup", "mlflow", "gateway", "monitor", "api", "jobs", "prometheus",
    "alertmanager",
}  # fmt: skip
USERS = 40
CALLS = 200


@pytest.fixture(scope="module")
def scene(shared_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    skip_where_it_cannot_run()
    weather = pd.read_csv(shared_data / "drift" / "weather_noaa.csv").rename(columns={"target": TARGET})
    root = tmp_path_factory.mktemp("production")
    with (
        listening_webhook() as webhook,
        prepared(
            root, f"http://127.0.0.1:{webhook.port}", more=QUICKLY, PENSTOCK_TRUSTED_MODELS="*"
        ) as stack,
    ):
        stack.up(stack.profile("minimal"))
        yield Scene(stack, webhook, weather)


@pytest.fixture(scope="module")
def stack(scene: Scene) -> Stack:
    return scene.stack


@pytest.fixture(scope="module")
def user(scene: Scene) -> Scene:
    """The scene with ann, whom the administrator made over the API."""
    status, told = scene.ask("api", "/api/ml/users", scene.admin(), {"name": ANN, "password": PASSWORD})
    assert status == 201, told
    return scene


@pytest.fixture(scope="module")
def training(user: Scene, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """A training of ann's on the earliest days, with its results."""
    file = tmp_path_factory.mktemp("days") / "early.csv"
    user.weather.iloc[:EARLY].to_csv(file, index=False)
    dataset = user.ann.upload_dataset(file, target_column=TARGET)
    job = user.ann.train(dataset["dataset_id"], target_column=TARGET, algorithm="logistic", cv=2)
    return user.ann.wait(job["job_id"])


@pytest.fixture(scope="module")
def versions(user: Scene, training: dict[str, Any]) -> tuple[str, str]:
    """The ids of version 1, which answers, and of version 2."""
    first, second = (user.deploy(training["job_id"], version) for version in ("1.0.0", "1.1.0"))
    user.ann.promote(first)
    user.stack.wait_until(lambda: answers(user), "the gateway serves the model")
    return first, second


def answers(scene: Scene) -> bool:
    body = json.dumps({"dataframe_records": scene.records(0, 1)}).encode()
    return scene.gateway.predict(NAME, body, **signed_in(ANN, PASSWORD)).status == 200


def test_the_minimal_profile_comes_up_in_the_order_of_its_file(stack: Stack) -> None:
    assert set(stack.parts) == MINIMAL
    for part in stack.parts.values():
        took = part.healthy_after_s
        print(f"{part.service.label:14} {took:6.1f} s {part.memory() / 2**20:6.0f} MiB of {part.limit()}")
        assert took is not None
    began = {name: part.started_s for name, part in stack.parts.items()}
    assert began["setup"] < began["mlflow"] < began["gateway"] < began["api"] < began["jobs"]


def test_idle_each_service_is_below_its_limit(stack: Stack) -> None:
    over = {
        name: part.memory() for name, part in stack.parts.items() if part.memory() >= part.service.mem_limit()
    }
    assert over == {}


@pytest.mark.parametrize(
    ("service", "path"),
    [
        ("gateway", f"/models/{NAME}"),
        ("mlflow", "/api/2.0/mlflow/experiments/search?max_results=1"),
        ("api", "/api/ml/models/deployed"),
    ],
)
def test_nobody_is_let_in_without_a_password(scene: Scene, service: str, path: str) -> None:
    assert scene.ask(service, path, None)[0] == 401


def test_a_move_on_the_registrys_own_page_archives_what_was_there(scene: Scene) -> None:
    def ask(what: str, body: dict[str, Any]) -> Any:
        status, told = scene.ask("mlflow", f"/api/2.0/mlflow/{what}", scene.admin(), {"name": "page", **body})
        assert status == 200, told
        return told

    ask("registered-models/create", {})
    for _ in range(2):
        version = ask("model-versions/create", {"source": "s3://nowhere/model"})["model_version"]["version"]
        moved = {"version": version, "stage": "Production", "archive_existing_versions": True}
        ask("model-versions/transition-stage", moved)
    found = ask("registered-models/get-latest-versions", {"stages": ["Production", "Archived"]})
    assert {each["version"]: each["current_stage"] for each in found["model_versions"]} == {
        "1": "Archived", "2": "Production",
    }  # fmt: skip


def test_a_wrong_secret_of_the_store_is_a_sentence_and_an_exit_code(stack: Stack) -> None:
    setup = Service(stack.house, "setup")
    secret = stack.house.root / "secrets" / "s3_admin_credentials"
    right = secret.read_text(encoding="utf-8")
    secret.write_text(right[:-9] + "wrongful\n", encoding="utf-8")
    try:
        done = stack.run("setup", setup.command)
    finally:
        secret.write_text(right, encoding="utf-8")
    assert done.returncode == 1
    assert "Forbidden" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_trained_and_promoted_version_answers_what_its_training_said(
    user: Scene, training: dict[str, Any], versions: tuple[str, str]
) -> None:
    examples = training["results"]["evaluation"]["prediction_examples"]
    rows = [{name: each[name] for name in user.columns} for each in examples]
    expected = [each["prediction"] for each in examples]
    assert user.ann.predict(rows, model_id=versions[0])["prediction"] == expected
    assert user.predictions.predict(NAME, rows).predictions == expected


def test_two_versions_share_the_users_and_each_user_meets_one(user: Scene, versions: tuple[str, str]) -> None:
    user.ann.ab_test(*versions, "umbrella", split_ratio=0.5)
    row = user.records(0, 1)[0]

    def met() -> list[str]:
        named = (f"user {number}" for number in range(USERS))
        return [user.ann.predict(row, ab_test_name="umbrella", user_id=name)["model_id"] for name in named]

    first = met()
    assert set(first) == set(versions)
    # Five standard deviations of a binomial.
    assert abs(first.count(versions[0]) - USERS / 2) < 5 * (USERS / 4) ** 0.5
    assert met() == first


def test_redis_may_be_restarted(user: Scene, stack: Stack, versions: tuple[str, str]) -> None:
    stack.restart("redis")
    days = user.weather.iloc[:200]
    assert user.ann.upload_dataset(days, name="after", target_column=TARGET)["rows"] == 200


def test_postgresql_is_restarted_under_load_and_no_prediction_fails(
    user: Scene, stack: Stack, versions: tuple[str, str]
) -> None:
    with user.load() as load:
        load.wait_for(CALLS, 120)
        stack.restart("postgres")
        load.wait_for(len(load.answers) + CALLS, 120)
    assert load.failures[:5] == []
    stack.wait_until(lambda: is_listed(user), "the API and MLflow recover")
    gone = {
        name: stack.log(name)[-3000:] for name, part in stack.parts.items() if part.process.poll() is not None
    }
    assert set(gone) == {"setup"}, gone


def is_listed(user: Scene) -> bool:
    return user.ask("api", "/api/ml/models/deployed", (ANN, PASSWORD))[0] == 200


def test_what_is_answered_while_the_store_is_away_reaches_it_when_it_is_back(
    user: Scene, stack: Stack, versions: tuple[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    store = stack.parts["s3"].process
    store.send_signal(signal.SIGUSR1)
    with user.load(pause_s=0.05) as load:
        stack.wait_until(lambda: user.gateway.metric("penstock_log_backlog_files") > 0, "a backlog is told")
        load.wait_for(CALLS, 120)
        problems = user.gateway.ready()["log"]["problems"]
    store.send_signal(signal.SIGUSR2)
    assert load.failures[:5] == []
    assert "s3://penstock/predictions could not be asked" in problems[0]
    answered = {prediction_id for _, _, prediction_id in load.answers}
    gateway = stack.parts["gateway"].service
    for name in ("AWS_ENDPOINT_URL_S3", "AWS_DEFAULT_REGION", "AWS_SHARED_CREDENTIALS_FILE"):
        monkeypatch.setenv(name, gateway.environ[name])

    def stored() -> set[str]:
        table = read(stack.house.root / "elsewhere", model=NAME, s3_uri="s3://penstock/predictions")
        return set(table["prediction_id"].to_pylist())

    stack.wait_until(lambda: answered <= stored(), "all answers are in the bucket")


def test_drift_is_found_told_and_answered_by_a_retraining(user: Scene, versions: tuple[str, str]) -> None:
    tag = {"name": NAME, "key": "penstock.policy", "value": json.dumps(POLICY)}
    assert user.ask("mlflow", "/api/2.0/mlflow/registered-models/set-tag", (ANN, PASSWORD), tag)[0] == 200
    assert len(list(user.live(LATE, END))) == END - LATE
    told = user.webhook

    def is_told() -> bool:
        user.predictions.predict(NAME, user.rows(LATE, END))  # a window is short here, so traffic goes on
        return bool(told.alerts("DataDrift") or told.alerts("QualityDrop"))

    user.stack.wait_until(is_told, "the team is told")
    # Where the quality is known to have dropped, nobody is told of the drift beside it.
    _, alert = (told.alerts("QualityDrop") or told.alerts("DataDrift"))[0]
    assert alert["labels"]["model"] == NAME
    over = {"registered", "not_better"}
    user.stack.wait_until(
        lambda: over & {each["decision"] for each in user.decisions()}, "it is retrained", 900
    )
    started = next(each for each in reversed(user.decisions()) if each["decision"] == "retrain")
    assert "of its columns" in started["reasons"][0]


def test_a_rollback_brings_the_version_back_that_answered_before(
    user: Scene, versions: tuple[str, str]
) -> None:
    first, second = versions
    user.ann.promote(second)
    told = user.ann.rollback(NAME)
    assert told["model_id"] == first
    row = user.records(0, 1)
    user.stack.wait_until(lambda: user.predictions.predict(NAME, row).versions == ["1"], "version 1 answers")


def test_the_full_profile_comes_up_over_the_minimal_one(
    user: Scene, stack: Stack, versions: tuple[str, str]
) -> None:
    given = {"PENSTOCK_SECRETS": f"{stack.house.root}/secrets", "PENSTOCK_TRUSTED_MODELS": "*"}
    owner = env_of(stack)
    stack.house = replace(
        stack.house, document=composed(owner | env_file("infra/production/full.env") | given)
    )
    list_model_servers(stack.house, REPLICAS)
    stack.stop("gateway")  # its environment is another one, so compose makes it anew
    stack.up(stack.profile("full"), replicas={"model-server": REPLICAS, "jobs": REPLICAS})
    stack.wait_until(lambda: answers(user), "the gateway forwards")
    for name in ("model-server", "model-server-2", "jobs-2", "evidently"):
        part = stack.parts[name]
        print(f"{name:14} {part.healthy_after_s:6.1f} s {part.memory() / 2**20:6.0f} MiB of {part.limit()}")
        assert part.memory() < part.service.mem_limit()
    asked = (
        f"{stack.house.url('prometheus')}/api/v1/query?query=sum(up%7Bjob%3D%22penstock-model-server%22%7D)"
    )
    stack.wait_until(
        lambda: [each["value"][1] for each in get(asked)["data"]["result"]] == [str(REPLICAS)],
        "Prometheus sees the model servers",
    )


def env_of(stack: Stack) -> dict[str, str]:
    lines = (stack.house.root / ".env").read_text(encoding="utf-8").splitlines()
    return dict(line.split("=", 1) for line in lines)


def test_a_killed_model_server_costs_no_more_than_the_requests_that_it_had(
    user: Scene, stack: Stack, versions: tuple[str, str]
) -> None:
    assert "model-server-2" in stack.parts, "the full profile must be up"
    with user.load() as load:
        load.wait_for(CALLS, 120)
        killed = stack.parts["model-server-2"].service
        stack.stop("model-server-2", signal.SIGKILL)
        load.wait_for(len(load.answers) + 2 * CALLS, 120)
    # What it had may have been processed, so that nobody else is given it: its caller is told to come again.
    told = "the connection ended before the answer was whole; try again in a second"
    assert [failure for failure in load.failures if told not in failure] == []
    assert len(load.failures) <= load.clients
    assert len(load.answers) >= 3 * CALLS
    stack.start(killed)  # as `restart: unless-stopped` does
    stack.wait_until_healthy("model-server-2")


def test_a_back_up_restored_into_an_empty_stack_predicts_the_same(
    user: Scene, stack: Stack, versions: tuple[str, str], tmp_path_factory: pytest.TempPathFactory
) -> None:
    place = str(stack.house.root / "backup")
    Path(place).mkdir(exist_ok=True)
    Path(place).chmod(0o1777)
    rows = user.records(LATE, LATE + 50)
    expected = user.predictions.predict(NAME, rows)
    done = penstock(stack, "backup", "create", place)
    assert done.returncode == 0, done.stderr
    assert penstock(stack, "backup", "verify", place).returncode == 0
    root = tmp_path_factory.mktemp("again")
    with prepared(root, "http://127.0.0.1:9", secrets_of=stack.house) as second:
        second.up(["postgres", "s3", "setup"])
        done = penstock(second, "backup", "restore", place)
        assert done.returncode == 0, done.stderr
        again = penstock(second, "backup", "restore", place)
        assert again.returncode == 2, again.stderr
        assert "is not empty" in again.stderr
        second.up(["postgres", "s3", "setup", "mlflow", "gateway"])
        there = replace(user, stack=second, client=None)
        second.wait_until(lambda: answers(there), "the second stack serves the model")
        found = there.predictions.predict(NAME, rows)
    assert found.predictions == expected.predictions
    assert found.probabilities == expected.probabilities
    assert set(found.versions) == set(expected.versions)


def penstock(stack: Stack, *command: str) -> Any:
    """A command of `penstock` as the service `api` has it, with what it needs to know of MLflow's stores."""
    secrets = stack.house.root / "secrets"
    lines = dict(line.split("=", 1) for line in (secrets / "mlflow_env").read_text().splitlines())
    accounts = next(
        line.partition(" = ")[2]
        for line in (secrets / "mlflow_auth").read_text().splitlines()
        if line.startswith("database_uri")
    )
    words = ["--accounts-database", accounts] if command[1] != "verify" else []
    where = {
        "MLFLOW_BACKEND_STORE_URI": lines["MLFLOW_BACKEND_STORE_URI"],
        "MLFLOW_ARTIFACTS_DESTINATION": "s3://penstock/mlflow",
    }
    return stack.run("api", ["python", "-m", "penstock", *command, *words], **where)


def test_nothing_is_left_when_a_stack_ends(tmp_path_factory: pytest.TempPathFactory) -> None:
    skip_where_it_cannot_run()
    root = tmp_path_factory.mktemp("short")
    with prepared(root, "http://127.0.0.1:9") as stack:
        stack.up(["postgres", "redis"])
        pids = [process.pid for part in stack.parts.values() for process in part.tree()]
    assert len(pids) > 2
    deadline = time.monotonic() + 30
    while (left := [pid for pid in pids if is_alive(pid)]) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert left == []
    shutil.rmtree(root / "volumes", ignore_errors=True)


def is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True
