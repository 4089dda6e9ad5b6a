"""Logging in with MLflow's own name and password, and out again."""

from dataclasses import replace

from fastapi import APIRouter, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse

from penstock.console.fields import Field, Typed
from penstock.console.page import PageRoute
from penstock.console.templating import render
from penstock.console.typed import TypedOf
from penstock.console.visit import SentOf, sign_in_of
from penstock.people.origin import check_host, check_origin
from penstock.people.sign_in import SESSION_COOKIE, session_cookie
from penstock.problems import NotSignedIn, Problem
from serving.settings import Settings

router = APIRouter(route_class=PageRoute)
FIELDS = (
    Field("name", "Name", is_required=True, fill="username"),
    Field("password", "Password", "password", is_required=True, fill="current-password"),
)


@router.get("/login")
def login(request: Request, next: str = "/") -> Response:  # noqa: A002 - the address's own word
    """The form."""
    if _settings(request).auth == "off":
        return RedirectResponse("/", 303)
    return _form(Typed({"next": [_local(next)]}))


@router.post("/login")
def enter(request: Request, typed: TypedOf) -> Response:
    """Begin a session."""
    address = request.client.host if request.client else ""
    try:
        check_origin(request.headers, "POST")
        token = sign_in_of(request).sign_in(
            typed.one("name"), "".join(typed.values.get("password", ())), address
        )
    except Problem as problem:
        kept = {name: texts for name, texts in typed.values.items() if name != "password"}
        return _form(Typed(kept, str(problem)), problem)
    response = RedirectResponse(_local(typed.one("next")), 303)
    if token:
        _keep(request, response, token)
    return response


@router.post("/logout")
def leave(visit: SentOf) -> Response:
    """End the session."""
    sign_in_of(visit.request).sign_out(visit.request.cookies.get(SESSION_COOKIE, ""), visit.person.address)
    response = RedirectResponse("/login", 303)
    response.delete_cookie(SESSION_COOKIE, path="/")
    return response


def _form(typed: Typed, problem: Problem | None = None) -> HTMLResponse:
    status = problem.status if problem else 200
    if isinstance(problem, NotSignedIn):
        typed = replace(
            typed, error="This name and password do not belong together; check both and try again"
        )
    headers = {"Retry-After": f"{problem.retry_s:.0f}"} if problem and problem.retry_s else {}
    return HTMLResponse(render("login.html", fields=FIELDS, typed=typed), status, headers=headers)


def _keep(request: Request, response: Response, token: str) -> None:
    lasts_s, is_secure = _settings(request).api_session_s, request.url.scheme == "https"
    response.headers.append("set-cookie", session_cookie(token, lasts_s=lasts_s, is_secure=is_secure))


def _local(place: str) -> str:
    """A path of this console; the overview where somebody wants to send people elsewhere."""
    is_local = place.startswith("/") and not place.startswith(("//", "/\\")) and "\n" not in place
    return place if is_local and place.isprintable() else "/"


def _settings(request: Request) -> Settings:
    settings: Settings = request.app.state.desk.settings
    check_host(request.headers, settings.host) if settings.auth == "off" and not settings.open_host else None
    return settings
