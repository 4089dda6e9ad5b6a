"""Who a request is from: a password, a service key or a session of the console becomes a `Person`.

auth = off:    the local person, if the request came by an address of this door and from no other site's page
auth = mlflow: X-API-Key or Bearer -> a key and its owner; Basic -> MLflow's user; a cookie -> a session
"""

import hmac
import time
from collections.abc import Mapping
from http.cookies import CookieError, SimpleCookie

from penstock.audit.trail import Event
from penstock.desk import Desk
from penstock.people.accounts import Account, users_away
from penstock.people.origin import READS, check_host, check_origin
from penstock.people.passwords import KnownPasswords
from penstock.people.person import PENSTOCK, Person
from penstock.people.scopes import action_of, check_scope
from penstock.people.sessions import StrangeTokens, csrf_token
from penstock.problems import NotAllowed, NotSignedIn, TooMany
from serving.callers.answers import Answers
from serving.callers.asking import Credentials, UsersAway
from serving.callers.grants import Grants
from serving.callers.shown_keys import shown_key
from serving.callers.users import read_basic
from serving.keys.key import ALL_MODELS, Key
from serving.lifecycle.person import user

SESSION_COOKIE = "penstock_session"
CSRF_HEADER = "x-csrf-token"
BASIC = "basic "
RECHECK_S = 60.0
"""How often MLflow is asked whether the user of a session is still the one who signed in."""


class SignIn:
    """Tells who asks; usable from several threads.

    Args:
        desk: The process's desk.
    """

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._is_off = desk.settings.auth == "off"
        self._local_name = user()
        self.passwords = KnownPasswords(desk.accounts, desk.trail)
        self._still: Answers[Account] = Answers(RECHECK_S, time.monotonic)
        self._strange = StrangeTokens()

    def known(
        self, headers: Mapping[str, str], address: str, *, method: str = "GET", path: str = ""
    ) -> Person | None:
        """The person, if that can be told at once, from memory; None: ask `person`, in a thread.

        Raises as `person`.
        """
        if self._is_off:
            return self._local(headers, address, method)
        check_origin(headers, method)
        if shown := shown_key(headers):
            key = self._desk.shown_keys.held(shown)
            grants = self._desk.grants.held(key.owner) if key and self._is_owners(key) else None
            return self._with_key(key, grants, address, method, path) if key and grants else None
        basic = _basic(headers)
        account = self.passwords.held(basic) if basic else None
        return Person(account.name, account.is_admin, address) if account else None

    def person(
        self, headers: Mapping[str, str], address: str, *, method: str = "GET", path: str = "", csrf: str = ""
    ) -> Person:
        """The person that a request is from; may take a moment, so not on the event loop.

        Args:
            headers: The request's; names in small letters, or a mapping that does not tell them apart.
            address: Where it comes from.
            method: Its method.
            path: Its path, which says what a service key must be for.
            csrf: The session's token from a form; by default that of the header `X-CSRF-Token`.

        Raises:
            NotSignedIn: Nobody, a wrong password, or an ended key or session.
            NotAllowed: A key that is not for this, a strange host or origin, or a missing CSRF token.
            TooMany: Too many wrong passwords, or requests of a key.
            Away: MLflow does not answer.
        """
        if self._is_off:
            return self._local(headers, address, method)
        check_origin(headers, method)
        if shown := shown_key(headers):
            return self._of_key(shown, address, method, path)
        if basic := _basic(headers):
            account = self.passwords.check(basic, address)
            return Person(account.name, account.is_admin, address)
        if token := session_token(headers):
            return self._of_session(token, address, method, csrf or headers.get(CSRF_HEADER, ""))
        raise NotSignedIn(
            "nobody is signed in; send an MLflow user's name and password by HTTP Basic, or a service key as "
            "'Authorization: Bearer KEY'"
        )

    def sign_in(self, name: str, password: str, address: str) -> str:
        """Begin a session of the console, and give the token for its cookie.

        Raises:
            NotSignedIn: A wrong password.
            TooMany: Too many wrong ones.
            Away: MLflow does not answer.
        """
        desk = self._desk
        account = self.passwords.check(Credentials(name, password), address)
        person = Person(account.name, account.is_admin, address)
        desk.trail.record(person, Event("login", f"user {account.name}"))
        lasts_s = desk.settings.api_session_s
        return desk.sessions.begin(account.name, account.user_id, address, lasts_s=lasts_s)

    def sign_out(self, token: str, address: str = "") -> None:
        """End a session; one that is over stays so."""
        session = self._desk.sessions.find(token)
        if session is not None:
            self._desk.sessions.end(token)
            self._desk.trail.record(
                Person(session.user, address=address), Event("logout", f"user {session.user}")
            )

    def forget(self, name: str) -> None:
        """Believe nothing of a user any more: their password has changed, or they were removed."""
        self.passwords.forget(name)
        self._still.forget(lambda one: one == name)
        self._desk.grants.forget(name)

    @staticmethod
    def csrf(token: str) -> str:
        """The token that forms and writes of a session's pages send along (`X-CSRF-Token`)."""
        return csrf_token(token)

    def _local(self, headers: Mapping[str, str], address: str, method: str) -> Person:
        settings = self._desk.settings
        if not settings.open_host:
            check_host(headers, settings.host)
        check_origin(headers, method)
        return Person(self._local_name, is_admin=True, address=address)

    def _of_key(self, shown: str, address: str, method: str, path: str) -> Person:
        key = self._desk.shown_keys.find(shown)
        if key is None:
            if problem := self._desk.shown_keys.problem:
                raise users_away() from RuntimeError(problem)
            raise NotSignedIn(
                "this service key is unknown, revoked or expired; ask whoever made it for another"
            )
        if not key.owner:
            raise NotSignedIn(
                f"key {key.key_id} has no owner to speak for, so it opens the gateway only; make one with "
                "--owner USER, or by POST /api/ml/keys"
            )
        try:
            grants = self._desk.grants.of(key.owner) if self._is_of_account(key) else None
        except UsersAway as error:
            raise users_away() from error
        if grants is None:
            raise NotSignedIn(
                f"key {key.key_id} speaks for a user whom MLflow knows no more; use another key"
            )
        return self._with_key(key, grants, address, method, path)

    def _is_owners(self, key: Key) -> bool:
        """Whether memory knows that a key's owner is still the account that it was made for."""
        made_for, account = self._desk.key_owners.held(key.key_id), self._still.held(key.owner)
        return made_for == "" or (account is not None and account.user_id == made_for)

    def _is_of_account(self, key: Key) -> bool:
        """The same, asked for; a key that is a namesake's is revoked, so that the gateway refuses it, too.

        Raises:
            UsersAway: MLflow does not answer.
        """
        made_for = self._desk.key_owners.of(key.key_id)
        if not made_for:
            return True
        account = self._still.get(key.owner, lambda: self._desk.accounts.get(key.owner))
        if account is None or account.user_id == made_for:
            return account is not None
        why = {"why": f"another account is called '{key.owner}' now"}
        self._desk.trail.record(PENSTOCK, Event("key.revoke", f"key {key.key_id}", key.project, details=why))
        self._desk.keys.revoke(key.key_id)
        return False

    def _with_key(self, key: Key, grants: Grants, address: str, method: str, path: str) -> Person:
        is_whole = "manage" in key.actions and key.models == (ALL_MODELS,) and not key.project
        acting = action_of(method, path) or ""
        person = Person(key.owner, grants.is_admin and is_whole, address, key, acting)
        check_scope(person, method, path)
        if wait_s := self._desk.shown_keys.wait_s(key):
            raise TooMany(
                f"key {key.key_id} may send {key.rate_per_s:g} requests a second; wait {wait_s:.0f} seconds",
                code="rate_limited",
                retry_s=wait_s,
            )
        return person

    def _of_session(self, token: str, address: str, method: str, csrf: str) -> Person:
        over = NotSignedIn("this session is over; sign in again", code="session_over")
        session = None if self._strange.holds(token) else self._desk.sessions.find(token)
        if session is None:
            self._strange.note(token)
            raise over
        name = session.user
        try:
            account = self._still.get(name, lambda: self._desk.accounts.get(name))
        except UsersAway as error:
            raise users_away() from error
        if account is None or account.user_id != session.user_id:
            self._desk.sessions.end(token)
            raise over
        if method not in READS and not _equal(csrf, csrf_token(token)):
            raise NotAllowed(
                "a write from the console needs the session's token in X-CSRF-Token; load the page again",
                code="csrf",
            )
        return Person(account.name, account.is_admin, address)


def session_token(headers: Mapping[str, str]) -> str:
    """The session's token in a request's cookie; empty where there is none."""
    try:
        cookie: SimpleCookie = SimpleCookie(headers.get("cookie", ""))
    except CookieError:
        return ""
    return cookie[SESSION_COOKIE].value if SESSION_COOKIE in cookie else ""


def csrf_of(headers: Mapping[str, str]) -> str:
    """The CSRF token of the session whose cookie a request holds; empty where there is none."""
    token = session_token(headers)
    return csrf_token(token) if token else ""


def session_cookie(token: str, *, lasts_s: float, is_secure: bool) -> str:
    """The `Set-Cookie` of a session; with an empty token, what takes it away."""
    cookie: SimpleCookie = SimpleCookie({SESSION_COOKIE: token})
    told = cookie[SESSION_COOKIE]
    told["path"], told["httponly"], told["samesite"] = "/", True, "Strict"
    told["max-age"] = int(lasts_s) if token else 0
    if is_secure:
        told["secure"] = True
    return told.OutputString()


def _basic(headers: Mapping[str, str]) -> Credentials | None:
    shown = headers.get("authorization", "")
    if shown[: len(BASIC)].lower() != BASIC:
        return None
    name, password = read_basic(shown[len(BASIC) :].strip().encode("utf-8", "replace"))
    if not name or not password:
        raise NotSignedIn("HTTP Basic holds a name and a password, parted by a colon; send both")
    return Credentials(name, password)


def _equal(sent: str, wanted: str) -> bool:
    return hmac.compare_digest(sent.encode("utf-8", "replace"), wanted.encode())
