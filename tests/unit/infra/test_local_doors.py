"""How the local stack's guide comes to the gateway, whoever the gateway lets in."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from infra.local.doors import credentials, directory, made_key
from infra.local.project import GuideError
from serving.keys.store import KeyStore
from serving.lifecycle.database import Database
from serving.settings import Settings, load

MODEL = {"name": "churn", "variants": [], "curl": None}


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Settings]:
    monkeypatch.setenv("PENSTOCK_VAR_DIR", str(tmp_path))
    monkeypatch.setenv("PENSTOCK_GATEWAY_AUTH", "keys")
    yield load()
    made_key.cache_clear()


def test_a_gateway_that_asks_for_keys_is_shown_one_that_ends_by_itself(settings: Settings) -> None:
    shown = credentials(settings)
    (key,) = KeyStore(Database(settings.database_url), now=lambda: datetime.now(UTC)).listed()
    assert shown["Authorization"].startswith(f"Bearer penstock_{key.key_id}")
    assert set(key.actions) == {"predict", "read"}
    assert key.expires_at is not None
    assert (key.expires_at - datetime.now(UTC)).total_seconds() < 7200
    assert credentials(settings) == shown


def test_the_page_says_how_a_key_is_made(settings: Settings) -> None:
    assert "python -m serving.keys make NAME" in directory(settings, MODEL, "1")
    assert "serving.keys" not in directory(replace(settings, gateway_auth="off"), MODEL, "1")


def test_an_open_gateway_is_shown_nothing(settings: Settings) -> None:
    assert credentials(replace(settings, gateway_auth="off")) == {}


def test_a_key_that_cannot_be_made_is_a_sentence(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("PENSTOCK_DATABASE_URL", f"sqlite:///{tmp_path}/file/penstock.db")
    with pytest.raises(GuideError, match="the gateway asks for a key, and none could be made: keys: "):
        credentials(settings)
