"""Which versions a benchmark may run."""

import pytest

from penstock.problems import NotAllowed
from penstock.services.benchmarking import PLAN_TAG, check_own_code
from penstock.services.versions import Held
from serving.settings import Settings

TENANTS = Settings(auth="mlflow", trusted_models="named")


def held(name: str, **tags: str) -> Held:
    return Held(name, "3", "None", 0, "", "", "", tags)


def test_code_of_a_model_that_nobody_named_is_refused() -> None:
    said = "version 3 of 'x' runs code of its own, and 'x' is not among trusted_models; train it here"
    with pytest.raises(NotAllowed, match=said):
        check_own_code(TENANTS, held("x"))


def test_what_was_trained_here_or_is_named_runs_and_everything_where_nobody_signs_in() -> None:
    check_own_code(TENANTS, held("x", **{PLAN_TAG: "digest"}))
    check_own_code(TENANTS, held("named"))
    check_own_code(Settings(), held("x"))
