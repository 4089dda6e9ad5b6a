"""An error that ends a command becomes one sentence and an exit code."""

import pytest
from mlflow.exceptions import MlflowException

from projects.errors import BadInput
from projects.shell import run_command

AWAY = """API request to http://h/api failed with exception HTTPConnectionPool(host='h', port=1): Max \
retries exceeded with url: /api (Caused by NewConnectionError("HTTPConnection(host='h', port=1): refused"))"""


def ended_with(error, capsys):
    def work(_settings):
        raise error

    return run_command(work), capsys.readouterr().err


def test_a_server_that_goes_away_is_named(capsys):
    code, said = ended_with(MlflowException(AWAY), capsys)
    assert code == 1
    assert said.endswith("stopped answering (NewConnectionError); run this again when it does\n")
    assert "Max retries" not in said


@pytest.mark.parametrize("error", [OSError(28, "No space left on device"), MlflowException("no such run")])
def test_other_failures_are_said_as_they_are(error, capsys):
    assert ended_with(error, capsys) == (1, f"penstock: {error}\n")


def test_a_lost_cluster_is_no_fault_of_the_input(capsys):
    lost = BadInput("the Dask cluster is lost; start it again", code="cluster_lost")
    assert ended_with(lost, capsys) == (1, "penstock: the Dask cluster is lost; start it again\n")
