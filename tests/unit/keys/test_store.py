"""The store of keys on SQLite: what it keeps, what it changes, and what tells that it has changed."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from serving.keys import token
from serving.keys.errors import InvalidKeyError
from serving.keys.kept import kept_secret
from serving.keys.key import Wanted
from serving.keys.store import KeyStore
from serving.lifecycle.database import Database
from serving.lifecycle.errors import LifecycleError

START = datetime(2030, 1, 1, tzinfo=UTC)


class Clock:
    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def store(tmp_path: Path, clock: Clock) -> KeyStore:
    return KeyStore(Database(f"sqlite:///{tmp_path}/keys.db"), now=clock)


def wanted(**values: object) -> Wanted:
    return Wanted(**({"name": "shop"} | values))  # type: ignore[arg-type]


def test_a_key_is_listed_as_it_was_made(store: KeyStore) -> None:
    made = store.make(
        wanted(
            owner="ann",
            project="churn",
            models=("churn", "fraud-*"),
            actions=("read",),
            rate_per_s=5.0,
            burst=10.0,
            expires_at=START + timedelta(days=1),
        )
    )
    assert store.listed() == [made.key]


def test_the_store_never_holds_the_secret(store: KeyStore, tmp_path: Path) -> None:
    secret = store.make(wanted()).text.rpartition("_")[2]
    files = [path.read_bytes() for path in tmp_path.iterdir()]
    assert files
    assert not any(secret.encode() in content for content in files)


def test_the_text_of_a_key_fits_its_digest(store: KeyStore) -> None:
    made = store.make(wanted())
    key_id, secret = token.read(made.text.encode()) or (b"", b"")
    assert key_id.decode() == made.key.key_id
    assert token.is_secret(secret, made.key.digest)


def test_a_revoked_key_says_since_when(store: KeyStore, clock: Clock) -> None:
    key_id = store.make(wanted()).key.key_id
    clock.now += timedelta(hours=1)
    assert store.revoke(key_id).revoked_at == clock.now
    assert store.listed()[0].revoked_at == clock.now


def test_a_second_revocation_changes_nothing(store: KeyStore, clock: Clock) -> None:
    key_id = store.make(wanted()).key.key_id
    first, stamp = store.revoke(key_id), store.stamp()
    clock.now += timedelta(hours=1)
    assert (store.revoke(key_id), store.stamp()) == (first, stamp)


def test_an_unknown_key_is_a_sentence(store: KeyStore) -> None:
    with pytest.raises(InvalidKeyError, match="there is no key 'abc'; 'python -m serving"):
        store.revoke("abc")


def test_rotation_makes_a_key_like_the_old_one_which_ends_after_a_while(store: KeyStore) -> None:
    old = store.make(wanted(models=("churn",), rate_per_s=3.0)).key
    fresh = store.rotate(old.key_id, keep_s=60.0).key
    listed = {key.key_id: key for key in store.listed()}
    assert listed[old.key_id].expires_at == START + timedelta(seconds=60)
    assert (fresh.models, fresh.rate_per_s, fresh.expires_at) == (("churn",), 3.0, None)
    assert fresh.digest != old.digest


def test_rotation_never_makes_a_key_last_longer(store: KeyStore) -> None:
    end = START + timedelta(seconds=10)
    old = store.make(wanted(expires_at=end)).key
    fresh = store.rotate(old.key_id, keep_s=60.0).key
    assert [key.expires_at for key in store.listed()] == [end, end]
    assert fresh.expires_at == end


def test_an_ended_key_is_not_rotated(store: KeyStore) -> None:
    key_id = store.make(wanted()).key.key_id
    store.revoke(key_id)
    with pytest.raises(InvalidKeyError, match=f"key {key_id} has ended already; make a new one"):
        store.rotate(key_id, keep_s=1.0)


def test_each_change_is_seen_in_the_stamp(store: KeyStore) -> None:
    stamps = [store.stamp()]
    key_id = store.make(wanted()).key.key_id
    stamps.append(store.stamp())
    store.rotate(key_id, keep_s=5.0)
    stamps.append(store.stamp())
    store.revoke(key_id)
    stamps.append(store.stamp())
    assert stamps[0] == ""
    assert len(set(stamps)) == 4


def test_noting_a_use_changes_no_stamp_and_never_goes_back(store: KeyStore) -> None:
    key_id, later = store.make(wanted()).key.key_id, START + timedelta(minutes=5)
    stamp = store.stamp()
    store.used({key_id: later})
    store.used({key_id: START, "gone": START})
    assert store.listed()[0].used_at == later
    assert store.stamp() == stamp


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"name": ""}, "a key's name must be 1 to 200 printable characters"),
        ({"name": "a\nb"}, "a key's name must be 1 to 200 printable characters"),
        ({"models": ()}, "a key is for 1 to 200 models' names or patterns, such as 'churn\\*'"),
        (
            {"actions": ("write",)},
            "a key's actions are among predict, feedback, read, data, train, deploy, manage, not 'write'",
        ),
        (
            {"actions": ()},
            (
                "a key's actions are among predict, feedback, read, data, train, deploy, manage, "
                "and at least one"
            ),
        ),
        ({"rate_per_s": 0.0}, "a key's rate must be above zero, not 0.0"),
        ({"rate_per_s": float("nan")}, "a key's rate must be above zero, not nan"),
        ({"burst": 5.0}, "a burst needs a rate; give both, or neither"),
    ],
)
def test_a_key_that_cannot_be_is_refused(values: dict[str, object], sentence: str) -> None:
    with pytest.raises(InvalidKeyError, match=sentence):
        wanted(**values)


def test_a_database_that_is_away_is_a_sentence() -> None:
    store = KeyStore(Database("sqlite:////proc/no/keys.db"), now=Clock())
    with pytest.raises(LifecycleError, match="could not be used"):
        store.stamp()


def test_a_kept_secret_stays_the_same_and_is_of_its_name(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/keys.db"
    first = kept_secret(Database(url), "a")
    assert len(first) == 32
    assert kept_secret(Database(url), "a") == first
    assert kept_secret(Database(url), "b") != first
