"""Errors of the rooms below, told as problems."""

import pytest
import requests
from mlflow.exceptions import MlflowException

from penstock.problems import Away, BadRequest, Conflict, NotAllowed, NotFound, Problem, TooMany
from penstock.services.told import as_problems
from projects.errors import BadInput
from serving.lifecycle.errors import (
    AlreadyThereError,
    InvalidMoveError,
    LifecycleError,
    PeopleNeededError,
    UnknownModelError,
)


def told(error):
    kind = type(error) if isinstance(error, ZeroDivisionError) else Problem
    with pytest.raises(kind) as caught, as_problems():
        raise error
    return type(caught.value), str(caught.value)


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (UnknownModelError("no model 'x'"), NotFound),
        (InvalidMoveError("version 9 is not there"), BadRequest),
        (PeopleNeededError("2 people must agree"), Conflict),
        (AlreadyThereError("it is there"), Conflict),
        (LifecycleError("the database could not be used"), Away),
        (BadInput("no row is left; choose another"), BadRequest),
        (TooMany("wait"), TooMany),
    ],
)
def test_a_known_error_keeps_its_sentence(error, kind):
    assert told(error) == (kind, str(error))


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("RESOURCE_DOES_NOT_EXIST", NotFound),
        ("RESOURCE_ALREADY_EXISTS", Conflict),
        ("PERMISSION_DENIED", NotAllowed),
        ("INVALID_PARAMETER_VALUE", BadRequest),
    ],
)
def test_mlflows_own_codes_are_understood(code, kind):
    from mlflow.protos.databricks_pb2 import ErrorCode

    error = MlflowException(f"{code}: Run 'x' not found\nmore", error_code=ErrorCode.Value(code))
    assert told(error) == (kind, "Run 'x' not found")


@pytest.mark.parametrize(
    "error",
    [MlflowException("Max retries exceeded with url"), requests.ConnectionError("refused at 10.0.0.7")],
)
def test_mlflow_away_says_no_more_than_that(error):
    assert told(error) == (Away, "MLflow does not answer as it should; try again in a moment")


def test_the_code_of_bad_input_stays():
    with pytest.raises(BadRequest) as caught, as_problems():
        raise BadInput("there is no column 'x'", code="unknown_column")
    assert caught.value.code == "unknown_column"


def test_what_nothing_is_known_of_goes_through():
    assert told(ZeroDivisionError("x")) == (ZeroDivisionError, "x")
