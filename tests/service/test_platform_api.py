"""The API's own manners: errors in one form, headers, repeated writes, bounds, and whatever may be sent."""

import http.client
import os
import re
import socket
import subprocess
import sys
import time

import psutil
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from penstock.api.app import make_app
from penstock.api.openapi import document
from serving.settings import load
from tests.service.platform_fixtures import REPO, run_platform

EXAMPLES = 4
AWAY = ("away", "gateway_away", "monitor_away")
"""Neither of both runs here; what needs them may say so."""
LEAKS = re.compile(r"Traceback|/site-packages/|sqlalchemy|sqlite3|psycopg|File \\\"")
UPLOADED = 300_000_000
BOUNDARY = b"b0undary"


@pytest.fixture(scope="module")
def platform(mlflow_server, tmp_path_factory):
    with run_platform(
        mlflow_server.uri, tmp_path_factory.mktemp("api"), with_jobs=False, api_wait_s=1,
        api_max_upload_bytes=UPLOADED + 1000,
    ) as running:  # fmt: skip
        yield running


def told(answer):
    error = answer.json()["error"]
    assert answer.json()["status"] == "error"
    assert {"code", "message", "cause", "fix"} <= set(error)
    return answer.status, error["code"], error["message"]


class TestErrors:
    def test_an_unknown_path(self, platform):
        sentence = "there is nothing at '/api/ml/nothing'; `GET /docs` lists what there is"
        assert told(platform.get("/api/ml/nothing")) == (404, "not_found", sentence)

    def test_a_wrong_method(self, platform):
        status, code, sentence = told(platform.call("DELETE", "/api/ml/datasets"))
        assert (status, code) == (405, "wrong_method")
        assert sentence == "DELETE is not for '/api/ml/datasets'; it takes GET"

    def test_broken_json(self, platform):
        answer = platform.call("POST", "/api/ml/projects", b"{", {"Content-Type": "application/json"})
        assert told(answer)[:2] == (400, "bad_json")

    def test_another_content_type(self, platform):
        answer = platform.call("POST", "/api/ml/projects", b"name=a", {"Content-Type": "text/plain"})
        assert told(answer)[:2] == (415, "wrong_content_type")

    def test_a_large_body(self, platform):
        answer = platform.call("POST", "/api/ml/projects", {"name": "x" * 1_000_001})
        assert told(answer)[:2] == (413, "too_large")

    def test_an_unknown_field_with_the_nearest_name(self, platform):
        answer = platform.post("/api/ml/projects", {"nme": "x"})
        assert told(answer) == (422, "unknown_field", "there is no field 'nme'; did you mean 'name'?")

    def test_an_unknown_query_parameter(self, platform):
        answer = platform.get("/api/ml/datasets?limt=3")
        sentence = "there is no query parameter 'limt'; did you mean 'limit'?"
        assert told(answer) == (422, "unknown_field", sentence)

    def test_several_faults_are_all_told(self, platform):
        answer = platform.post("/api/ml/data/clean", {"outlier_threshold": -1})
        fields = [each["field"] for each in answer.json()["error"]["details"]["errors"]]
        assert fields == ["dataset_id", "outlier_threshold"]

    @pytest.mark.parametrize("body", [b"[]", b"3", b'"x"', b"null"])
    def test_json_that_is_no_object(self, platform, body):
        answer = platform.call("POST", "/api/ml/projects", body, {"Content-Type": "application/json"})
        assert answer.status == 422

    def test_a_version_that_is_not(self, platform):
        sentence = "there is no version 2 of this API; call /api/v1/ml or /api/ml"
        assert told(platform.get("/api/v2/ml/datasets"))[2] == sentence

    def test_mlflow_away_is_told_and_nothing_is_made(self, tmp_path):
        with run_platform("http://127.0.0.1:9", tmp_path, with_jobs=False) as alone:
            answer = alone.post("/api/ml/projects", {"name": "x"})
            assert told(answer)[:2] == (503, "away")
            assert int(answer.headers["retry-after"]) >= 1
            assert alone.get("/ready").json()["parts"]["mlflow"] is False
            assert alone.get("/api/ml/projects").json() == []


class TestHeaders:
    def test_an_answer_has_an_id_a_version_and_guards(self, platform):
        headers = platform.get("/api/ml/datasets").headers
        assert re.fullmatch(r"[0-9a-f-]{36}", headers["x-request-id"])
        assert headers["x-penstock-api-version"] == "1"
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["content-security-policy"] == "default-src 'none'; frame-ancestors 'none'"

    def test_a_callers_id_is_kept_if_it_is_one(self, platform):
        assert platform.get("/health", X_Request_Id="abc-1").headers["x-request-id"] == "abc-1"
        assert platform.get("/health", X_Request_Id="a b").headers["x-request-id"] != "a b"

    def test_the_versioned_path_is_the_same(self, platform):
        assert platform.get("/api/v1/ml/datasets").json() == platform.get("/api/ml/datasets").json()

    def test_what_the_caller_has_is_not_sent_again(self, platform):
        tag = platform.get("/api/ml/projects").headers["etag"]
        again = platform.get("/api/ml/projects", If_None_Match=tag)
        assert (again.status, again.body) == (304, b"")

    def test_the_log_holds_no_query(self, platform):
        platform.get("/api/ml/datasets?project=secret%2Fthing")
        assert "secret" not in platform.logged("GET /api/ml/datasets 404")

    def test_a_path_cannot_forge_a_line_of_the_log(self, platform):
        platform.get("/api/ml/x%0Aforged")
        assert "GET /api/ml/x\\nforged 404" in platform.logged("forged 404")

    def test_a_repeated_write_is_answered_as_before(self, platform):
        first, again = (
            platform.post("/api/ml/projects", {"name": "once"}, Idempotency_Key="p-1") for _ in range(2)
        )
        assert (first.status, first.json()) == (again.status, again.json())
        assert again.headers["idempotent-replayed"] == "true"


class TestDescription:
    def test_every_operation_has_an_example_and_a_summary(self, platform):
        made = platform.get("/openapi.json").json()
        bare = []
        for path, item in made["paths"].items():
            for method, operation in item.items():
                body = operation.get("requestBody", {}).get("content", {})
                if not operation.get("summary") or (body and not has_example(made, body)):
                    bare.append(f"{method} {path}")
        assert bare == []

    def test_the_page_asks_nobody_else_for_anything(self, platform):
        page = platform.get("/docs")
        assert page.status == 200
        assert "script" not in page.headers["content-security-policy"]
        links = re.findall(r'(?:src|href)="([^"]+)"', page.body.decode())
        assert all(link.startswith(("/", "#")) for link in links)
        assert "POST</b> <code>/api/ml/datasets/upload</code>" in page.body.decode()

    def test_the_page_shows_how_to_call(self, platform):
        assert "-F file=@telco.csv" in platform.get("/docs").body.decode()

    def test_the_style_is_served(self, platform):
        assert platform.get("/docs/style.css").headers["content-type"].startswith("text/css")


def has_example(made, content):
    for each in content.values():
        schema = each.get("schema", {})
        while "$ref" in schema:
            schema = made["components"]["schemas"][schema["$ref"].rsplit("/", 1)[-1]]
        if "example" in each or "examples" in each or "examples" in schema or "example" in schema:
            return True
    return False


class TestStatus:
    def test_health_is_the_process_alone(self, platform):
        assert platform.get("/health").json() == {"status": "ok"}

    def test_readiness_names_what_does_not_answer(self, platform):
        wanted = {"ready": False, "parts": {"database": True, "mlflow": True, "gateway": False}}
        until = time.monotonic() + 60
        while (answer := platform.get("/ready")).json() != wanted and time.monotonic() < until:
            time.sleep(0.1)  # MLflow is waited for no longer than two seconds
        assert (answer.status, answer.json()) == (503, wanted)

    def test_metrics_are_prometheus_text(self, platform):
        answer = platform.get("/metrics")
        assert answer.headers["content-type"].startswith("text/plain")
        assert b"# TYPE " in answer.body

    def test_listening_beyond_loopback_without_sign_in_is_refused(self, tmp_path):
        environ = os.environ | {"PENSTOCK_HOST": "0.0.0.0", "PENSTOCK_VAR_DIR": str(tmp_path)}
        done = subprocess.run(
            [sys.executable, "-m", "penstock.api"],
            env=environ,
            cwd=REPO,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 2
        assert "'host' must be a loopback address such as 127.0.0.1, not '0.0.0.0'" in done.stderr


def send_upload(platform, size_bytes, *, is_announced=True, cut_at=None):
    """Send a file of so many bytes through a socket, made as it is sent; give the status that came."""
    head = (
        b"--" + BOUNDARY + b'\r\nContent-Disposition: form-data; name="file"; filename="big.csv"\r\n\r\na,b\n'
    )
    tail = b"\r\n--" + BOUNDARY + b"--\r\n"
    line = b"1234567,7654321\n" * 65_536
    total = len(head) + size_bytes + len(tail)
    with socket.create_connection(("127.0.0.1", platform.port), timeout=240) as line_out:
        how = f"Content-Length: {total}" if is_announced else "Transfer-Encoding: chunked"
        line_out.sendall(
            f"POST /api/ml/datasets/upload HTTP/1.1\r\nHost: 127.0.0.1\r\nPrefer: respond-async\r\n{how}\r\n"
            f"Content-Type: multipart/form-data; boundary={BOUNDARY.decode()}\r\n\r\n".encode()
        )
        pieces = [
            head,
            *[line[: min(len(line), size_bytes - at)] for at in range(0, size_bytes, len(line))],
            tail,
        ]
        sent = 0
        for piece in pieces:
            line_out.sendall(piece if is_announced else b"%x\r\n%s\r\n" % (len(piece), piece))
            sent += len(piece)
            if cut_at is not None and sent > cut_at:
                return 0
        if not is_announced:
            line_out.sendall(b"0\r\n\r\n")
        response = http.client.HTTPResponse(line_out)
        response.begin()
        return response.status


def left_behind(platform):
    return list((platform.var_dir / "projects" / ".incoming").glob("*"))


class TestLargeUploads:
    @pytest.mark.slow
    def test_one_goes_to_the_disk_without_memory(self, platform):
        process = psutil.Process(platform.api.pid)
        platform.upload(b"a,b\n1,2\n", headers={"Prefer": "respond-async"})
        before = process.memory_info().rss
        assert send_upload(platform, UPLOADED - 1000) == 202
        assert process.memory_info().rss - before < 20_000_000

    def test_one_that_is_too_large_is_refused_at_once(self, platform):
        with socket.create_connection(("127.0.0.1", platform.port), timeout=60) as line_out:
            line_out.sendall(
                b"POST /api/ml/datasets/upload HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 9000000000\r\n"
                b"Content-Type: multipart/form-data; boundary=b\r\n\r\n"
            )
            assert line_out.recv(100).startswith(b"HTTP/1.1 413 ")

    @pytest.mark.slow
    def test_one_that_says_nothing_of_its_size_is_refused_where_it_is_too_large(self, platform):
        assert send_upload(platform, UPLOADED + 2000, is_announced=False) == 413
        assert left_behind(platform) == []

    def test_one_whose_sender_is_gone_leaves_nothing(self, platform):
        send_upload(platform, 50_000_000, cut_at=20_000_000)
        deadline = time.monotonic() + 30
        while left_behind(platform) and time.monotonic() < deadline:
            time.sleep(0.1)
        assert left_behind(platform) == []


def operations():
    """Every operation of the API but those that never end."""
    made = document(make_app(load({"PENSTOCK_VAR_DIR": "unused"})))
    return [
        (path, method)
        for path, item in made["paths"].items()
        for method in item
        if method != "parameters" and not path.endswith("/events") and path != "/ready"
    ]


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(("path", "method"), operations())
def test_whatever_is_sent(platform, path, method):
    described = platform.get("/openapi.json").json()
    operation = schemathesis.openapi.from_dict(described)[path][method.upper()]
    positive, negative = schemathesis.GenerationMode.POSITIVE, schemathesis.GenerationMode.NEGATIVE
    cases = operation.as_strategy(generation_mode=positive)
    if operation.body or operation.query:
        cases = st.one_of(cases, operation.as_strategy(generation_mode=negative))

    @settings(max_examples=EXAMPLES, database=None, suppress_health_check=list(HealthCheck),
              phases=[Phase.generate])  # fmt: skip
    @given(case=cases)
    def sent(case):
        response = case.call(base_url=platform.url, timeout=180)
        is_away = response.status_code == 503 and response.json()["error"]["code"] in AWAY
        assert response.status_code < 500 or is_away, response.text
        assert not LEAKS.search(response.text)

    sent()
