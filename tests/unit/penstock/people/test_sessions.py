"""Sessions of the console, in a database of their own."""

from pathlib import Path

import pytest

from penstock.people import sessions
from penstock.people.sessions import SessionStore, StrangeTokens, csrf_token
from serving.lifecycle.database import Database


class Scene:
    def __init__(self, folder: Path) -> None:
        self.now_s, self.file = 1000.0, folder / "penstock.db"
        self.store = SessionStore(Database(f"sqlite:///{self.file}"), lambda: self.now_s)

    def begin(self, user: str = "ada") -> str:
        self.now_s += 1
        return self.store.begin(user, "7", "127.0.0.1", lasts_s=60.0)


@pytest.fixture
def scene(tmp_path: Path) -> Scene:
    return Scene(tmp_path)


def test_a_token_leads_to_its_session(scene: Scene) -> None:
    session = scene.store.find(scene.begin())
    assert session is not None
    assert (session.user, session.user_id, session.address) == ("ada", "7", "127.0.0.1")


def test_the_database_does_not_hold_the_token(scene: Scene) -> None:
    token = scene.begin()
    assert token.encode() not in scene.file.read_bytes()


def test_a_session_ends_with_its_time(scene: Scene) -> None:
    token = scene.begin()
    scene.now_s += 60.0
    assert scene.store.find(token) is None


def test_one_session_or_all_of_a_user_can_be_ended(scene: Scene) -> None:
    first, second, bens = scene.begin(), scene.begin(), scene.begin("ben")
    scene.store.end(first)
    assert [scene.store.find(token) is None for token in (first, second, bens)] == [True, False, False]
    assert scene.store.end_all("ada") == 1
    assert [scene.store.find(token) is None for token in (second, bens)] == [True, False]


@pytest.mark.parametrize("token", ["", "x", "a" * 10_000, "ü\ud800"])
def test_a_text_that_is_no_token_finds_nothing(scene: Scene, token: str) -> None:
    scene.begin()
    assert scene.store.find(token) is None


def test_one_user_has_no_more_sessions_than_allowed(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sessions, "MOST_OF_ONE", 3)
    tokens = [scene.begin() for _ in range(5)]
    assert [scene.store.find(token) is not None for token in tokens] == [False, False, True, True, True]


def test_each_session_has_a_csrf_token_of_its_own(scene: Scene) -> None:
    first, second = scene.begin(), scene.begin()
    assert csrf_token(first) == csrf_token(first) != csrf_token(second)
    assert first not in csrf_token(first)


def test_of_tokens_that_are_nobodys_the_newest_are_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sessions, "MOST_STRANGE", 2)
    strange = StrangeTokens()
    for token in ("a", "b", "c", "c"):
        strange.note(token)
    assert [strange.holds(token) for token in ("a", "b", "c", "d")] == [False, True, True, False]
