"""The pages over real stores: whole, named, labelled, escaped; forms keep what was typed and say why not."""

import re
from dataclasses import replace

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from penstock.api.uploads import Uploads
from penstock.console.page import HEADERS
from penstock.console.pages import mount
from penstock.desk import Desk
from penstock.jobs.job import Wanted
from penstock.people.sign_in import SignIn
from penstock.problems import Away
from penstock.records.dataset import Dataset
from penstock.records.project import Project
from serving.settings import Settings
from tests.service.html_checks import faults_of
from tests.unit.penstock.records.project_fixtures import kept

pytestmark = pytest.mark.timeout(900)
EVIL = "<script>alert('x')</script>\"&"
PROFILE = {
    "column_names": [EVIL, "plain"],
    "dtypes": {EVIL: "object", "plain": "float64"},
    "missing_values": {EVIL: 3, "plain": 0},
    "numeric_stats": {"plain": {"mean": 1.5, "std": 0.5, "min": 1.0, "50%": 1.5, "max": 2.0}},
}
RESULTS = {
    "evaluation": {"accuracy": 0.9, "intervals": {"accuracy": [0.88, 0.92]}, EVIL: 1.0,
                   "feature_importance": {EVIL: 0.7}, "prediction_examples": [{EVIL: EVIL}]},
    "training_history": {"unit": EVIL, "loss": EVIL, "train_loss": [1.0, 0.5], "validation_loss": [1.0, 0.6]},
    "training_summary": {"algorithm": EVIL, "target_column": EVIL, "hyperparameters": {EVIL: EVIL}},
    "comparison": [{"model": EVIL, "mean_score": 0.9, "std_score": 0.01}, {"model": "b", "skipped": EVIL}],
    "recommendation": {"which": EVIL, "expect": EVIL, "watch": [EVIL]},
    "model": {"name": EVIL},
}  # fmt: skip


@pytest.fixture(scope="module")
def desk(tmp_path_factory):
    root = tmp_path_factory.mktemp("console")
    return Desk(
        Settings(
            var_dir=root,
            projects_dir=root / "projects",
            tracking_uri=f"sqlite:///{root}/mlflow.db",
            database_url=f"sqlite:///{root}/penstock.db",
        )
    )


@pytest.fixture(scope="module")
def browser(desk):
    app = FastAPI()
    app.state.desk, app.state.sign_in, app.state.uploads = desk, SignIn(desk), Uploads()
    mount(app)
    return TestClient(app, base_url="http://127.0.0.1", follow_redirects=False)


@pytest.fixture(scope="module")
def project(desk):
    experiment_id = desk.client.create_experiment("ann/churn")
    return kept(desk.projects, Project("ann", "churn", experiment_id, EVIL))


@pytest.fixture(scope="module")
def dataset(desk, project):
    return desk.datasets.add(
        Dataset("d-1", project.path, "ann", EVIL, run_id="r-1", rows=1000, size_bytes=90_000_000,
                target_column=EVIL, profile=PROFILE, created_s=1.0)
    )  # fmt: skip


@pytest.fixture(scope="module")
def job(desk, project, dataset):
    asked = {"dataset_id": dataset.dataset_id, "target_column": EVIL, "algorithm": EVIL}
    made = desk.jobs.add(Wanted("train", "ann", project.path, {}, asked=asked))
    return desk.jobs.put(replace(made, state="completed", started_s=1.0, ended_s=5.0, results=RESULTS))


@pytest.fixture(scope="module")
def version(desk, project):
    desk.client.create_registered_model("churn")
    tags = {"penstock.user_version": "1.0.0", "penstock.project": project.path, "penstock.algorithm": EVIL,
            "penstock.metric": EVIL, "penstock.score": "0.9", "penstock.gate": f"fail: {EVIL}"}  # fmt: skip
    desk.client.create_model_version("churn", "file:///nowhere", tags=tags, description=EVIL)
    return desk.versions.of("churn")[0]


@pytest.fixture(scope="module")
def places(project, dataset, job, version):
    model = f"/versions/{version.model_id}"
    return {
        "/": "Overview", "/projects": "Projects", "/projects/new": "New project",
        "/projects/ann/churn": "ann/churn", "/upload": "Upload data", "/datasets": "Data sets",
        "/datasets/d-1": EVIL, "/datasets/d-1/train": f"Train: {EVIL}",
        "/datasets/d-1/compare": f"Compare models: {EVIL}", "/datasets/d-1/tune": f"Tune: {EVIL}",
        "/datasets/d-1/work/clean": f"Clean: {EVIL}", "/datasets/d-1/work/select": f"Select columns: {EVIL}",
        "/datasets/d-1/work/split": f"Split: {EVIL}", "/datasets/d-1/remove": f"Remove {EVIL}",
        "/requirement": "Say what you want", "/jobs": "Jobs", f"/jobs/{job.job_id}": f"Train: {EVIL}",
        "/models": "Models", "/models/churn": "churn", "/models/churn/route": "Route of churn",
        "/models/churn/history": "History of churn", "/models/churn/drift": "Drift and quality of churn",
        "/models/churn/rollback": "Roll back churn",
        model: "churn 1.0.0", f"{model}/promote": "Promote: churn 1.0.0",
        f"{model}/delete": "Delete: churn 1.0.0", "/tests": "A/B tests", "/tests/new": "New A/B test",
        "/history": "History", "/keys": "Keys", "/usage": "Usage and cost",
    }  # fmt: skip


def heading(html):
    import html as entities

    return entities.unescape(re.search(r"<h1>(.*?)</h1>", html, re.DOTALL)[1])


def test_every_page_is_there_under_its_name(browser, places):
    assert {path: heading(browser.get(path).text) for path in places} == places


def test_no_page_has_a_fault(browser, places):
    found = {path: faults_of(browser.get(path).text) for path in places}
    assert {path: faults for path, faults in found.items() if faults} == {}


def test_no_page_leads_where_a_browser_cannot_go(browser, places):
    assert [path for path in places if "sqlite:" in browser.get(path).text] == []


def test_no_page_lets_text_out(browser, places):
    loose = [path for path in places if "<script>alert" in browser.get(path).text]
    assert loose == []


def test_every_page_bears_the_headers(browser, places):
    for path in places:
        headers = browser.get(path).headers
        assert {name: headers[name] for name in HEADERS} == HEADERS, path


def test_only_own_scripts_may_run(browser):
    policy = browser.get("/").headers["content-security-policy"]
    assert "script-src 'self';" in policy
    assert "unsafe" not in policy


def test_a_notice_comes_from_a_list(browser, project):
    assert "The project is there." in browser.get("/projects?done=project").text
    assert "Send%20money" not in browser.get("/projects?done=Send%20money").text
    assert "Send money" not in browser.get("/projects?done=Send%20money").text


def test_a_problem_is_a_page(browser):
    answer = browser.get("/datasets/none")
    assert answer.status_code == 404
    assert "There is no data set &#39;none&#39;." in answer.text
    assert faults_of(answer.text) == []


def test_a_problem_of_a_part_is_a_sentence(browser):
    answer = browser.get("/datasets/none/rows", headers={"HX-Request": "true"})
    assert answer.status_code == 404
    assert answer.text.startswith('<p class="error" role="alert">')


def test_an_unreadable_address_is_a_page(browser):
    answer = browser.get("/projects?page=x")
    assert answer.status_code == 422
    assert "cannot be read" in answer.text


def test_a_refused_form_keeps_what_was_typed(browser):
    answer = browser.post("/projects/new", data={"name": "No Such/Name", "description": EVIL})
    assert answer.status_code == 422
    assert 'value="No Such/Name"' in answer.text
    assert '<p class="error" role="alert">' in answer.text
    assert "<script>alert" not in answer.text
    assert faults_of(answer.text) == []


def test_a_form_that_was_taken_leads_on(browser, desk):
    answer = browser.post("/projects/new", data={"name": "new-one", "description": "for later"})
    assert answer.status_code == 303
    assert re.fullmatch(r"/projects/\w+/new-one\?done=project", answer.headers["location"])


def test_another_sites_page_may_not_send_a_form(browser):
    answer = browser.post("/projects/new", data={"name": "theirs"}, headers={"Origin": "http://evil.example"})
    assert answer.status_code == 403
    assert "page of another site" in answer.text


def test_a_form_that_is_too_long_is_refused(browser):
    answer = browser.post("/projects/new", data={"name": "a" * 1_100_000})
    assert answer.status_code == 413
    assert "A form may hold 1 MB" in answer.text


def test_an_own_sample_size_must_be_given(browser, dataset):
    answer = browser.post("/datasets/d-1/train", data={"sample": "own", "target_column": "plain"})
    assert answer.status_code == 422
    assert "An own size was chosen and no number given" in answer.text
    assert re.search(r'value="own" checked', answer.text)


def test_the_size_is_told_before_work_starts(browser, dataset):
    page = browser.get("/datasets/d-1/train").text
    assert "This file has 90 MB." in page
    assert "A sample answers sooner and knows less" in page


def test_a_size_that_was_chosen_at_upload_stays_chosen(browser, dataset):
    page = browser.get("/datasets/d-1/train?sample=5000").text
    assert re.search(r'value="own" checked', page)
    assert 'value="5000"' in page


def test_a_running_job_looks_again_by_itself(browser, desk, project):
    made = desk.jobs.add(Wanted("train", "ann", project.path, {}))
    desk.jobs.put(
        replace(made, state="running", started_s=desk.now_s(), progress={"step": "tuning", "share": 0.4})
    )
    page = browser.get(f"/jobs/{made.job_id}").text
    assert f'hx-get="/jobs/{made.job_id}/live?said=' in page
    assert '<noscript><meta http-equiv="refresh"' in page
    assert "tuning, for" in page
    assert faults_of(page) == []


def test_a_job_that_is_over_is_loaded_anew(browser, job):
    assert browser.get(f"/jobs/{job.job_id}/live").headers["hx-redirect"] == f"/jobs/{job.job_id}"


def test_a_failed_job_says_why(browser, desk, project):
    made = desk.jobs.add(Wanted("ingest", "ann", project.path, {}))
    desk.jobs.put(replace(made, state="failed", why=f"the table is empty {EVIL}"))
    page = browser.get(f"/jobs/{made.job_id}").text
    assert "The table is empty &lt;script&gt;" in page


def test_a_data_set_that_could_not_be_made_says_so_in_lists(browser, desk, project):
    failed = Dataset(
        "d-2", project.path, "ann", "photo.png", profile={"why": "it is an image"}, created_s=2.0
    )
    desk.datasets.add(failed)
    page = browser.get("/datasets").text
    assert page.count("could not be made") == 1
    assert "being read" not in page


def test_a_failed_job_says_what_to_do(browser, desk, project, dataset):
    for entry, asked, place in [
        ("ingest", {}, "/upload?project=ann%2Fchurn"),
        ("train", {"dataset_id": "d-1"}, "/datasets/d-1/train"),
        ("main", {"dataset_id": "d-1"}, "/requirement?dataset=d-1"),
    ]:
        made = desk.jobs.add(Wanted(entry, "ann", project.path, {}, asked=asked))
        desk.jobs.put(replace(made, state="failed", why="'/srv/secret place/rows.csv' is empty; give rows"))
        page = browser.get(f"/jobs/{made.job_id}").text
        assert "&#39;rows.csv&#39; is empty; give rows." in page
        assert f'href="{place}"' in page
        assert faults_of(page) == []


def test_a_job_that_nobody_takes_says_so(browser, desk, project, monkeypatch):
    for running in desk.jobs.listed(states=("running",)):
        desk.jobs.put(replace(running, state="completed"))
    made = desk.jobs.add(Wanted("train", "ann", project.path, {}))
    assert "may be away" not in browser.get(f"/jobs/{made.job_id}").text
    later = desk.now_s() + 60
    monkeypatch.setattr(Desk, "now_s", staticmethod(lambda: later))
    assert "may be away" in browser.get(f"/jobs/{made.job_id}").text


def test_what_may_go_better_can_be_tried_again(browser, monkeypatch):
    def away(*_, **__):
        raise Away("MLflow does not answer as it should; try again in a moment", retry_s=5.0)

    monkeypatch.setattr("penstock.services.models.deployed", away)
    answer = browser.get("/models?page=1")
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")
    assert 'href="/models?page=1">Try again</a>' in answer.text
    assert "MLflow does not answer as it should; try again in a moment." in answer.text


def test_who_waits_for_a_log_has_read_nothing_yet(browser, desk, project):
    made = desk.jobs.add(Wanted("train", "ann", project.path, {}))
    assert "What it prints stands here" in browser.get(f"/jobs/{made.job_id}").text
    assert browser.get(f"/jobs/{made.job_id}/log").status_code == 200
    assert "Nothing like this has happened." in browser.get("/history?action=job.log").text


def test_the_history_names_what_it_is_about(browser, desk, job, dataset, version):
    from penstock.audit.trail import Event
    from penstock.people.person import Person

    by_id = f"route {version.model_id} of model churn"
    for subject in (f"job {job.job_id}", "dataset d-1", "model churn version 1", "A/B test nightly", by_id):
        desk.trail.record(Person("ann", is_admin=True), Event("job.submit", subject, dataset.project))
    page = browser.get("/history").text
    for place in (f"/jobs/{job.job_id}", "/datasets/d-1", "/models/churn", "/tests/nightly"):
        assert f'<a href="{place}">' in page
    assert ">version 1.0.0 of churn, under its id</a>" in page
    assert f"job {job.job_id}" not in page
    assert faults_of(page) == []


def test_the_ranking_marks_the_best_and_says_why_others_were_left(browser, job):
    page = browser.get(f"/jobs/{job.job_id}").text
    assert page.count('<tr class="best">') == 1
    left = r'<tr><th scope="row">b</th><td class="n">-</td><td class="n"></td><td>&lt;script&gt;'
    assert re.search(left, page)


def test_lists_are_paged(browser, desk, project):
    for number in range(45):
        desk.jobs.add(Wanted("ingest", f"p{number}", project.path, {}))
    first = browser.get("/jobs").text
    assert first.count('<li class="lane') == 40
    more = re.search(r'href="(/jobs\?after=[^"]+)">Older ones', first)[1]
    second = browser.get(more.replace("&amp;", "&")).text
    shown = [set(re.findall(r"/jobs/([0-9a-f-]{36})", page)) for page in (first, second)]
    assert shown[0].isdisjoint(shown[1])
    assert shown[1]


@pytest.mark.parametrize(
    "path", ["/jobs?after=x~y", "/datasets?after=1~", "/history?after=1~2", "/jobs?state=none"]
)
def test_a_strange_cursor_is_the_beginning(browser, path):
    assert browser.get(path).status_code == 200


def test_a_key_is_shown_once(browser):
    made = browser.post(
        "/keys", data={"name": "robot", "actions": ["predict", "read"], "models": "*", "days": "30"}
    )
    text = re.search(r'<code class="secret">([^<]+)</code>', made.text)[1]
    assert text not in browser.get("/keys").text
    assert "robot" in browser.get("/keys").text


def test_a_key_for_nothing_is_refused(browser):
    answer = browser.post("/keys", data={"name": "idle", "models": "*"})
    assert answer.status_code == 422
    assert "at least one" in answer.text
    assert 'value="idle"' in answer.text


def test_only_listed_files_are_given_out(browser):
    assert browser.get("/static/console.css").headers["content-type"].startswith("text/css")
    for name in ("../pages.py", "templates/frame.html", "vendor/../../page.py", "%2e%2e/page.py"):
        assert browser.get(f"/static/{name}").status_code == 404


def test_a_file_with_its_digest_may_be_kept(browser):
    page = browser.get("/").text
    address = re.search(r'href="(/static/console.css\?v=\w+)"', page)[1]
    assert "immutable" in browser.get(address).headers["cache-control"]


def test_a_fault_of_ours_is_a_page_with_its_id(browser, desk, monkeypatch, caplog):
    def break_(*_, **__):
        raise ZeroDivisionError("a secret value")

    monkeypatch.setattr("penstock.services.people.keys", break_)
    answer = browser.get("/keys")
    assert answer.status_code == 500
    assert "is in the log as fault" in answer.text
    assert "a secret value" not in answer.text


def test_a_requirement_that_was_met_leads_to_its_model(browser, desk, project):
    made = desk.jobs.add(Wanted("main", "ann", project.path, {}, asked={"model_name": "churn"}))
    results = RESULTS | {"deployed": {"model_id": "m-1", "message": "version 1.0.0 is staged"}}
    desk.jobs.put(replace(made, state="completed", results=results))
    page = browser.get(f"/jobs/{made.job_id}").text
    assert 'href="/versions/m-1"' in page
    assert "version 1.0.0 is staged" in page
    assert "Deploy it" not in page


def test_login_leads_home_where_nobody_signs_in(browser):
    answer = browser.get("/login")
    assert (answer.status_code, answer.headers["location"]) == (303, "/")
