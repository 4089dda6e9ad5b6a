"""Who is let in at a door that shows many models, and who may see all of them at once."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from serving.callers.doorkeeper import Doorkeeper, Refused
from serving.callers.grants import READ, Grants
from serving.callers.passwords import Passwords
from serving.callers.users import User, written_basic
from serving.keys.key import Wanted
from serving.keys.store import KeyStore
from serving.lifecycle.database import Database
from serving.settings import Settings


def grants(user: str) -> Grants | None:
    given = {("registered_model", "churn"): READ}
    return Grants(user, user == "root", {}, given, frozenset()) if user in ("ann", "root") else None


class Book:
    def of(self, user: str) -> Grants | None:
        return grants(user)


class Scene:
    def __init__(self, folder: Path) -> None:
        self.database = Database(f"sqlite:///{folder}/penstock.db")
        self.keeper: Any = Doorkeeper(Settings(database_url=f"sqlite:///{folder}/penstock.db"))
        self.keeper._book = Book()
        self.keeper._passwords = Passwords(lambda said: (had := grants(said.name)) and User(said.name, had))

    def key(self, owner: str, *models: str) -> dict[str, str]:
        store = KeyStore(self.database, now=lambda: datetime.now(UTC))
        return {"x-api-key": store.make(Wanted("n", owner=owner, models=models, actions=("read",))).text}


def password(name: str) -> dict[str, str]:
    return {"authorization": f"Basic {written_basic(name, 'right').decode()}"}


@pytest.mark.parametrize(("user", "is_for_all"), [("ann", False), ("root", True)])
def test_only_an_administrator_sees_what_tells_of_all_models(
    tmp_path: Path, user: str, is_for_all: bool
) -> None:
    reader = Scene(tmp_path).keeper.reader(password(user), "192.0.2.1")
    assert (reader.name, reader.is_for_all, reader.may_read("churn")) == (user, is_for_all, True)
    assert reader.may_read("fraud") == is_for_all


@pytest.mark.parametrize(
    ("owner", "models", "is_for_all"),
    [("", ["*"], True), ("", ["c*"], False), ("root", ["*"], True), ("ann", ["*"], False)],
)
def test_a_key_sees_all_where_it_and_its_owner_may(
    tmp_path: Path, owner: str, models: list[str], is_for_all: bool
) -> None:
    scene = Scene(tmp_path)
    reader = scene.keeper.reader(scene.key(owner, *models), "")
    assert (reader.is_for_all, reader.may_read("churn")) == (is_for_all, True)


def test_a_key_whose_owner_is_gone_is_refused(tmp_path: Path) -> None:
    scene = Scene(tmp_path)
    with pytest.raises(Refused, match="speaks for a user whom MLflow knows no more"):
        scene.keeper.reader(scene.key("eve", "*"), "")
