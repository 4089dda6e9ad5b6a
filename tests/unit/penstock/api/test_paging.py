"""Pages: each thing once, in order; cursors of others are refused."""

import base64

import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

from penstock.api import errors
from penstock.api.paging import PageOf

THINGS = [(float(at // 3), f"id{at:03}") for at in range(25)]


@pytest.fixture
def client():
    app = FastAPI()
    errors.install(app)

    @app.get("/things")
    def things(page: PageOf, kind: str = ""):
        after = page.after(float, str)
        rest = [each for each in THINGS if after is None or each > after]
        return page.shown(rest[: page.asked], lambda each: each)

    return TestClient(app)


@pytest.mark.parametrize("limit", [1, 7, 24, 25, 26])
def test_the_pages_together_hold_each_thing_once(client, limit):
    found, url = [], f"/things?limit={limit}&kind=a%26b"
    while url:
        answer = client.get(url)
        found += [tuple(each) for each in answer.json()]
        url = answer.links.get("next", {}).get("url")
    assert found == THINGS


def test_the_link_keeps_what_was_asked(client):
    answer = client.get("/things?kind=a&limit=5")
    assert answer.headers["link"].startswith("</things?kind=a&limit=5&cursor=")
    assert answer.headers["x-next-cursor"] in answer.headers["link"].replace("%3D", "=")


def test_the_last_page_tells_no_next(client):
    answer = client.get("/things?limit=25")
    assert "link" not in answer.headers
    assert "x-next-cursor" not in answer.headers


@pytest.mark.parametrize("cursor", ["x", "!!!!", "bnVsbA==", "WzEsMl0=", "WyJhIiwiYiJd", "ÿ"])
def test_a_foreign_cursor_is_refused(client, cursor):
    answer = client.get("/things", params={"cursor": cursor})
    assert answer.status_code == 422
    assert answer.json()["error"]["message"].startswith("cursor must be the X-Next-Cursor of an earlier page")


@pytest.mark.parametrize("number", [2**63, 2**64 - 1, -(2**63) - 1])
def test_a_number_that_no_database_takes_is_a_foreign_cursor(number):
    app = FastAPI()
    errors.install(app)

    @app.get("/numbers")
    def numbers(page: PageOf):
        return [page.after(int)]

    cursor = base64.urlsafe_b64encode(str([number]).encode()).decode()
    assert TestClient(app).get("/numbers", params={"cursor": cursor}).status_code == 422


@pytest.mark.parametrize("limit", ["0", "1001", "-1", "x"])
def test_a_limit_out_of_bounds_is_refused(client, limit):
    assert client.get("/things", params={"limit": limit}).status_code == 422
