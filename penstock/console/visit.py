"""Who came to the console, and the answers that a visit can have: a page, a part of one, or the way on."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated
from urllib.parse import quote, urlencode

from fastapi import Depends, Request
from fastapi.responses import HTMLResponse, RedirectResponse

from penstock.console.done import DONE
from penstock.console.fields import Field, Typed
from penstock.console.links import elsewhere
from penstock.console.templating import render
from penstock.console.typed import TypedOf
from penstock.desk import Desk
from penstock.people.person import Person
from penstock.people.sign_in import SESSION_COOKIE, SignIn
from penstock.problems import Problem

Crumb = tuple[str, str]
"""A page above this one: its name, and its path."""


@dataclass(frozen=True, slots=True)
class Visit:
    """One request to the console by a person who is known.

    Attributes:
        request: The request.
        desk: The process's desk.
        person: Who came.
        token: What each form sends along, so that no other site's page can send it.
    """

    request: Request
    desk: Desk
    person: Person
    token: str = ""

    def page(
        self, template: str, title: str, *, crumbs: Sequence[Crumb] = (), status: int = 200, **told: object
    ) -> HTMLResponse:
        """A whole page."""
        frame = {
            "title": title,
            "crumbs": crumbs,
            "person": self.person,
            "path": self.request.url.path,
            "notice": DONE.get(self.request.query_params.get("done", ""), ""),
            "elsewhere": elsewhere(self.desk.settings),
            "is_signed_in": self.desk.settings.auth != "off",
        }
        return HTMLResponse(render(template, frame=frame, token=self.token, **told), status)

    def part(self, template: str, **told: object) -> HTMLResponse:
        """A part of a page, for htmx."""
        return HTMLResponse(render(template, token=self.token, **told))

    def form(
        self,
        title: str,
        fields: Sequence[Field],
        *,
        send: str,
        crumbs: Sequence[Crumb] = (),
        typed: Typed | None = None,
        problem: Problem | None = None,
        intro: str = "",
        **told: object,
    ) -> HTMLResponse:
        """A page with one form that is sent to where it stands; after a problem with what was typed.

        Args:
            title: What the form does.
            fields: What it asks.
            send: What its button says.
            crumbs: The pages above.
            typed: What was typed, after a problem.
            problem: What was wrong with it.
            intro: A sentence or two before it.
            told: `back`, where to go instead; `notes`, a list; `is_grave`, for what is hard to undo.
        """
        if typed is not None and problem is not None:
            typed = Typed(typed.values, str(problem))
        rest = {"back": "", "notes": (), "is_grave": False} | told
        status = problem.status if problem else 200
        return self.page(
            "form.html",
            title,
            crumbs=crumbs,
            status=status,
            fields=fields,
            send=send,
            typed=typed,
            intro=intro,
            **rest,
        )

    def go(self, path: str, done: str = "", **query: str) -> RedirectResponse:
        """The way on after something was done.

        Args:
            path: Where to; its parts quoted by `at`.
            done: Which of `DONE` is said there.
            query: More for the address.
        """
        asked = {**query, **({"done": done} if done else {})}
        return RedirectResponse(f"{path}?{urlencode(asked)}" if asked else path, 303)


def at(*parts: str, **query: str) -> str:
    """An address from parts that may hold anything.

    >>> at("models", "a b/c", page="2")
    '/models/a%20b%2Fc?page=2'
    """
    path = "/" + "/".join(quote(part, safe="") for part in parts)
    return f"{path}?{urlencode(query)}" if query else path


def sign_in_of(request: Request) -> SignIn:
    """The process's one sign-in, which remembers sessions and wrong passwords."""
    found: SignIn = request.app.state.sign_in
    return found


def known(request: Request, csrf: str = "") -> Visit:
    """The visit of whoever sent a request; may take a moment.

    Args:
        request: The request.
        csrf: The token that came with its form.

    Raises:
        NotSignedIn: Nobody.
        NotAllowed: A strange host, or a form of another site's.
        TooMany: Too many wrong passwords.
    """
    return _visit(request, request.method, csrf)


def visitor(request: Request) -> Visit:
    """The visit of whoever sent a request, as if it only looked: what it writes is checked by `known` yet.

    Raises as `known`.
    """
    return _visit(request, "GET", "")


def look(request: Request) -> Visit:
    """A visit that only looks."""
    return known(request)


def sent(request: Request, typed: TypedOf) -> Visit:
    """A visit that sends a form."""
    return known(request, typed.one("csrf"))


def _visit(request: Request, method: str, csrf: str) -> Visit:
    sign_in, address = sign_in_of(request), request.client.host if request.client else ""
    person = sign_in.person(request.headers, address, method=method, path=request.url.path, csrf=csrf)
    token = sign_in.csrf(request.cookies.get(SESSION_COOKIE, ""))
    return Visit(request, request.app.state.desk, person, token)


VisitOf = Annotated[Visit, Depends(look)]
SentOf = Annotated[Visit, Depends(sent)]
