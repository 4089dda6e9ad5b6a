"""Logging in to the console with MLflow's own users: what a session may, and what nobody may without one."""

import re
import uuid
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode

import pytest

from penstock.console.pages import TOPICS
from penstock.people.person import Level
from tests.service.html_checks import faults_of
from tests.service.people_fixtures import (
    ADA,
    BEN,
    AuthMlflow,
    auth_mlflow,
    basic,
    needs_basic_auth,
    password_of,
)
from tests.service.platform_fixtures import Platform, multipart, run_platform

pytestmark = [pytest.mark.slow, needs_basic_auth]
__all__ = ["auth_mlflow"]
FORM = "application/x-www-form-urlencoded"


@pytest.fixture(scope="module")
def platform(auth_mlflow: AuthMlflow, tmp_path_factory: Any) -> Iterator[Platform]:
    settings = {"auth": "mlflow", "mlflow_admin_file": auth_mlflow.admin_file}
    var_dir = tmp_path_factory.mktemp("console")
    with run_platform(auth_mlflow.uri, var_dir, with_jobs=False, **settings) as running:
        yield running


@pytest.fixture(scope="module")
def project(platform):
    made = platform.call("POST", "/api/ml/projects", {"name": "console-of-ada"}, basic(ADA))
    assert made.status == 201, made.body
    return f"{ADA}/console-of-ada"


def send(platform, path, cookie="", **typed):
    headers = {"Content-Type": FORM, **({"Cookie": cookie} if cookie else {})}
    return platform.call("POST", path, urlencode(typed).encode(), headers)


def log_in(platform, user):
    answer = send(platform, "/login", name=user, password=password_of(user))
    assert answer.status == 303, answer.body
    return answer.headers["set-cookie"].partition(";")[0]


def token_of(platform, cookie):
    return re.search(rb'name="csrf" value="(\w+)"', platform.get("/keys", Cookie=cookie).body)[1].decode()


@pytest.fixture(scope="module")
def ada(platform):
    return log_in(platform, ADA)


@pytest.fixture(scope="module")
def ben(platform):
    return log_in(platform, BEN)


@pytest.mark.parametrize(
    "path", ["/", "/projects", "/models/x", "/datasets/x", "/jobs/x", "/history", "/keys"]
)
def test_nobody_is_led_to_the_login(platform, path):
    answer = platform.get(path)
    assert (answer.status, answer.headers["location"]) == (303, f"/login?next={path}")


def test_a_part_leads_the_whole_page_to_the_login(platform):
    answer = platform.get("/alarms", HX_Request="true")
    assert (answer.status, answer.headers["hx-redirect"]) == (401, "/login?next=/alarms")


def test_the_login_is_a_sound_page(platform):
    assert faults_of(platform.get("/login?next=/models").body.decode()) == []


def test_a_wrong_password_is_told_and_not_repeated(platform):
    answer = send(platform, "/login", name=ADA, password="a wrong one", next="/models")
    page = answer.body.decode()
    assert answer.status == 401
    assert "do not belong together" in page
    assert f'value="{ADA}"' in page
    assert "a wrong one" not in page


@pytest.mark.parametrize(
    "place", ["https://evil.example/", "//evil.example", "/\\evil.example", "javascript:x"]
)
def test_a_login_never_leads_elsewhere(platform, place):
    answer = send(platform, "/login", name=ADA, password=password_of(ADA), next=place)
    assert answer.headers["location"] == "/"


def test_the_cookie_is_for_this_console_alone(platform):
    cookie = send(platform, "/login", name=ADA, password=password_of(ADA)).headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=strict" in cookie


def test_a_form_without_the_token_is_refused(platform, ada):
    answer = send(platform, "/projects/new", ada, name="stolen")
    assert answer.status == 403
    assert "stolen" not in platform.get("/projects", Cookie=ada).body.decode()


def test_a_form_with_the_token_is_taken(platform, ada):
    answer = send(platform, "/projects/new", ada, name="forms", csrf=token_of(platform, ada))
    assert (answer.status, answer.headers["location"]) == (303, f"/projects/{ADA}/forms?done=project")


def test_another_persons_token_does_not_do(platform, ada, ben):
    answer = send(platform, "/projects/new", ada, name="theirs", csrf=token_of(platform, ben))
    assert answer.status == 403


def test_an_upload_without_the_token_leaves_nothing(platform, ada):
    body = b'--x\r\nContent-Disposition: form-data; name="file"; filename="a.csv"\r\n\r\na\n1\n\r\n--x--\r\n'
    kind = {"Content-Type": "multipart/form-data; boundary=x", "Cookie": ada}
    answer = platform.call("POST", "/upload", body, kind)
    assert answer.status == 403
    assert platform.get("/api/ml/datasets", Cookie=ada).json() == []
    assert list((platform.var_dir / "projects" / ".incoming").glob("*")) == []


def test_another_tenants_project_is_not_there(platform, project, ada, ben):
    assert platform.get(f"/projects/{project}", Cookie=ada).status == 200
    theirs, none = (platform.get(path, Cookie=ben) for path in (f"/projects/{project}", "/projects/ada/none"))
    assert (theirs.status, none.status) == (404, 404)
    assert project not in platform.get("/projects", Cookie=ben).body.decode()
    assert project not in platform.get("/upload", Cookie=ben).body.decode()


def test_a_shared_project_shows_its_members(platform, project, ada, ben):
    here = f"/projects/{project}"
    answer = send(platform, f"{here}/members", ada, user=BEN, level="READ", csrf=token_of(platform, ada))
    assert answer.status == 303
    assert BEN in platform.get(here, Cookie=ada).body.decode()
    assert "Share it" not in platform.get(here, Cookie=ben).body.decode()
    answer = send(platform, f"{here}/members/remove", ada, user=BEN, csrf=token_of(platform, ada))
    assert answer.status == 303
    assert platform.get(here, Cookie=ben).status == 404


def test_sharing_with_nobody_is_told_beside_the_form(platform, project, ada):
    here = f"/projects/{project}"
    answer = send(
        platform, f"{here}/members", ada, user="no-such", level="EDIT", csrf=token_of(platform, ada)
    )
    page = answer.body.decode()
    assert answer.status == 404
    assert 'role="alert"' in page
    assert 'value="no-such"' in page


ROUTES = [route for topic in TOPICS for route in topic.router.routes]
NAMES = {
    "move": "promote",
    "/models/{name}": "private-model",
    "/work/{name}": "clean",
    "/files/{name}": "a.png",
}


def pages_of(ids):
    """The addresses of all pages about a data set, a job, a model or a version, filled with ids."""
    wanted = {f"{{{key}}}": one for key, one in (NAMES | ids).items() if not key.startswith("/")}
    wanted |= {key: key.replace("{name}", one) for key, one in NAMES.items() if key.startswith("/")}
    paths = [route.path for route in ROUTES if "GET" in route.methods and "{" in route.path]
    for place, one in wanted.items():
        paths = [path.replace(place, one) for path in paths]
    return [path for path in paths if "{" not in path]


@pytest.fixture(scope="module")
def theirs(platform, project, ada):
    """Ids of what is ada's alone: a data set with its job, and a model's version."""
    fields = {"csrf": token_of(platform, ada), "project": project}
    body, kind = multipart(b"a,b\n1,2\n3,4\n", "private-table.csv", fields)
    answer = platform.call("POST", "/upload", body, {"Content-Type": kind, "Cookie": ada})
    page = platform.get(answer.headers["location"], Cookie=ada).body.decode()
    desk = platform.desk()
    run = desk.client.create_run("0")
    desk.client.create_registered_model("private-model", tags={"penstock.project": project})
    desk.client.create_model_version("private-model", f"{run.info.artifact_uri}/model", run.info.run_id)
    desk.rights.grant(ADA, "registered_model", "private-model", Level.MANAGE)
    held = desk.versions.of("private-model")[0]
    desk.trail.close()
    found = (re.search(rf"/{kind}/([0-9a-f-]{{36}})", page)[1] for kind in ("datasets", "jobs"))
    return dict(zip(("dataset_id", "job_id"), found, strict=True), model_id=held.model_id)


WRITES = sorted(
    {re.sub(r"\{\w+[^}]*\}", "x", route.path) for route in ROUTES if "POST" in route.methods}
    - {"/login", "/upload"}
)


@pytest.mark.parametrize("path", WRITES)
def test_no_form_is_taken_without_its_token(platform, ben, path):
    answer = send(platform, path, ben, name="x")
    assert answer.status == 403, answer.body
    assert "was not sent from" in answer.body.decode() or "token" in answer.body.decode()


def test_another_tenants_things_are_not_there_on_any_page(platform, theirs, ada, ben):
    paths = pages_of(theirs)
    assert len(paths) > 15
    found = {path: platform.get(path, Cookie=ben) for path in paths}
    assert {path: answer.status for path, answer in found.items() if answer.status != 404} == {}
    told = b"".join(answer.body for answer in found.values())
    assert b"private-table" not in told
    assert b"ada" not in told.replace(b"data", b"")


def test_ids_of_another_are_told_like_none(platform, theirs, ada, ben):
    for key, path in [("dataset_id", "/datasets/"), ("job_id", "/jobs/"), ("model_id", "/versions/")]:
        none = str(uuid.uuid4())
        one, other = (platform.get(path + each, Cookie=ben) for each in (theirs[key], none))
        assert one.body.replace(theirs[key].encode(), b"") == other.body.replace(none.encode(), b"")


def test_what_is_hers_is_there_for_her(platform, theirs, ada):
    for path in (f"/datasets/{theirs['dataset_id']}", f"/jobs/{theirs['job_id']}"):
        answer = platform.get(path, Cookie=ada)
        assert answer.status == 200, path
        assert faults_of(answer.body.decode()) == [], path


def test_nothing_of_hers_is_in_his_lists(platform, theirs, ben):
    for path in ("/", "/datasets", "/jobs", "/models", "/history", "/usage", "/tests/new", "/requirement"):
        page = platform.get(path, Cookie=ben).body.decode()
        assert "private-" not in page, path


def test_logging_out_ends_the_session(platform):
    cookie = log_in(platform, BEN)
    assert send(platform, "/logout", cookie, csrf=token_of(platform, cookie)).headers["location"] == "/login"
    assert platform.get("/", Cookie=cookie).status == 303
