"""The lifecycle over both kinds of registry: a real MLflow server, and an SQL store without one."""

import itertools
import os
import subprocess
import sys
import warnings
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from mlflow import MlflowClient

from serving.lifecycle.moves import (
    AlreadyThereError,
    InvalidMoveError,
    Lifecycle,
    LifecycleError,
    PeopleNeededError,
    UnknownModelError,
)
from tests.conftest import REPO, pick_free_port

_numbers = itertools.count(1)


@pytest.fixture(scope="module")
def sql_uri(tmp_path_factory):
    return f"sqlite:///{tmp_path_factory.mktemp('registry')}/mlflow.db"


@pytest.fixture(params=["rest", "sql"])
def uri(request):
    if request.param == "rest":
        return request.getfixturevalue("mlflow_server").uri
    return request.getfixturevalue("sql_uri")


@pytest.fixture
def client(uri):
    return MlflowClient(uri, uri)


@pytest.fixture
def make(client):
    """Makes a registered model of the test's own name with so many versions; the gate's tag for each."""

    def make(count, gate="pass", name=None):
        name = name or f"churn {next(_numbers)}"
        client.create_registered_model(name)
        for _ in range(count):
            client.create_model_version(name, source="s3://nowhere/x", tags={"penstock.gate": gate})
        return name

    return make


@pytest.fixture
def lifecycle(client, tmp_path):
    return Lifecycle(client, f"sqlite:///{tmp_path}/penstock.db", actor="ann", wait_s=120.0)


def stages(client, name):
    found = client.search_model_versions(f"name='{name}'")
    return {str(version.version): version.current_stage for version in found}


def aliases(client, name):
    found = client.get_registered_model(name).aliases
    return {alias: str(version) for alias, version in found.items()}


def set_policy(client, name, text):
    client.set_registered_model_tag(name, "penstock.policy", text)


def move_elsewhere(client, name, version, stage, *, archive=False):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)
        client.transition_model_version_stage(name, version, stage, archive_existing_versions=archive)


def steps(moves):
    return [f"{move.version}: {move.from_stage} -> {move.to_stage} ({move.action})" for move in moves]


class TestMoves:
    def test_a_promoted_version_is_in_production(self, client, make, lifecycle):
        name = make(2)
        lifecycle.promote(name, "1")
        assert stages(client, name) == {"1": "Production", "2": "None"}

    def test_a_move_is_told_as_it_was(self, make, lifecycle):
        name = make(1)
        move = lifecycle.promote(name, 1, to="staging", reason="looks well")
        assert (move.model, move.version, move.from_stage, move.to_stage) == (name, "1", "None", "Staging")
        assert (move.actor, move.reason, move.external) == ("ann", "looks well", False)
        assert datetime.now(UTC) - move.time < timedelta(seconds=30)

    def test_a_promotion_sends_the_version_before_to_archived(self, client, make, lifecycle):
        name = make(2)
        lifecycle.promote(name, "1")
        lifecycle.promote(name, "2")
        assert stages(client, name) == {"1": "Archived", "2": "Production"}
        assert steps(lifecycle.history(name)) == [
            "1: None -> Production (promote)",
            "1: Production -> Archived (replaced)",
            "2: None -> Production (promote)",
        ]

    def test_aliases_follow_the_stages(self, client, make, lifecycle):
        name = make(2)
        lifecycle.promote(name, "1")
        lifecycle.promote(name, "2", to="Staging")
        assert aliases(client, name) == {"production": "1", "staging": "2"}

    def test_an_emptied_stage_loses_its_alias(self, client, make, lifecycle):
        name = make(1)
        lifecycle.promote(name, "1")
        lifecycle.archive(name, "1")
        assert aliases(client, name) == {}

    def test_other_aliases_are_left_alone(self, client, make, lifecycle):
        name = make(1)
        client.set_registered_model_alias(name, "blue", "1")
        lifecycle.promote(name, "1")
        assert aliases(client, name) == {"blue": "1", "production": "1"}

    def test_a_version_is_demoted_step_by_step(self, client, make, lifecycle):
        name = make(1)
        lifecycle.promote(name, "1")
        moves = [lifecycle.demote(name, "1"), lifecycle.demote(name, "1")]
        assert [move.to_stage for move in moves] == ["Staging", "None"]
        with pytest.raises(InvalidMoveError, match="is in None; only from Production or Staging can"):
            lifecycle.demote(name, "1")

    def test_a_version_that_is_there_already_makes_no_entry(self, make, lifecycle):
        name = make(1)
        lifecycle.promote(name, "1")
        with pytest.raises(AlreadyThereError, match=f"version 1 of '{name}' is in Production already"):
            lifecycle.promote(name, "1")
        assert len(lifecycle.history(name)) == 1

    def test_promoting_one_of_two_in_production_leaves_it_alone_there(self, client, make, lifecycle):
        name = make(2)
        move_elsewhere(client, name, "1", "Production")
        move_elsewhere(client, name, "2", "Production")
        lifecycle.promote(name, "1")
        assert stages(client, name) == {"1": "Production", "2": "Archived"}

    def test_a_name_with_an_apostrophe_is_moved(self, client, make, lifecycle):
        name = make(1, name=f"o'hara {datetime.now(UTC).timestamp()}")
        assert lifecycle.promote(name, "1").to_stage == "Production"


class TestRefusals:
    def test_an_unknown_model_is_said_with_its_near_name(self, make, lifecycle):
        name = make(1)
        with pytest.raises(UnknownModelError, match=f"no registered model '{name}x'; did you mean '{name}'"):
            lifecycle.promote(f"{name}x", "1")

    @pytest.mark.parametrize("version", ["7", "one", "", "-1"])
    def test_an_unknown_version_is_said_with_the_known(self, make, lifecycle, version):
        name = make(2)
        with pytest.raises(InvalidMoveError, match=f"has no version '{version}'; its versions are: 1, 2"):
            lifecycle.promote(name, version)

    def test_a_version_whose_gate_failed_is_not_promoted(self, client, make, lifecycle):
        name = make(1, gate="fail: AUC > 0.85")
        with pytest.raises(InvalidMoveError, match=r"failed its gate \(AUC > 0.85\); use force to"):
            lifecycle.promote(name, "1")
        assert stages(client, name) == {"1": "None"}

    def test_a_version_whose_gate_failed_is_promoted_by_force(self, make, lifecycle):
        name = make(1, gate="fail: AUC > 0.85")
        move = lifecycle.promote(name, "1", force=True, reason="urgent")
        assert move.reason == "urgent (forced; gate fail: AUC > 0.85)"

    def test_a_version_whose_gate_failed_may_stand_in_staging(self, make, lifecycle):
        name = make(1, gate="fail: AUC > 0.85")
        assert lifecycle.promote(name, "1", to="Staging").to_stage == "Staging"


class TestRollback:
    def test_it_goes_back_to_the_version_before(self, client, make, lifecycle):
        name = make(3)
        for version in ("1", "3", "2"):
            lifecycle.promote(name, version)
        assert lifecycle.rollback(name).version == "3"
        assert stages(client, name) == {"1": "Archived", "2": "Archived", "3": "Production"}
        assert aliases(client, name) == {"production": "3"}

    def test_twice_goes_further_back_and_then_says_so(self, make, lifecycle):
        name = make(3)
        for version in ("1", "2", "3"):
            lifecycle.promote(name, version)
        assert [lifecycle.rollback(name).version, lifecycle.rollback(name).version] == ["2", "1"]
        with pytest.raises(LifecycleError, match="nothing to go back to: version 1 is in Production"):
            lifecycle.rollback(name)

    def test_a_deleted_version_is_skipped(self, client, make, lifecycle):
        name = make(3)
        for version in ("1", "2", "3"):
            lifecycle.promote(name, version)
        client.delete_model_version(name, "2")
        assert lifecycle.rollback(name).version == "1"

    def test_a_given_version_is_gone_back_to(self, make, lifecycle):
        name = make(3)
        for version in ("1", "2", "3"):
            lifecycle.promote(name, version)
        assert lifecycle.rollback(name, to_version="1", reason="bad week").reason == "bad week"

    def test_a_given_version_that_was_never_in_production_is_refused(self, make, lifecycle):
        name = make(2)
        lifecycle.promote(name, "1")
        with pytest.raises(InvalidMoveError, match=f"version 2 of '{name}' has never been in Production"):
            lifecycle.rollback(name, to_version="2")

    def test_a_registry_older_than_the_journal_goes_back_to_its_last_archived(self, client, make, lifecycle):
        name = make(3)
        for version in ("1", "2", "3"):
            move_elsewhere(client, name, version, "Production", archive=True)
        assert lifecycle.rollback(name).version == "2"

    def test_one_version_is_in_production_after_another_client_left_two(self, client, make, lifecycle):
        name = make(3)
        lifecycle.promote(name, "1")
        move_elsewhere(client, name, "3", "Production")
        assert lifecycle.rollback(name).version == "1"
        assert stages(client, name) == {"1": "Production", "2": "None", "3": "Archived"}

    def test_nothing_in_production_ever_is_said(self, make, lifecycle):
        with pytest.raises(LifecycleError, match="no version is in Production, and no earlier one is known"):
            lifecycle.rollback(make(1))


class TestObservation:
    def test_a_move_made_elsewhere_is_journalled_as_external(self, client, make, lifecycle):
        name = make(2)
        lifecycle.promote(name, "1")
        move_elsewhere(client, name, "2", "Production", archive=True)
        observed = lifecycle.observe(name, {"1": "Archived", "2": "Production"})
        assert steps(observed) == ["1: Production -> Archived (external)", "2: None -> Production (external)"]
        assert {move.actor for move in observed} == {"external"}

    def test_observing_again_finds_nothing(self, client, make, lifecycle):
        name = make(1)
        move_elsewhere(client, name, "1", "Staging")
        assert [len(lifecycle.observe(name, stages(client, name))) for _ in range(2)] == [1, 0]

    def test_own_moves_are_not_external(self, client, make, lifecycle):
        name = make(2)
        lifecycle.promote(name, "1")
        lifecycle.promote(name, "2")
        assert lifecycle.observe(name, stages(client, name)) == []

    def test_a_poll_that_is_out_of_date_journals_nothing(self, make, lifecycle):
        name = make(1)
        lifecycle.promote(name, "1")
        assert lifecycle.observe(name, {"1": "None"}) == []

    def test_a_move_made_elsewhere_is_journalled_before_the_next_own(self, client, make, lifecycle):
        name = make(2)
        move_elsewhere(client, name, "1", "Production")
        lifecycle.promote(name, "2")
        assert steps(lifecycle.history(name))[0] == "1: None -> Production (external)"

    def test_a_deleted_model_is_observed(self, client, make, lifecycle):
        name = make(1)
        lifecycle.promote(name, "1")
        client.delete_registered_model(name)
        assert steps(lifecycle.observe(name, {})) == ["1: Production -> Deleted (external)"]

    def test_nothing_is_journalled_while_another_moves_the_model(self, client, make, lifecycle, tmp_path):
        name = make(1)
        move_elsewhere(client, name, "1", "Staging")
        other = Lifecycle(client, f"sqlite:///{tmp_path}/penstock.db", actor="ben")
        with lifecycle._scene(name):
            move_elsewhere(client, name, "1", "Production")
            assert other.observe(name, {"1": "Production"}) == []

    def test_the_history_tells_who_was_in_production_when(self, client, tmp_path, make):
        name, start = make(2), datetime.now(UTC) + timedelta(hours=1)
        times = iter([start + timedelta(minutes=minute) for minute in range(1000)])
        lifecycle = Lifecycle(
            client, f"sqlite:///{tmp_path}/penstock.db", actor="ann", now=lambda: next(times)
        )
        moves = [lifecycle.promote(name, "1"), lifecycle.promote(name, "2"), lifecycle.rollback(name)]
        before = [lifecycle.production_at(name, move.time - timedelta(seconds=1)) for move in moves]
        assert before == [None, "1", "2"]
        assert lifecycle.production_at(name, moves[-1].time) == "1"

    def test_a_time_without_a_zone_is_refused(self, lifecycle):
        with pytest.raises(InvalidMoveError, match="a time must have its zone"):
            lifecycle.production_at("churn", datetime(2026, 7, 31))  # noqa: DTZ001


class TestTwoAtOnce:
    def test_two_promotions_at_once_come_one_after_the_other(self, client, make, lifecycle):
        name = make(6)
        with ThreadPoolExecutor(6) as pool:
            moves = list(pool.map(lambda number: lifecycle.promote(name, number), range(1, 7)))
        assert sorted(stages(client, name).values()) == ["Archived"] * 5 + ["Production"]
        last = max(moves, key=lambda move: move.sequence)
        assert stages(client, name)[last.version] == "Production"
        assert aliases(client, name) == {"production": last.version}
        assert lifecycle.verify() is None
        assert not any(move.external for move in lifecycle.history(name))

    def test_who_waits_too_long_is_told(self, client, make, tmp_path, lifecycle):
        name = make(1)
        impatient = Lifecycle(client, f"sqlite:///{tmp_path}/penstock.db", actor="ben", wait_s=0.1)
        with (
            lifecycle._scene(name),
            pytest.raises(LifecycleError, match=f"moving '{name}' is held by ann; try again"),
        ):
            impatient.promote(name, "1")

    @pytest.mark.slow
    def test_two_promotions_from_two_processes_come_one_after_the_other(
        self, uri, client, make, tmp_path, lifecycle
    ):
        name = make(2)
        environ = os.environ | {"MLFLOW_TRACKING_URI": uri, "PENSTOCK_VAR_DIR": str(tmp_path)}
        command = [sys.executable, "-m", "serving.lifecycle", "promote", name]
        running = [
            subprocess.Popen([*command, version], cwd=REPO, env=environ, stdout=subprocess.DEVNULL)
            for version in ("1", "2")
        ]
        assert [process.wait(240) for process in running] == [0, 0]
        assert sorted(stages(client, name).values()) == ["Archived", "Production"]
        assert [move.action for move in lifecycle.history(name)] == ["promote", "replaced", "promote"]
        assert lifecycle.verify() is None


def test_mlflow_away_is_one_sentence_within_seconds(tmp_path, monkeypatch):
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "1")
    uri = f"http://127.0.0.1:{pick_free_port()}"
    lifecycle = Lifecycle(MlflowClient(uri, uri), f"sqlite:///{tmp_path}/penstock.db", actor="ann")
    with pytest.raises(LifecycleError, match=f"MLflow at {uri} cannot be reached to read 'churn'"):
        lifecycle.promote("churn", "1")


@pytest.mark.parametrize("policy", ['{"promotion": {"people": 2}}', '{"promotion": "two"}', "{"])
def test_one_person_cannot_promote_where_the_policy_asks_for_two(lifecycle, client, make, policy):
    name = make(1)
    set_policy(client, name, policy)
    with pytest.raises(PeopleNeededError, match=f"'{name}' into Production, 2 people must agree"):
        lifecycle.promote(name, 1, force=True)
    assert stages(client, name) == {"1": "None"}
    assert lifecycle.promote(name, 1, to="Staging").to_stage == "Staging"
    assert lifecycle.promote(name, 1, agreed=2).to_stage == "Production"


def test_the_way_back_needs_no_second_person(lifecycle, client, make):
    name = make(2)
    lifecycle.promote(name, 1)
    lifecycle.promote(name, 2)
    set_policy(client, name, '{"promotion": {"people": 2}}')
    assert lifecycle.rollback(name).version == "1"
