"""A user's level from their grants, by MLflow's own rule."""

from typing import Any

import pytest

from serving.callers.grants import Grants, read_grants

NOBODY = {"experiment": 0, "registered_model": 0}


def row(kind: str, pattern: str, permission: str, workspace: str = "default") -> dict[str, Any]:
    return {
        "workspace": workspace,
        "resource_type": kind,
        "resource_pattern": pattern,
        "permission": permission,
    }


def grants(*rows: dict[str, Any], is_admin: bool = False, floor: dict[str, int] | None = None) -> Grants:
    return read_grants("ada", {"is_admin": is_admin, "permissions": rows}, floor or NOBODY)


@pytest.mark.parametrize(
    ("rows", "level"),
    [
        ((), 0),
        ([("experiment", "1", "READ")], 1),
        ([("experiment", "2", "MANAGE")], 0),
        ([("registered_model", "1", "MANAGE")], 0),
        ([("experiment", "1", "READ"), ("experiment", "1", "EDIT")], 3),
        ([("experiment", "*", "USE")], 2),
        ([("experiment", "*", "MANAGE"), ("experiment", "1", "DENY")], 0),
        ([("experiment", "*", "DENY"), ("experiment", "1", "MANAGE")], 0),
        ([("workspace", "*", "MANAGE"), ("experiment", "1", "DENY")], 4),
        ([("workspace", "*", "USE")], 0),
    ],
)
def test_the_highest_grant_counts_and_a_denial_beats_it(rows: Any, level: int) -> None:
    assert grants(*(row(*each) for each in rows)).level("experiment", "1") == level


def test_nothing_falls_below_the_servers_floor() -> None:
    floor = {"experiment": 1, "registered_model": 0}
    assert grants(floor=floor).level("experiment", "1") == 1
    assert grants(row("experiment", "1", "DENY"), floor=floor).level("experiment", "1") == 0


def test_an_administrator_may_do_everything() -> None:
    assert grants(is_admin=True).level("registered_model", "anything") == 4


def test_grants_of_another_workspace_do_not_count(monkeypatch: pytest.MonkeyPatch) -> None:
    elsewhere = grants(row("experiment", "1", "MANAGE", workspace="elsewhere"))
    assert elsewhere.level("experiment", "1") == 0
    monkeypatch.setenv("MLFLOW_WORKSPACE", "elsewhere")
    assert grants(row("experiment", "1", "MANAGE", workspace="elsewhere")).level("experiment", "1") == 4
