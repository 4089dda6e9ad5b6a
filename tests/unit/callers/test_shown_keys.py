"""Service keys as a process that answers from threads knows them."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from serving.callers.shown_keys import LOOK_EVERY_S, MISSED_EVERY_S, ShownKeys, shown_key
from serving.keys.key import Wanted
from serving.keys.store import KeyStore
from serving.lifecycle.database import Database


class Scene:
    def __init__(self, folder: Path) -> None:
        self.now_s = 0.0
        database = Database(f"sqlite:///{folder}/penstock.db")
        self.store = KeyStore(database, now=lambda: datetime.now(UTC))
        self.keys = ShownKeys(database, lambda: self.now_s)
        self.keys.look()


@pytest.fixture
def scene(tmp_path: Path) -> Scene:
    return Scene(tmp_path)


def test_a_key_that_was_just_made_is_known_as_soon_as_it_is_missed(scene: Scene) -> None:
    made = scene.store.make(Wanted("new"))
    assert (scene.keys.held(made.text), scene.keys.find(made.text)) == (None, None)
    scene.now_s = MISSED_EVERY_S
    assert scene.keys.find(made.text) == made.key
    assert scene.keys.held(made.text) == made.key


def test_a_revoked_key_is_seen_within_a_second_and_at_once_where_it_was_revoked(scene: Scene) -> None:
    made, other = scene.store.make(Wanted("a")), scene.store.make(Wanted("b"))
    scene.keys.look()
    scene.store.revoke(made.key.key_id)
    assert scene.keys.find(made.text) == made.key
    scene.now_s = LOOK_EVERY_S
    assert (scene.keys.held(made.text), scene.keys.find(made.text)) == (None, None)
    scene.store.revoke(other.key.key_id)
    scene.keys.look()
    assert scene.keys.find(other.text) is None


def test_a_rate_is_kept(scene: Scene) -> None:
    made = scene.store.make(Wanted("slow", rate_per_s=1.0))
    scene.keys.look()
    waits = [scene.keys.wait_s(made.key) for _ in range(2)]
    scene.now_s += 1.0
    assert [*waits, scene.keys.wait_s(made.key)] == [0.0, 1.0, 0.0]


@pytest.mark.parametrize(
    ("headers", "text"),
    [
        ({"x-api-key": " k "}, "k"),
        ({"authorization": "Bearer k"}, "k"),
        ({"authorization": "bearer  k"}, "k"),
        ({"authorization": "Basic k"}, ""),
        ({"authorization": ""}, ""),
        ({}, ""),
    ],
)
def test_a_key_is_read_from_either_header(headers: dict[str, str], text: str) -> None:
    assert shown_key(headers) == text


@pytest.mark.parametrize("text", ["", "x", "penstock_", "penstock_a_b", "ü\ud800", "a" * 100_000])
def test_a_text_that_is_no_key_finds_nothing(scene: Scene, text: str) -> None:
    assert scene.keys.find(text) is None
