"""What the console's pages say while something that they need is away, and of files that cannot be taken."""

import html
import re
import time

import pytest

from tests.conftest import pick_free_port, run_mlflow_server
from tests.service.html_checks import faults_of
from tests.service.platform_fixtures import multipart, run_platform

pytestmark = pytest.mark.slow
MOST_BYTES = 1_000_000
SOON_S = 30.0
"""How long a person is kept waiting at the most for a page that says that something is away."""
NEED_NOTHING_ELSE = [
    "/projects",
    "/projects/new",
    "/datasets",
    "/jobs",
    "/upload",
    "/history",
    "/usage",
    "/keys",
]
NEED_MLFLOW = ["/", "/models", "/models/churn", "/models/churn/route", "/versions/x", "/tests/new"]


@pytest.fixture(scope="module")
def mlflow(tmp_path_factory):
    """A server of this file's own, which is stopped in its midst."""
    return run_mlflow_server(tmp_path_factory.mktemp("mlflow"), pick_free_port())


@pytest.fixture(scope="module")
def platform(mlflow, tmp_path_factory):
    mlflow.__enter__()
    uri, var_dir = f"http://127.0.0.1:{mlflow.port}", tmp_path_factory.mktemp("platform")
    try:
        settings = {"api_max_upload_bytes": MOST_BYTES, "monitor_port": pick_free_port()}
        with run_platform(uri, var_dir, with_jobs=False, **settings) as running:
            yield running
    finally:
        mlflow.__exit__(None, None, None)


@pytest.fixture(scope="module")
def waiting(platform):
    """A data set that nobody reads, as no service works jobs off."""
    answer = sent(platform, b"a,b\n1,2\n3,4\n", "small.csv")
    assert answer.status == 303, answer.body
    return answer.headers["location"].partition("?")[0]


def sent(platform, content, name):
    body, kind = multipart(content, name, {"csrf": ""})
    return platform.call("POST", "/upload", body, {"Content-Type": kind})


def said(page):
    """What a page says went wrong."""
    found = re.search(r'<p [^>]*role="alert">(.*?)</p>', page.body.decode(), re.DOTALL)
    return html.unescape(found[1]) if found else page.body.decode()


def test_a_file_that_is_too_large_is_refused_by_its_length(platform):
    answer = sent(platform, b"a\n" + b"1\n" * MOST_BYTES, "large.csv")
    assert answer.status == 413
    assert said(answer).startswith(
        "The file is larger than 1 MB, which is the most that is taken; send a part"
    )
    assert 'name="file"' in answer.body.decode()


def test_an_empty_file_is_told_beside_the_form(platform):
    answer = sent(platform, b"", "empty.csv")
    assert answer.status == 422
    assert said(answer).startswith("The file is empty")


def test_a_form_without_a_file_is_told(platform):
    kind = {"Content-Type": "multipart/form-data; boundary=x"}
    body = b'--x\r\nContent-Disposition: form-data; name="csrf"\r\n\r\n\r\n--x--\r\n'
    answer = platform.call("POST", "/upload", body, kind)
    assert answer.status == 422
    assert "no file" in said(answer)


def test_the_overview_says_that_the_monitor_is_away(platform):
    page = platform.get("/alarms").body.decode()
    assert "does not answer (Connection refused); start it." in page
    assert faults_of(page) == []


def test_figures_without_a_gateway_are_told_in_a_sentence(platform):
    client = platform.desk().client
    run = client.create_run("0")
    client.create_registered_model("routed")
    client.create_model_version("routed", f"{run.info.artifact_uri}/model", run.info.run_id)
    answer = platform.get("/models/routed/route")
    assert answer.status == 200
    assert re.search(r"The gateway[^<]*does not answer", answer.body.decode())
    assert "Errno" not in answer.body.decode()


@pytest.fixture(scope="module")
def without_mlflow(platform, waiting, mlflow):
    """The platform, with what it had when MLflow went."""
    time.sleep(6)  # what was read a moment ago is shown yet
    mlflow.__exit__(None, None, None)
    return platform


@pytest.mark.parametrize("path", NEED_NOTHING_ELSE)
def test_a_page_that_needs_no_mlflow_is_there_without_it(without_mlflow, path):
    answer = without_mlflow.get(path)
    assert answer.status == 200, said(answer)
    assert faults_of(answer.body.decode()) == []


@pytest.mark.parametrize("path", NEED_MLFLOW)
def test_a_page_that_needs_mlflow_says_that_it_is_away(without_mlflow, path):
    begun = time.monotonic()
    answer = without_mlflow.get(path)
    assert (answer.status, answer.headers["retry-after"]) == (503, "5"), said(answer)
    assert re.fullmatch(r"MLflow at \S+ cannot be reached to .*; is it running\?", said(answer))
    assert f'<a class="button main" href="{path}">Try again</a>' in answer.body.decode()
    assert faults_of(answer.body.decode()) == []
    assert time.monotonic() - begun < SOON_S


def test_a_data_set_is_shown_without_mlflow(without_mlflow, waiting):
    assert without_mlflow.get(waiting).status == 200


def test_a_job_that_nobody_takes_says_who_is_away(without_mlflow, waiting):
    job = re.search(r"/jobs/[0-9a-f-]{36}", without_mlflow.get(waiting).body.decode())[0]
    deadline = time.monotonic() + 60
    while (
        "may be away" not in (page := without_mlflow.get(job).body.decode()) and time.monotonic() < deadline
    ):
        time.sleep(1)
    assert "python -m penstock.jobs" in page
    assert "waits for its turn" in page
    assert faults_of(page) == []
