"""The cookie of the console's sign-in is the one that the API reads, as strict as it."""

from types import SimpleNamespace
from typing import Any

from fastapi import Request, Response

from penstock.console.sign_in_page import _keep
from penstock.people.sign_in import session_cookie
from serving.settings import Settings


def test_it_is_for_this_site_alone() -> None:
    app: Any = SimpleNamespace(state=SimpleNamespace(desk=SimpleNamespace(settings=Settings(auth="mlflow"))))
    request = Request({"type": "http", "scheme": "https", "headers": [], "path": "/", "app": app,
                       "server": ("127.0.0.1", 443), "query_string": b""})  # fmt: skip
    response = Response()
    _keep(request, response, "token")
    [told] = [value for name, value in response.raw_headers if name == b"set-cookie"]
    assert told.decode() == session_cookie("token", lasts_s=Settings().api_session_s, is_secure=True)
    assert "SameSite=Strict" in told.decode()
