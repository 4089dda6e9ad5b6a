"""What every endpoint is given of a request: the desk, and the person who asks."""

from typing import Annotated

from fastapi import Depends, Request
from fastapi.concurrency import run_in_threadpool

from penstock.desk import Desk
from penstock.people.person import Person
from penstock.people.sign_in import SignIn


async def desk_of(request: Request) -> Desk:
    """The process's desk."""
    desk: Desk = request.app.state.desk
    return desk


async def person_of(request: Request) -> Person:
    """Who asks; looked up once a request.

    Raises:
        NotSignedIn: Nobody, a wrong password, or an ended key or session.
        NotAllowed: A key that is not for this, or a page of another site.
        TooMany: Too many wrong passwords from there.
        Away: MLflow does not answer.
    """
    state = request.scope.setdefault("state", {})
    if "person" not in state:
        state["person"] = await signed_in(request)
    person: Person = state["person"]
    return person


async def signed_in(request: Request) -> Person:
    """Who asks, as it is known now; raises as `person_of`."""
    signing: SignIn = request.app.state.sign_in
    address = request.client.host if request.client else ""
    method, path = request.method, request.url.path
    known = signing.known(request.headers, address, method=method, path=path)
    if known is not None:
        return known
    return await run_in_threadpool(signing.person, request.headers, address, method=method, path=path)


DeskOf = Annotated[Desk, Depends(desk_of)]
"""The process's desk."""
PersonOf = Annotated[Person, Depends(person_of)]
"""Who asks."""
