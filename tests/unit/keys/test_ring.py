"""A worker's keys in memory, and how they follow the store."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from serving.keys.key import Key, Wanted
from serving.keys.ring import Ring
from serving.keys.store import KeyStore, Made
from serving.keys.watch import NOTE_EVERY, KeyWatch
from serving.lifecycle.database import Database

START = datetime(2030, 1, 1, tzinfo=UTC)


class Scene:
    """A store, and a worker that follows it."""

    def __init__(self, folder: Path, workers: int = 1) -> None:
        self.folder, self.wall_s = folder, START.timestamp()
        self.store = KeyStore(Database(f"sqlite:///{folder}/keys.db"), now=lambda: START)
        self.ring = Ring(workers, lambda: self.wall_s)
        self.watch = KeyWatch(self.store, self.ring)

    def make(self, **values: object) -> Made:
        made = self.store.make(Wanted(**({"name": "shop"} | values)))  # type: ignore[arg-type]
        self.watch.look()
        return made


@pytest.fixture
def scene(tmp_path: Path) -> Scene:
    return Scene(tmp_path)


def test_a_key_is_found_by_its_text_alone(scene: Scene) -> None:
    made = scene.make()
    found = scene.ring.find(made.text.encode())
    assert found
    assert found.key == made.key
    for wrong in (made.text[:-1] + "x", made.text + "x", made.text.replace(made.key.key_id, "0" * 12), "x"):
        assert scene.ring.find(wrong.encode()) is None


def test_a_revoked_key_is_gone_at_the_next_look(scene: Scene) -> None:
    made = scene.make()
    scene.store.revoke(made.key.key_id)
    scene.watch.look()
    assert scene.ring.find(made.text.encode()) is None


def test_a_key_ends_when_its_time_is_over_without_a_look(scene: Scene) -> None:
    made = scene.make(expires_at=START + timedelta(seconds=10))
    assert scene.ring.find(made.text.encode())
    scene.wall_s += 10
    assert scene.ring.find(made.text.encode()) is None


def test_keys_are_read_again_only_when_they_changed(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    scene.make()
    reads: list[int] = []
    monkeypatch.setattr(scene.ring, "replace", lambda keys: reads.append(1))
    scene.watch.look()
    scene.watch.look()
    assert reads == []


def test_with_the_store_away_the_known_keys_go_on(scene: Scene) -> None:
    made = scene.make()
    path = scene.folder / "keys.db"
    path.rename(scene.folder / "kept")
    path.mkdir()
    scene.watch.look()
    assert scene.ring.find(made.text.encode())
    assert "the API keys cannot be read" in (scene.watch.problem or "")
    path.rmdir()
    (scene.folder / "kept").rename(path)
    scene.watch.look()
    assert scene.watch.problem is None


def test_a_store_that_was_never_read_is_told_from_an_empty_one(scene: Scene) -> None:
    assert not scene.ring.is_read
    scene.watch.look()
    assert scene.ring.is_read


def test_the_last_use_is_noted_about_once_a_minute(scene: Scene) -> None:
    made = scene.make()
    held = scene.ring.find(made.text.encode())
    assert held
    scene.ring.count(held)
    scene.ring.drain()
    for _ in range(NOTE_EVERY - 2):
        scene.watch.look()
    assert scene.store.listed()[0].used_at is None
    scene.watch.look()
    assert scene.store.listed()[0].used_at == START


def test_a_rate_is_divided_among_the_workers(tmp_path: Path) -> None:
    scene = Scene(tmp_path, workers=4)
    held = scene.ring.find(scene.make(rate_per_s=40.0, burst=8.0).text.encode())
    assert held
    assert held.bucket
    assert [held.bucket.take(1.0) > 0 for _ in range(3)] == [False, False, True]
    assert held.bucket.take(1.0) == pytest.approx(0.1)


def test_a_bucket_outlives_a_change_of_another_key(scene: Scene) -> None:
    made = scene.make(rate_per_s=1.0)
    held = scene.ring.find(made.text.encode())
    assert held
    assert held.bucket
    held.bucket.take(5.0)
    scene.make(name="other")
    again = scene.ring.find(made.text.encode())
    assert again
    assert again.bucket is held.bucket


def test_names_are_matched_by_pattern_and_case() -> None:
    key = Key("a", b"", "n", "", "", ("churn", "fraud-*"), ("predict",), None, None, START)
    assert [key.is_for(name) for name in ("churn", "fraud-eu", "Churn", "churn2", "fraud")] == [
        True,
        True,
        False,
        False,
        False,
    ]
    assert replace(key, models=("*",)).is_for("anything")
