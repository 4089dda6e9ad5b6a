"""One question to MLflow's basic-auth over REST, with somebody's credentials."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import orjson

TIMEOUT_S = 10.0


class UsersAway(Exception):  # noqa: N818 - a state, read as one
    """MLflow could not be asked; the message says why."""


@dataclass(frozen=True, slots=True)
class Credentials:
    """A user's name and password; the password shows in no text of it."""

    name: str
    password: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Reply:
    """What MLflow answered: a status, and an object where the body is one."""

    status: int
    content: Mapping[str, Any]

    @property
    def message(self) -> str:
        """What MLflow says of an error."""
        return str(self.content.get("message", f"status {self.status}"))


def own_credentials() -> Credentials:
    """Those that this process itself acts with (`MLFLOW_TRACKING_USERNAME`, `MLFLOW_TRACKING_PASSWORD`)."""
    environ = os.environ
    return Credentials(
        environ.get("MLFLOW_TRACKING_USERNAME", ""), environ.get("MLFLOW_TRACKING_PASSWORD", "")
    )


def ask(
    tracking_uri: str,
    path: str,
    credentials: Credentials,
    *,
    method: str = "GET",
    told: Mapping[str, Any] | None = None,
) -> Reply:
    """Ask MLflow.

    Args:
        tracking_uri: Where it is.
        path: From `/api/` on.
        credentials: Whose question it is.
        method: HTTP's.
        told: The query of a GET, the JSON body of all others.

    Raises:
        UsersAway: MLflow does not answer, or fails.
    """
    from mlflow.exceptions import MlflowException
    from mlflow.utils.rest_utils import MlflowHostCreds, http_request

    creds = MlflowHostCreds(tracking_uri, username=credentials.name, password=credentials.password)
    sent: dict[str, Any] = {"params": told} if method == "GET" else {"json": dict(told or {})}
    try:
        answer = http_request(
            creds, path, method, timeout=TIMEOUT_S, max_retries=0, raise_on_status=False, **sent
        )
    except (MlflowException, OSError) as error:
        raise UsersAway(f"{tracking_uri} did not answer: {type(error).__name__}") from error
    if answer.status_code >= 500 or answer.status_code == 429:
        raise UsersAway(f"{tracking_uri} answered {answer.status_code}")
    return Reply(answer.status_code, _object(answer.content, answer.status_code, tracking_uri))


def _object(body: bytes, status: int, tracking_uri: str) -> Mapping[str, Any]:
    try:
        found = orjson.loads(body or b"{}")
    except orjson.JSONDecodeError:
        found = None
    if isinstance(found, dict):
        return found
    if status == 200:
        raise UsersAway(f"{tracking_uri} answered with something else than JSON")
    return {}
