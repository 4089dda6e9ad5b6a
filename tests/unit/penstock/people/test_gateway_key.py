"""The platform's own key at the gateway: short-lived, kept in memory only, revoked at the end."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from penstock.people.gateway_key import KNOWN_S, LASTS_S, GatewayKey
from serving.keys.store import KeyStore
from serving.lifecycle.database import Database


class Scene:
    def __init__(self, folder: Path, *, is_needed: bool = True) -> None:
        self.now_s, self.begun = 0.0, datetime.now(UTC)
        self.file = folder / "penstock.db"
        self.store = KeyStore(Database(f"sqlite:///{self.file}"), now=self.now)
        self.key = GatewayKey(self.store, self.now, is_needed=is_needed, clock=lambda: self.now_s)

    def now(self) -> datetime:
        return self.begun + timedelta(seconds=self.now_s)


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Scene]:
    made = Scene(tmp_path)
    yield made
    made.key.close()


def test_where_the_gateway_asks_nobody_no_key_is_made(tmp_path: Path) -> None:
    scene = Scene(tmp_path, is_needed=False)
    scene.key.open()
    assert (scene.key.headers(), scene.store.listed()) == ({}, [])


def test_the_key_is_for_little_and_for_an_hour_and_its_text_is_in_no_file(scene: Scene) -> None:
    text = scene.key.headers()["Authorization"].removeprefix("Bearer ")
    (made,) = scene.store.listed()
    assert (made.actions, made.expires_at) == (
        ("predict", "feedback", "read"),
        scene.begun + timedelta(seconds=LASTS_S),
    )
    assert text.startswith(f"penstock_{made.key_id}_")
    assert text.rpartition("_")[2].encode() not in scene.file.read_bytes()


def test_a_new_key_is_shown_when_gateways_have_had_the_time_to_see_it(scene: Scene) -> None:
    first = scene.key.headers()
    scene.now_s = 100.0
    scene.key._renew()
    assert scene.key.headers() == first
    scene.now_s += KNOWN_S
    assert scene.key.headers() != first


def test_at_the_end_all_are_revoked(scene: Scene) -> None:
    scene.key.open()
    scene.key.close()
    assert all(key.revoked_at for key in scene.store.listed())


def test_keys_that_have_ended_leave_no_rows_behind(scene: Scene) -> None:
    for _ in range(5):
        scene.key._renew()
        scene.now_s += LASTS_S
    assert len(scene.store.listed()) == 1
