"""Errors of the rooms below, told as the face's problems; what nothing is known of goes through as it is."""

import logging
import sys
import uuid
from collections.abc import Iterator
from contextlib import contextmanager

from penstock.problems import Away, BadRequest, Conflict, NotAllowed, NotFound, NotSignedIn, Problem
from projects.errors import BadInput
from serving.lifecycle.errors import (
    AlreadyThereError,
    InvalidMoveError,
    LifecycleError,
    PeopleNeededError,
    UnknownModelError,
)

_logger = logging.getLogger(__name__)
LATER_S = 5.0
"""When to try again where something is away."""
_OF_MLFLOW: dict[str, type[Problem]] = {
    "RESOURCE_DOES_NOT_EXIST": NotFound,
    "NOT_FOUND": NotFound,
    "ENDPOINT_NOT_FOUND": NotFound,
    "RESOURCE_ALREADY_EXISTS": Conflict,
    "PERMISSION_DENIED": NotAllowed,
    "UNAUTHENTICATED": NotSignedIn,
    "INVALID_PARAMETER_VALUE": BadRequest,
    "BAD_REQUEST": BadRequest,
    "INVALID_STATE": Conflict,
}
"""By MLflow's own error codes."""


@contextmanager
def as_problems() -> Iterator[None]:
    """Tell the errors of training, the lifecycle, MLflow and the database as problems.

    Raises:
        Problem: Whatever is known to go wrong.
    """
    try:
        yield
    except Problem:
        raise
    except Exception as error:
        problem = problem_of(error)
        if problem is None:
            raise
        raise problem from error


def problem_of(error: Exception) -> Problem | None:
    """The problem that an error means; None for one that nothing is known of."""
    if isinstance(error, Problem):
        return error
    if isinstance(error, BadInput):
        return BadRequest(str(error), code=error.code)
    return _of_lifecycle(error) if isinstance(error, LifecycleError) else _of_mlflow(error)


def _of_lifecycle(error: LifecycleError) -> Problem:
    if isinstance(error, UnknownModelError):
        return NotFound(str(error))
    if isinstance(error, PeopleNeededError):
        return Conflict(str(error), code="approval_needed")
    if isinstance(error, InvalidMoveError):
        return BadRequest(str(error))
    if isinstance(error, AlreadyThereError):
        return Conflict(str(error), code="already_there")
    return Away(str(error), retry_s=LATER_S)


def _of_mlflow(error: Exception) -> Problem | None:
    # What was never imported has raised nothing, and its import is slow.
    exceptions, requests = sys.modules.get("mlflow.exceptions"), sys.modules.get("requests.exceptions")
    if requests is not None and isinstance(error, requests.RequestException):
        return _away()
    if exceptions is None or not isinstance(error, exceptions.MlflowException):
        return None
    kind = _OF_MLFLOW.get(str(error.error_code))
    return kind(_sentence(error)) if kind else _away()


def _away() -> Away:
    return Away("MLflow does not answer as it should; try again in a moment", retry_s=LATER_S)


def _sentence(error: Exception) -> str:
    """MLflow's message without its code in front, on one line."""
    text = str(getattr(error, "message", error)).partition("\n")[0]
    code, mark, rest = text.partition(": ")
    return rest if mark and code.isupper() else text


def unexpected(error: Exception) -> Problem:
    """The problem that a stranger is told of a fault of ours; the log is told the rest under the same id."""
    if (known := problem_of(error)) is not None:
        return known
    fault = uuid.uuid4().hex[:12]
    _logger.error("fault %s", fault, exc_info=error)
    return Problem(
        f"something went wrong on our side, and is in the log as fault {fault}; tell an administrator",
        code="fault",
        details={"fault": fault},
    )
