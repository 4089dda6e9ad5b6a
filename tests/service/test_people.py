"""People over a real MLflow with basic-auth: who may do what, and what becomes of what is taken away."""

import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from penstock.desk import Desk
from penstock.jobs.job import Wanted as WantedJob
from penstock.people.job_accounts import job_environ, needed, sweep_job_accounts
from penstock.people.person import Level
from penstock.people.sign_in import SESSION_COOKIE, SignIn
from penstock.people.well_known import Holder, claim
from penstock.problems import BadRequest, Conflict, NotAllowed, NotFound, NotSignedIn, Problem, TooMany
from penstock.services import people, projects
from serving.callers.asking import Credentials, ask
from serving.callers.grants import GrantBook
from serving.keys.key import Wanted
from tests.service.people_fixtures import (
    ADA,
    ADMIN,
    BEN,
    AuthMlflow,
    auth_mlflow,
    needs_basic_auth,
    password_of,
    person,
)
from tests.service.people_fixtures import basic as basic_header

pytestmark = [pytest.mark.slow, needs_basic_auth]
__all__ = ["auth_mlflow"]
HERE = "127.0.0.1"
PERMISSIONS = "/api/3.0/mlflow/users/permissions"


@pytest.fixture(scope="module")
def desk(auth_mlflow: AuthMlflow, tmp_path_factory: Any) -> Iterator[Desk]:
    made = auth_mlflow.desk(tmp_path_factory.mktemp("people"))
    yield made
    made.trail.close()


@pytest.fixture(scope="module")
def signing(desk: Desk) -> SignIn:
    return SignIn(desk)


@pytest.fixture(scope="module")
def shop(desk: Desk) -> str:
    """A project of ada's, with a registered model."""
    project = projects.make(desk, person(ADA), "shop")
    desk.client.create_registered_model("shop-churn", {"penstock.project": project.path})
    people.model_made(desk, project, "shop-churn")
    return project.path


@pytest.fixture
def shared(desk: Desk, shop: str) -> Iterator[str]:
    """The same, shared with ben to look at."""
    people.share(desk, person(ADA), shop, BEN, Level.READ)
    yield shop
    people.unshare(desk, person(ADA), shop, BEN)


def level(desk: Desk, user: str, name: str = "shop-churn") -> Level:
    return desk.rights.level(person(user), "registered_model", name)


def as_user(desk: Desk, user: str, path: str, password: str = "", **told: Any) -> int:
    """The status of a question to MLflow itself, as a user."""
    return ask(
        desk.settings.tracking_uri, path, Credentials(user, password or password_of(user)), told=told
    ).status


def recorded(desk: Desk, action: str) -> list[tuple[str, str, str]]:
    from penstock.audit.trail import ENTRIES

    with desk.database.begin(is_read_only=True) as connection:
        rows = connection.execute(ENTRIES.select().where(ENTRIES.c.action == action))
        return [(row.actor, row.subject, row.outcome) for row in rows]


def test_a_project_is_its_owners_and_nobody_elses(desk: Desk, shop: str) -> None:
    assert projects.get(desk, person(ADA), shop, Level.MANAGE).path == "ada/shop"
    with pytest.raises(NotFound, match="there is no project 'ada/shop'"):
        projects.get(desk, person(BEN), shop)
    assert projects.get(desk, person(ADMIN), shop, Level.MANAGE).path == "ada/shop"


def test_a_project_that_one_may_not_see_is_answered_like_one_that_is_not_there(desk: Desk, shop: str) -> None:
    said = []
    for path in (shop, "ada/shoq"):
        with pytest.raises(NotFound) as told:
            projects.get(desk, person(BEN), path)
        said.append((str(told.value).replace(path, "PATH"), told.value.code))
    assert said[0] == said[1]


def test_a_new_model_is_its_projects(desk: Desk, shop: str) -> None:
    assert (level(desk, ADA), level(desk, BEN)) == (Level.MANAGE, Level.NONE)


def test_who_gets_a_project_gets_its_models_and_mlflow_itself_says_the_same(desk: Desk, shared: str) -> None:
    experiment = desk.projects.get(shared).experiment_id  # type: ignore[union-attr]
    assert (projects.get(desk, person(BEN), shared).path, level(desk, BEN)) == (shared, Level.READ)
    assert as_user(desk, BEN, "/api/2.0/mlflow/experiments/get", experiment_id=experiment) == 200
    assert as_user(desk, BEN, "/api/2.0/mlflow/registered-models/get", name="shop-churn") == 200
    with pytest.raises(NotAllowed, match="to change project 'ada/shop' takes EDIT, and you have READ"):
        projects.get(desk, person(BEN), shared, Level.EDIT)
    with pytest.raises(NotAllowed, match="takes MANAGE"):
        people.share(desk, person(BEN), shared, BEN, Level.MANAGE)


def test_members_are_listed_and_models_made_later_are_shared_too(desk: Desk, shared: str) -> None:
    found = people.members(desk, person(BEN), shared)
    assert [(each.user, each.level.name, each.is_owner) for each in found] == [
        (ADA, "MANAGE", True),
        (BEN, "READ", False),
    ]
    desk.client.create_registered_model("shop-later", {"penstock.project": shared})
    people.model_made(desk, projects.get(desk, person(ADA), shared), "shop-later")
    assert level(desk, BEN, "shop-later") == Level.READ


def test_what_was_taken_away_is_gone_here_and_in_mlflow(desk: Desk, shop: str) -> None:
    people.share(desk, person(ADA), shop, BEN, Level.EDIT)
    assert level(desk, BEN) == Level.EDIT
    people.unshare(desk, person(ADA), shop, BEN)
    assert level(desk, BEN) == Level.NONE
    assert as_user(desk, BEN, "/api/2.0/mlflow/registered-models/get", name="shop-churn") == 403


def test_a_tag_that_a_member_changed_keeps_no_right(desk: Desk, shop: str) -> None:
    project = projects.get(desk, person(ADA), shop)
    run_id = desk.client.create_run(project.experiment_id).info.run_id
    desk.client.create_registered_model("shop-kept", {"penstock.project": shop})
    desk.client.create_model_version("shop-kept", source=f"runs:/{run_id}/m", run_id=run_id)
    people.model_made(desk, project, "shop-kept")
    people.share(desk, person(ADA), shop, BEN, Level.EDIT)
    desk.client.set_registered_model_tag("shop-kept", "penstock.project", "ben/own")  # as ben may, in MLflow
    assert level(desk, BEN, "shop-kept") == Level.EDIT
    people.unshare(desk, person(ADA), shop, BEN)
    assert (level(desk, BEN, "shop-kept"), level(desk, ADA, "shop-kept")) == (Level.NONE, Level.MANAGE)


def test_whose_project_is_shared_no_more_has_no_jobs_in_it(desk: Desk, shop: str) -> None:
    people.share(desk, person(ADA), shop, BEN, Level.EDIT)
    waiting, adas = (desk.jobs.add(WantedJob("train", user, shop, {})) for user in (BEN, ADA))
    people.unshare(desk, person(ADA), shop, BEN)
    assert [desk.jobs.get(job.job_id).state for job in (waiting, adas)] == ["cancelled", "pending"]  # type: ignore[union-attr]
    with (
        pytest.raises(NotAllowed, match="ben may not change project 'ada/shop' any more"),
        job_environ(desk, waiting),
    ):
        pass
    assert [one.name for one in desk.accounts.listed() if one.name.startswith("job-")] == []
    machine = replace(waiting, wanted=replace(waiting.wanted, asked={"at_the_machine": True}))
    assert needed(desk, machine)[0][2] == Level.EDIT
    desk.jobs.ask_to_cancel(adas.job_id, "test")


def as_ben(desk: Desk, path: str, **told: Any) -> Any:
    reply = ask(
        desk.settings.tracking_uri, path, Credentials(BEN, password_of(BEN)), method="POST", told=told
    )
    assert reply.status == 200, reply.message
    return reply.content


def test_whoever_came_first_to_the_audits_experiment_has_no_hand_in_it(desk: Desk) -> None:
    assert desk.trail.mirror is not None
    desk.trail.mirror.close()  # its next turn is a minute after the next entry
    found = desk.client.get_experiment_by_name("penstock audit")
    if found is not None:  # of another test's trail
        desk.client.rename_experiment(found.experiment_id, "penstock audit of others")
    number = as_ben(desk, "/api/2.0/mlflow/experiments/create", name="penstock audit")["experiment_id"]
    told = {"trail": desk.trail.name, "sequence": 10**15, "sha256": "0", "time": "2026"}
    tag = {"key": f"penstock.audit.head.{desk.trail.name}", "value": json.dumps(told)}
    as_ben(desk, "/api/2.0/mlflow/experiments/set-experiment-tag", experiment_id=number, **tag)
    assert claim(desk) == [Holder(BEN, Level.MANAGE)]
    assert as_user(desk, BEN, "/api/2.0/mlflow/experiments/get", experiment_id=number) == 403
    assert desk.trail.mirror.head(desk.trail.name) is None
    assert ("penstock", "experiment penstock audit", "done") in recorded(desk, "experiment.claim")
    desk.trail.mirror.flush()
    assert desk.trail.mirror.head(desk.trail.name) is not None
    assert claim(desk) == []
    assert desk.trail.mirror.head(desk.trail.name) is not None


def test_no_project_is_made_in_an_experiment_that_others_hold(desk: Desk) -> None:
    number = as_ben(desk, "/api/2.0/mlflow/experiments/create", name="ada/bait")["experiment_id"]
    desk.accounts.grant(ADA, "experiment", number, "MANAGE")
    desk.grants.forget()
    with pytest.raises(Conflict, match="MLflow has an experiment 'ada/bait' that is not yours"):
        projects.make(desk, person(ADA), "bait")


def test_a_right_taken_away_in_mlflow_is_gone_when_its_answer_is_old(desk: Desk, shop: str) -> None:
    now = [0.0]
    book = GrantBook(desk.settings.tracking_uri, clock=lambda: now[0])
    desk.accounts.grant(BEN, "registered_model", "shop-churn", "USE")
    assert book.of(BEN).level("registered_model", "shop-churn") == 2  # type: ignore[union-attr]
    desk.accounts.revoke(BEN, "registered_model", "shop-churn")
    now[0] = 10.0
    assert book.of(BEN).level("registered_model", "shop-churn") == 0  # type: ignore[union-attr]


@pytest.mark.parametrize(
    "grants",
    [(), (("1", "READ"),), (("*", "EDIT"),), (("*", "MANAGE"), ("1", "DENY")), (("*", "READ"), ("1", "USE"))],
)
def test_levels_are_those_that_mlflow_tells_itself(desk: Desk, grants: Any) -> None:
    for resource, permission in grants:
        desk.accounts.grant(BEN, "experiment", resource, permission)
    try:
        desk.grants.forget()
        for resource in ("1", "999"):
            told = {"username": BEN, "resource_type": "experiment", "resource_id": resource}
            reply = ask(
                desk.settings.tracking_uri,
                f"{PERMISSIONS}/get",
                Credentials(ADMIN, password_of(ADMIN)),
                told=told,
            )
            said = str(reply.content["permission"])
            mlflows = Level[said] if said in Level.__members__ else Level.NONE
            assert desk.rights.level(person(BEN), "experiment", resource) == mlflows
    finally:
        for resource, _ in grants:
            desk.accounts.revoke(BEN, "experiment", resource)
        desk.grants.forget()


def test_sharing_with_nobody_and_with_the_owner_is_refused(desk: Desk, shop: str) -> None:
    with pytest.raises(NotFound, match="there is no user 'eve'"):
        people.share(desk, person(ADA), shop, "eve", Level.READ)
    with pytest.raises(Conflict, match="is ada's own"):
        people.share(desk, person(ADA), shop, ADA, Level.READ)


def test_only_administrators_make_users_and_who_is_removed_is_gone_everywhere(
    desk: Desk, signing: SignIn
) -> None:
    with pytest.raises(NotAllowed, match="administrators' business"):
        people.make_user(desk, person(ADA), "eve", password_of("eve"))
    people.make_user(desk, person(ADMIN), "eve", password_of("eve"))
    session, key = signing.sign_in("eve", password_of("eve"), HERE), make_key(desk, "eve")
    assert [user.name for user in people.users(desk, person(ADMIN))] == [ADA, ADMIN, BEN, "eve"]
    people.remove_user(desk, person(ADMIN), "eve")
    signing.forget("eve")
    for headers in (basic("eve"), cookie(session), {"x-api-key": key}):
        with pytest.raises(NotSignedIn):
            later(signing).person(headers, HERE)
    assert ("admin", "user eve", "done") in recorded(desk, "user.remove")


def test_a_user_made_anew_under_an_old_name_does_not_inherit_the_keys(desk: Desk, signing: SignIn) -> None:
    people.make_user(desk, person(ADMIN), "fay", password_of("fay"))
    key = make_key(desk, "fay")
    desk.accounts.remove("fay")  # as in MLflow's own pages
    people.make_user(desk, person(ADMIN), "fay", password_of("fay"))
    with pytest.raises(NotSignedIn, match="unknown, revoked or expired"):
        later(signing).person({"x-api-key": key}, HERE, path="/api/ml/datasets")
    people.remove_user(desk, person(ADMIN), "fay")


def test_a_namesake_made_in_mlflow_itself_does_not_inherit_the_keys_either(
    desk: Desk, signing: SignIn
) -> None:
    people.make_user(desk, person(ADMIN), "gil", password_of("gil"))
    key, path = make_key(desk, "gil"), "/api/ml/datasets"
    fresh = people.rotate_key(desk, person("gil"), key.split("_")[1]).text
    assert later(signing).person({"x-api-key": key}, HERE, path=path).name == "gil"
    desk.accounts.remove("gil")
    desk.accounts.make("gina", password_of("gina"))  # SQLite gives the newest number to the next
    desk.accounts.make("gil", password_of("gil"))
    for text in (key, fresh):
        with pytest.raises(NotSignedIn, match="speaks for a user whom MLflow knows no more"):
            later(signing).person({"x-api-key": text}, HERE, path=path)
    assert [one.key_id for one in desk.keys.listed() if one.owner == "gil" and not one.revoked_at] == []
    for name in ("gil", "gina"):
        desk.accounts.remove(name)


@pytest.mark.parametrize("name", ["job-1", "../etc", "a b", "ada'--"])
def test_names_that_cannot_be_users_are_refused(desk: Desk, name: str) -> None:
    with pytest.raises(BadRequest, match="a user's name must be"):
        people.make_user(desk, person(ADMIN), name, "a long password")


def test_a_short_password_and_a_name_that_is_taken_are_refused(desk: Desk) -> None:
    with pytest.raises(BadRequest, match="12 to 1000 characters"):
        people.make_user(desk, person(ADMIN), "eve", "short")
    with pytest.raises(Conflict, match="there is a user 'ben' already"):
        people.make_user(desk, person(ADMIN), BEN, password_of(BEN))


def basic(user: str, password: str = "") -> dict[str, str]:
    """The header with its name in small letters, as sign-in reads mappings."""
    return {name.lower(): value for name, value in basic_header(user, password).items()}


def cookie(token: str) -> dict[str, str]:
    return {"cookie": f"{SESSION_COOKIE}={token}"}


def later(signing: SignIn) -> SignIn:
    """Another process's sign-in, which holds nothing in memory."""
    return SignIn(replace(signing._desk))


def make_key(desk: Desk, user: str, *actions: Any, **more: Any) -> str:
    wanted = Wanted("a machine", actions=actions or ("read",), **more)
    return people.make_key(desk, person(user), wanted).text


def test_a_password_says_who_somebody_is(signing: SignIn) -> None:
    found = [signing.person(basic(user), HERE) for user in (ADA, ADMIN)]
    assert [(each.name, each.is_admin, each.address) for each in found] == [
        (ADA, False, HERE),
        (ADMIN, True, HERE),
    ]
    assert signing.known(basic(ADA), HERE) == found[0]


def test_nobody_and_strangers_are_told_what_to_send(signing: SignIn) -> None:
    with pytest.raises(NotSignedIn, match="nobody is signed in; send an MLflow user's name"):
        signing.person({}, HERE)
    for wrong in (basic(ADA, "wrong"), basic("nobody", "wrong")):
        with pytest.raises(NotSignedIn, match="MLflow does not know this user and password"):
            signing.person(wrong, HERE)


def test_guessing_is_slowed_down_and_on_the_audit_trail_without_the_password(desk: Desk) -> None:
    signing = SignIn(desk)
    statuses = []
    for number in range(8):
        with pytest.raises(Problem) as told:
            signing.person(basic("mallory", f"guess-{number}"), "10.1.1.1")
        statuses.append(told.value.status)
    assert statuses[:5] == [401] * 5
    assert 429 in statuses[5:]
    with pytest.raises(TooMany, match="too many wrong passwords; try again in") as slowed:
        signing.sign_in("mallory", "guess", "10.1.1.1")
    assert slowed.value.retry_s
    assert ("mallory", "user mallory", "refused") in recorded(desk, "login")
    assert b"guess-" not in (desk.settings.var_dir / "penstock.db").read_bytes()
    assert signing.person(basic(BEN), HERE).name == BEN


def test_a_session_is_its_cookies_and_writes_need_its_token(signing: SignIn) -> None:
    token = signing.sign_in(ADA, password_of(ADA), HERE)
    assert signing.person(cookie(token), HERE).name == ADA
    with pytest.raises(NotAllowed, match="needs the session's token in X-CSRF-Token"):
        signing.person(cookie(token), HERE, method="POST")
    sent = cookie(token) | {"x-csrf-token": signing.csrf(token)}
    assert signing.person(sent, HERE, method="POST").name == ADA
    assert signing.person(cookie(token), HERE, method="POST", csrf=signing.csrf(token)).name == ADA
    with pytest.raises(NotAllowed, match="a page of another site"):
        signing.person(sent | {"origin": "http://evil.example", "host": "here"}, HERE, method="POST")
    signing.sign_out(token)
    with pytest.raises(NotSignedIn, match="this session is over; sign in again"):
        signing.person(cookie(token), HERE)


def test_a_new_password_ends_the_sessions(desk: Desk, signing: SignIn) -> None:
    people.make_user(desk, person(ADMIN), "cleo", password_of("cleo"))
    token = signing.sign_in("cleo", password_of("cleo"), HERE)
    people.set_password(desk, person(ADMIN), "cleo", "another long password")
    signing.forget("cleo")
    with pytest.raises(NotSignedIn, match="session is over"):
        signing.person(cookie(token), HERE)
    with pytest.raises(NotSignedIn):
        signing.person(basic("cleo"), HERE)
    assert signing.person(basic("cleo", "another long password"), HERE).name == "cleo"


def test_a_user_made_anew_under_an_old_name_does_not_inherit_the_session(desk: Desk, signing: SignIn) -> None:
    people.make_user(desk, person(ADMIN), "dan", password_of("dan"))
    token = signing.sign_in("dan", password_of("dan"), HERE)
    desk.accounts.remove("dan")  # as in MLflow's own pages
    desk.accounts.make("dora", password_of("dora"))  # SQLite gives the newest number to the next
    desk.accounts.make("dan", password_of("dan"))
    with pytest.raises(NotSignedIn, match="session is over"):
        later(signing).person(cookie(token), HERE)


def test_a_key_speaks_for_its_owner_within_what_it_is_for(desk: Desk, signing: SignIn, shop: str) -> None:
    text = make_key(desk, ADA, "read", "train", project="shop")
    for headers in ({"x-api-key": text}, {"authorization": f"Bearer {text}"}):
        someone = signing.person(headers, HERE, path="/api/ml/datasets")
        assert (someone.name, someone.is_admin, someone.actor) == (ADA, False, "ada (key a machine)")
    trains = signing.person(headers, HERE, method="POST", path="/api/ml/models/train")
    assert projects.get(desk, trains, shop, Level.EDIT).path == shop
    with pytest.raises(NotAllowed, match="takes EDIT, and you have READ"):
        projects.get(desk, someone, shop, Level.EDIT)
    with pytest.raises(NotAllowed, match="and this takes 'deploy'"):
        signing.person(headers, HERE, method="POST", path="/api/ml/models/deploy")
    other = projects.make(desk, person(ADA), "other").path
    with pytest.raises(NotFound, match="there is no project 'ada/other'"):
        projects.get(desk, someone, other)
    with pytest.raises(NotAllowed, match="a key makes no keys"):
        people.make_key(desk, someone, Wanted("more"))


def test_a_key_of_ben_does_not_open_what_is_adas(desk: Desk, signing: SignIn, shop: str) -> None:
    someone = signing.person({"x-api-key": make_key(desk, BEN, "manage", "read")}, HERE, path="/api/ml/x")
    with pytest.raises(NotFound):
        projects.get(desk, someone, shop)
    with pytest.raises(NotAllowed, match="a key speaks for whoever makes it"):
        people.make_key(desk, person(BEN), Wanted("stolen", owner=ADA))
    with pytest.raises(NotFound):
        people.make_key(desk, person(BEN), Wanted("stolen", project=shop))


def test_only_an_unbounded_key_of_an_administrator_is_one(desk: Desk, signing: SignIn) -> None:
    bounds = ({}, {"models": ("churn*",)})
    keys = [make_key(desk, ADMIN, "manage", "read", **bound) for bound in bounds]
    assert [signing.person({"x-api-key": key}, HERE).is_admin for key in keys] == [True, False]


def test_keys_end_when_revoked_and_are_shown_to_their_owner_only(desk: Desk, signing: SignIn) -> None:
    made = people.make_key(desk, person(ADA), Wanted("short", actions=("read",)))
    headers = {"x-api-key": made.text}
    assert later(signing).person(headers, HERE, path="/api/ml/datasets").name == ADA
    with pytest.raises(NotFound, match="you have no key"):
        people.revoke_key(desk, person(BEN), made.key.key_id)
    assert made.key.key_id not in [key.key_id for key in people.keys(desk, person(BEN))]
    fresh = people.rotate_key(desk, person(ADA), made.key.key_id, keep_s=0.0)
    with pytest.raises(NotSignedIn, match="unknown, revoked or expired"):
        later(signing).person(headers, HERE)
    people.revoke_key(desk, person(ADA), fresh.key.key_id)
    with pytest.raises(NotSignedIn, match="unknown, revoked or expired"):
        later(signing).person({"x-api-key": fresh.text}, HERE)


def test_a_job_has_no_right_beyond_its_project(desk: Desk, shop: str) -> None:
    other = projects.make(desk, person(ADA), "elsewhere")
    job = desk.jobs.add(WantedJob("train", ADA, shop, {"data": "x.csv"}))
    project = projects.get(desk, person(ADA), shop)
    with job_environ(desk, job) as environ:
        name, password = environ["MLFLOW_TRACKING_USERNAME"], environ["MLFLOW_TRACKING_PASSWORD"]
        assert name == f"job-{job.job_id}"
        assert password != password_of(ADMIN)

        def status(path: str, **told: Any) -> int:
            return as_user(desk, name, path, password, **told)

        assert status("/api/2.0/mlflow/experiments/get", experiment_id=project.experiment_id) == 200
        assert status("/api/2.0/mlflow/experiments/get", experiment_id=other.experiment_id) == 403
        assert status("/api/2.0/mlflow/registered-models/get", name="shop-churn") == 403
        assert status("/api/2.0/mlflow/users/get", username=ADMIN) == 403
        assert [user.name for user in people.users(desk, person(ADMIN)) if user.name == name] == []
    assert status("/api/2.0/mlflow/experiments/get", experiment_id=project.experiment_id) == 401


def test_a_job_may_read_what_it_was_given_as_far_as_its_owner_may(desk: Desk, shop: str) -> None:
    experiment = projects.get(desk, person(ADA), shop).experiment_id
    run = desk.client.create_run(experiment)
    mine = projects.make(desk, person(BEN), "mine")
    given = {"data": f"runs:/{run.info.run_id}", "model": "shop-churn", "champion": "models:/shop-churn/1"}
    job = desk.jobs.add(WantedJob("evaluate", BEN, mine.path, given))
    assert needed(desk, job) == [("experiment", mine.experiment_id, Level.EDIT)]
    people.share(desk, person(ADA), shop, BEN, Level.READ)
    assert sorted(needed(desk, job)) == sorted(
        [
            ("experiment", mine.experiment_id, Level.EDIT),
            ("experiment", experiment, Level.READ),
            ("registered_model", "shop-churn", Level.READ),
        ]
    )
    people.unshare(desk, person(ADA), shop, BEN)


def test_accounts_that_a_crash_left_are_swept_once_their_jobs_are_over(desk: Desk, shop: str) -> None:
    jobs = [desk.jobs.add(WantedJob("train", ADA, shop, {})) for _ in range(2)]
    for job in jobs:
        desk.accounts.make(f"job-{job.job_id}", "a random password")
    desk.jobs.put(replace(jobs[0], state="failed"))
    assert sweep_job_accounts(desk) == 1
    left = [account.name for account in desk.accounts.listed() if account.name.startswith("job-")]
    assert left == [f"job-{jobs[1].job_id}"]
    with job_environ(desk, jobs[1]):
        pass
    assert sweep_job_accounts(desk) == 0
