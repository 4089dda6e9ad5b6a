"""A cookie that is no session's costs nobody anything."""

from pathlib import Path
from typing import Any

import pytest

from penstock.desk import Desk
from penstock.people.sign_in import SignIn
from penstock.problems import NotSignedIn
from serving.settings import Settings


class Counted:
    """A store of sessions without any, which counts what it is asked and told."""

    def __init__(self) -> None:
        self.reads, self.writes = 0, 0

    def find(self, token: str) -> None:
        self.reads += 1

    def end(self, token: str) -> None:
        self.writes += 1


def test_an_unknown_cookie_writes_nothing_and_is_looked_up_once(tmp_path: Path) -> None:
    desk: Any = Desk(Settings(auth="mlflow", var_dir=tmp_path, database_url=f"sqlite:///{tmp_path}/p.db"))
    desk.sessions = Counted()
    signing = SignIn(desk)
    for _ in range(5):
        with pytest.raises(NotSignedIn, match="this session is over; sign in again"):
            signing.person({"cookie": "penstock_session=made-up"}, "10.0.0.1")
    assert (desk.sessions.reads, desk.sessions.writes) == (1, 0)
