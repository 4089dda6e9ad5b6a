"""`/api/ml/login`, `/logout`, `/me` and `/users`."""

from typing import Annotated

from fastapi import APIRouter, Path, Request, Response
from pydantic import Field

from penstock.api.asked import DeskOf, PersonOf
from penstock.api.body import Body, example
from penstock.api.done import Done
from penstock.api.secrecy import SECRET
from penstock.people.accounts import Account
from penstock.people.origin import check_origin
from penstock.people.sign_in import SignIn, csrf_of, session_cookie, session_token
from penstock.problems import Conflict
from penstock.services import people

router = APIRouter(tags=["people"])

Name = Annotated[str, Path(max_length=255, description="A user's name.", examples=["ada"])]


class Login(Body):
    """Who signs in."""

    model_config = example(name="ada", password="a long password of ada's")  # noqa: S106 - an example
    name: str = Field(min_length=1, max_length=255, examples=["ada"])
    password: str = Field(min_length=1, max_length=1000, examples=["a long password of ada's"])


class SignedIn(Body):
    """A session has begun; its cookie came with the answer."""

    status: str = "success"
    name: str
    csrf_token: str = Field(description="What writes with the session's cookie send as `X-CSRF-Token`.")


class Me(Body):
    """Who asks."""

    name: str = Field(examples=["ada"])
    is_admin: bool
    auth: str = Field(description="`off`, or `mlflow` where MLflow's users sign in.")
    key_id: str | None = Field(None, description="The service key that speaks for them.")
    csrf_token: str | None = Field(None, description="Of the session, where one was used.")


class User(Body):
    """A user."""

    name: str = Field(examples=["ada"])
    is_admin: bool = False


class NewUser(Body):
    """A user who is to be made."""

    model_config = example(name="ada", password="a long password of ada's", is_admin=False)  # noqa: S106 - an example
    name: str = Field(min_length=1, max_length=64, examples=["ada"])
    password: str = Field(min_length=1, max_length=1000, examples=["a long password of ada's"])
    is_admin: bool = False


class NewPassword(Body):
    """Another password."""

    model_config = example(password="another long password")  # noqa: S106 - an example
    password: str = Field(min_length=1, max_length=1000, examples=["another long password"])


@router.post("/api/ml/login", summary="Sign in")
def login(asked: Login, request: Request, response: Response, desk: DeskOf) -> SignedIn:
    """Begin a session, for browsers; programs send a service key or HTTP Basic with each request."""
    check_origin(request.headers, "POST")
    if desk.settings.auth == "off":
        raise Conflict("auth is 'off', so nobody signs in; set auth to 'mlflow' (PENSTOCK_AUTH=mlflow)")
    signing: SignIn = request.app.state.sign_in
    address = request.client.host if request.client else ""
    token = signing.sign_in(asked.name, asked.password, address)
    _set(request, response, token, desk.settings.api_session_s)
    return SignedIn(name=asked.name, csrf_token=signing.csrf(token))


@router.post("/api/ml/logout", summary="Sign out")
def logout(request: Request, response: Response) -> Done:
    """End the session of the cookie that came along."""
    check_origin(request.headers, "POST")
    signing: SignIn = request.app.state.sign_in
    if token := session_token(request.headers):
        signing.sign_out(token, request.client.host if request.client else "")
    _set(request, response, "", 0.0)
    return Done()


@router.get("/api/ml/me", summary="Who asks")
def me(request: Request, desk: DeskOf, person: PersonOf) -> Me:
    """The person whom the request is from."""
    key_id = person.key.key_id if person.key else None
    return Me(
        name=person.name,
        is_admin=person.is_admin,
        auth=desk.settings.auth,
        key_id=key_id,
        csrf_token=csrf_of(request.headers) or None,
    )


@router.get("/api/ml/users", summary="List users")
def users(desk: DeskOf, person: PersonOf) -> list[User]:
    """All users; for administrators."""
    return [_user(account) for account in people.users(desk, person)]


@router.post("/api/ml/users", status_code=201, summary="Make a user")
def make_user(asked: NewUser, desk: DeskOf, person: PersonOf) -> User:
    """Make a user in MLflow; for administrators."""
    return _user(people.make_user(desk, person, asked.name, asked.password, is_admin=asked.is_admin))


@router.delete("/api/ml/users/{name}", summary="Remove a user")
def remove_user(name: Name, request: Request, desk: DeskOf, person: PersonOf) -> Done:
    """Remove a user, and end their sessions and keys; for administrators."""
    people.remove_user(desk, person, name)
    _forget(request, name)
    return Done()


@router.put("/api/ml/users/{name}/password", summary="Set a password")
def set_password(name: Name, asked: NewPassword, request: Request, desk: DeskOf, person: PersonOf) -> Done:
    """Give a user another password, and end their sessions; for administrators."""
    people.set_password(desk, person, name, asked.password)
    _forget(request, name)
    return Done()


def _set(request: Request, response: Response, token: str, lasts_s: float) -> None:
    cookie = session_cookie(token, lasts_s=lasts_s, is_secure=request.url.scheme == "https")
    response.headers["Set-Cookie"] = cookie
    response.headers.update(SECRET)


def _forget(request: Request, name: str) -> None:
    signing: SignIn = request.app.state.sign_in
    signing.forget(name)


def _user(account: Account) -> User:
    return User(name=account.name, is_admin=account.is_admin)
