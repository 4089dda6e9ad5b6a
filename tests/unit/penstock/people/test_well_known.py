"""The platform's own experiments are claimed once MLflow answers, and the door opens meanwhile."""

import threading
from types import SimpleNamespace
from typing import Any

import pytest

from penstock.people import well_known
from penstock.people.accounts import Account
from penstock.problems import Away
from serving.settings import Settings


def test_it_is_tried_until_mlflow_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    answers: list[Any] = [Away("MLflow is away"), Away("MLflow is away"), None]
    tried: list[Any] = []

    def claim(_: Any) -> None:
        tried.append(answers.pop(0))
        if tried[-1] is not None:
            raise tried[-1]

    monkeypatch.setattr(well_known, "claim", claim)
    monkeypatch.setattr(well_known, "AGAIN_S", 0.0)
    desk: Any = None
    well_known._claim_until(desk, threading.Event())
    assert len(tried) == 3


def test_it_is_not_tried_any_more_when_the_process_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    over = threading.Event()

    def claim(_: Any) -> None:
        over.set()
        raise Away("MLflow is away")

    monkeypatch.setattr(well_known, "claim", claim)
    desk: Any = None
    well_known._claim_until(desk, over)
    assert over.is_set()


class Known:
    """Accounts that all manage experiment 7."""

    def listed(self) -> list[Account]:
        return [Account(str(place), name, name == "root") for place, name in enumerate(("ada", "root"))]

    def granted(self, _: str) -> list[dict[str, str]]:
        return [{"resource_type": "experiment", "resource_pattern": "7", "permission": "MANAGE"}]


@pytest.mark.parametrize(("owner", "told"), [("", ["ada"]), ("ada", ["ada"]), ("root", ["ada", "root"])])
def test_an_administrator_is_told_of_where_the_experiment_is_their_own(owner: str, told: list[str]) -> None:
    desk: Any = SimpleNamespace(settings=Settings(auth="mlflow"), accounts=Known())
    assert [each.user for each in well_known.holders(desk, "7", owner=owner)] == told
