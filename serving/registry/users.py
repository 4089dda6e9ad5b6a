"""What MLflow's basic-auth says of a user: who it is, and which registered models it may read."""

from base64 import b64decode
from dataclasses import dataclass
from typing import Any

import orjson

PAGE = 1000
TIMEOUT_S = 5.0


class UsersAway(Exception):  # noqa: N818 - a state, read as one
    """MLflow could not be asked; the message says why."""


@dataclass(frozen=True, slots=True)
class User:
    """A user whose password was right.

    Attributes:
        name: The user's name.
        readable: The registered models that the user has READ on, or better.
    """

    name: str
    readable: frozenset[str]


class MlflowUsers:
    """Asks one tracking server, with each user's own credentials. Safe to call from several threads.

    A search of the registry answers both questions at once: basic-auth refuses a wrong password, and leaves
    out what the user may not read.
    """

    def __init__(self, tracking_uri: str) -> None:
        self._tracking_uri = tracking_uri

    def ask(self, credentials: bytes) -> User | None:
        """The user of HTTP Basic credentials; None if MLflow refuses them.

        Args:
            credentials: What stands after `Basic ` in the header.

        Raises:
            UsersAway: MLflow does not answer, or not as it should.
        """
        name, password = read_basic(credentials)
        if not name or not password:
            return None
        readable: set[str] = set()
        token = ""
        while True:
            page = self._page(name, password, token)
            if page is None:
                return None
            readable.update(entry["name"] for entry in page.get("registered_models", ()))
            token = page.get("next_page_token", "")
            if not token:
                return User(name, frozenset(readable))

    def _page(self, name: str, password: str, token: str) -> dict[str, Any] | None:
        from mlflow.exceptions import MlflowException
        from mlflow.utils.rest_utils import MlflowHostCreds, http_request

        query = {"max_results": str(PAGE)} | ({"page_token": token} if token else {})
        try:
            answer = http_request(
                MlflowHostCreds(self._tracking_uri, username=name, password=password),
                "/api/2.0/mlflow/registered-models/search",
                "GET",
                params=query,
                timeout=TIMEOUT_S,
                max_retries=0,
                raise_on_status=False,
            )
        except (MlflowException, OSError) as error:
            raise UsersAway(f"{self._tracking_uri} did not answer: {type(error).__name__}") from error
        if answer.status_code in (401, 403):
            return None
        if answer.status_code != 200:
            raise UsersAway(f"{self._tracking_uri} answered {answer.status_code}")
        try:
            return dict(orjson.loads(answer.content))
        except (orjson.JSONDecodeError, TypeError, ValueError) as error:
            raise UsersAway(f"{self._tracking_uri} answered with something else than JSON") from error


def read_basic(credentials: bytes) -> tuple[str, str]:
    """The user and password of HTTP Basic credentials (RFC 7617); empty texts if they are none."""
    try:
        text = b64decode(credentials, validate=True).decode()
    except ValueError:
        return "", ""
    name, _, password = text.partition(":")
    return name, password
