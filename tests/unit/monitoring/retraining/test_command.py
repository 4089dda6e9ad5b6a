"""What is run: the command line, the parameters, and the environment."""

import sys
from pathlib import Path

import pytest

from monitoring.policy import Batch
from monitoring.retraining import command as commands
from monitoring.retraining.tickets import BATCH, RETRAIN, Ticket
from serving.settings import Settings, load

TICKET = Ticket("retrain-1", RETRAIN, "churn", "3", 0.0, 0.0)
HALF_PAST_TWO_S = 20_000 * 86_400.0 + 9_000


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return load({"PENSTOCK_VAR_DIR": str(tmp_path), "PENSTOCK_TRACKING_URI": "http://127.0.0.1:5999"})


def test_a_retraining_is_an_mlflow_run_beside_the_models_others() -> None:
    line = commands.command(TICKET, commands.retraining(TICKET, Path("/rows.parquet"), None))
    assert line[:4] == [sys.executable, "-m", "mlflow", "run"]
    assert " ".join(line[4:]) == (
        ". --env-manager local -e retrain --experiment-name churn --run-name churn retrain-1"
        " -P name=churn -P version=3 -P rows=/rows.parquet -P ticket=retrain-1"
    )


def test_recent_days_are_given_where_the_policy_has_them() -> None:
    assert commands.retraining(TICKET, Path("/r"), 30.0)["recent_days"] == "30"


def test_a_batchs_places_bear_the_moment_of_the_schedule() -> None:
    ticket = Ticket("batch-1", BATCH, "churn", "", 0.0, HALF_PAST_TWO_S)
    given = commands.scoring(ticket, Batch("in/{date}.csv", "/out/{date}-{time}.parquet", "30 2 * * *"))
    assert given["data"] == "in/2024-10-04.csv"
    assert given["output"] == "/out/2024-10-04-0230.parquet"


def test_other_braces_in_a_place_stay() -> None:
    ticket = Ticket("batch-1", BATCH, "churn", "", 0.0, HALF_PAST_TWO_S)
    assert commands.scoring(ticket, Batch("{x}{date}{}", "/o", "* * * * *"))["data"] == "{x}2024-10-04{}"


def test_a_run_finds_this_python_and_this_monitors_places(settings: Settings) -> None:
    found = commands.environment(settings, {"PATH": "/bin", "MLFLOW_RUN_ID": "another's", "HOME": "/h"})
    assert found["PATH"] == f"{Path(sys.executable).parent}:/bin"
    assert found["MLFLOW_TRACKING_URI"] == "http://127.0.0.1:5999"
    assert found["PENSTOCK_VAR_DIR"] == str(settings.var_dir)
    assert found["HOME"] == "/h"
    assert "MLFLOW_RUN_ID" not in found


def test_what_a_run_is_given_can_be_read_as_settings(settings: Settings) -> None:
    found = commands.environment(settings, {})
    assert load(found) == settings


def test_a_database_that_a_file_names_is_named_by_the_file_alone(tmp_path: Path) -> None:
    file = tmp_path / "url"
    file.write_text("postgresql+psycopg://p:secret@127.0.0.1/p\n")
    given = {"PENSTOCK_DATABASE_URL_FILE": str(file), "PENSTOCK_VAR_DIR": str(tmp_path)}
    found = commands.environment(load(given), given)
    assert "secret" not in "".join(found.values())
    assert load(found).database_url == "postgresql+psycopg://p:secret@127.0.0.1/p"
