"""The console's routes: each answer bears the headers that keep strangers' code out, a problem is a page."""

from collections.abc import Callable, Coroutine
from typing import Any
from urllib.parse import quote

from fastapi import Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import HTMLResponse, RedirectResponse
from fastapi.routing import APIRoute
from starlette.exceptions import HTTPException

from penstock.console.templating import render
from penstock.problems import BadRequest, NotSignedIn, Problem
from penstock.services.told import unexpected

HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
        "form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cache-Control": "no-store",
    "Cross-Origin-Opener-Policy": "same-origin",
}
TITLES = {
    401: "Please log in",
    403: "Not allowed",
    404: "Not found",
    429: "Too much at once",
    503: "Something does not answer",
}


class PageRoute(APIRoute):
    """A route whose problems are pages, and whose answers bear the console's headers."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """FastAPI's handler with both put around it."""
        answer = super().get_route_handler()

        async def answered(request: Request) -> Response:
            try:
                response = await answer(request)
            except Problem as problem:
                response = of_problem(request, problem)
            except HTTPException:
                raise
            except RequestValidationError:
                response = of_problem(
                    request, BadRequest("this address or form cannot be read; go back and try again")
                )
            except Exception as error:  # noqa: BLE001 - the edge: a page with the fault's id, the log has the rest
                response = of_problem(request, unexpected(error))
            for name, value in HEADERS.items():
                response.headers.setdefault(name, value)
            return response

        return answered


def of_problem(request: Request, problem: Problem) -> Response:
    """What answers a problem that no form shows: the log-in page, or a page with the sentence."""
    if isinstance(problem, NotSignedIn):
        return _to_login(request)
    title = TITLES.get(problem.status, "That did not work")
    if request.headers.get("hx-request"):
        return HTMLResponse(render("refused.html", problem=problem), problem.status)
    page = render("problem.html", problem=problem, title=title, again=_again(request, problem))
    return HTMLResponse(page, problem.status, headers=HEADERS | _retry(problem))


def _to_login(request: Request) -> Response:
    back = request.url.path if request.method == "GET" else "/"
    place = f"/login?next={quote(back)}"
    if request.headers.get("hx-request"):
        return Response(status_code=401, headers={"HX-Redirect": place})
    return RedirectResponse(place, 303)


def _again(request: Request, problem: Problem) -> str:
    """Where to try again what may go better in a moment; empty for what will not, and for what was sent."""
    is_worth_it = problem.status in (429, 503) and request.method == "GET"
    return f"{request.url.path}?{request.url.query}".rstrip("?") if is_worth_it else ""


def _retry(problem: Problem) -> dict[str, str]:
    return {"Retry-After": f"{problem.retry_s:.0f}"} if problem.retry_s else {}
