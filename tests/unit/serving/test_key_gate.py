"""The gate of keys: who is let in, and what the others are told."""

import asyncio
from datetime import UTC, datetime
from typing import Any

import pytest

from serving.keys import token
from serving.keys.key import Key
from serving.keys.ring import Ring
from serving.protocol.errors import RequestError
from serving.web.gate import EVERY_MODEL
from serving.web.key_gate import KeyGate

SECRET = "s" * 64


class Watch:
    """A store that answers."""

    problem = None


def key(key_id: str = "k1", **values: Any) -> Key:
    made = {"models": ("churn*",), "actions": ("predict", "read"), "rate_per_s": None, "burst": None} | values
    return Key(key_id, token.digest(SECRET.encode()), "n", "", "", made_at=datetime.now(UTC), **made)


def gate(*keys: Key) -> KeyGate:
    ring = Ring(1, lambda: 0.0)
    if keys:
        ring.replace(keys)
    return KeyGate(ring, Watch())  # type: ignore[arg-type]


def bearer(key_id: str = "k1", secret: str = SECRET, scheme: str = "Bearer") -> list[tuple[bytes, bytes]]:
    return [(b"host", b"h"), (b"authorization", f"{scheme} {token.written(key_id, secret)}".encode())]


def refused(
    admitting: KeyGate, headers: Any, action: Any = "predict", name: str | None = "churn"
) -> RequestError:
    with pytest.raises(RequestError) as found:
        asyncio.run(admitting.admit(headers, action, name, {}))
    return found.value


def test_a_key_lets_in_by_either_header() -> None:
    shown = token.written("k1", SECRET).encode()
    for headers in (
        bearer(),
        bearer(scheme="bearer"),
        [(b"x-api-key", shown)],
        [(b"x-api-key", shown + b" ")],
    ):
        asyncio.run(gate(key()).admit(headers, "predict", "churn-eu", {}))


def test_no_key_is_401_and_says_how_to_send_one() -> None:
    error = refused(gate(key()), [])
    assert (error.status, str(error)) == (
        401,
        "send an API key as 'Authorization: Bearer KEY' or 'X-API-Key: KEY'",
    )
    assert error.headers == ((b"www-authenticate", b'Bearer realm="penstock"'),)


@pytest.mark.parametrize("headers", [bearer("k2"), bearer(secret="x"), [(b"authorization", b"Basic YTpi")]])
def test_an_unknown_or_wrong_key_is_401(headers: Any) -> None:
    assert refused(gate(key()), headers).status == 401


def test_another_model_is_403_and_its_name_is_not_told() -> None:
    error = refused(gate(key()), bearer(), name="fraud")
    assert (error.status, str(error)) == (403, "key k1 is not for this model")


@pytest.mark.parametrize("pattern", ["churn*", "?", "[*]"])
def test_only_a_key_for_all_models_sees_what_tells_of_all(pattern: str) -> None:
    assert refused(gate(key(models=(pattern,))), bearer(), "read", EVERY_MODEL).status == 403


def test_a_key_judges_predictions_of_the_models_behind_its_names() -> None:
    class Route:
        class state:  # noqa: N801 - an attribute's stand-in
            model, variants = "churn_v2", ()

    table: Any = {"churn-eu": Route, "fraud": Route}
    assert gate(key()).judged(bearer(), table) == {"churn_v2"}
    assert gate(key(models=("*",))).judged(bearer(), table) is None


def test_another_action_is_403() -> None:
    assert str(refused(gate(key()), bearer(), "feedback", None)) == "key k1 is not for 'feedback'"


def test_what_tells_of_every_model_needs_a_key_for_every_model() -> None:
    assert refused(gate(key()), bearer(), "read", EVERY_MODEL).status == 403
    asyncio.run(gate(key(models=("*",))).admit(bearer(), "read", EVERY_MODEL, {}))


def test_beyond_its_rate_a_key_is_429_and_told_when_to_come_again() -> None:
    limited = gate(key(rate_per_s=0.2, burst=1.0))
    asyncio.run(limited.admit(bearer(), "predict", "churn", {}))
    error = refused(limited, bearer())
    assert (error.status, error.reason, str(error)) == (
        429,
        "rate_limited",
        "key k1 may send 0.2 requests a second",
    )
    assert error.headers == ((b"retry-after", b"5"),)


def test_who_is_refused_spends_nothing_of_the_rate() -> None:
    limited = gate(key(rate_per_s=0.2, burst=1.0))
    refused(limited, bearer(), name="fraud")
    asyncio.run(limited.admit(bearer(), "predict", "churn", {}))


def test_before_the_keys_were_read_it_is_503() -> None:
    error = refused(gate(), bearer())
    assert (error.status, error.headers) == (503, ((b"retry-after", b"2"),))


def test_the_let_in_are_counted_by_key() -> None:
    counting = gate(key())
    for _ in range(3):
        asyncio.run(counting.admit(bearer(), "predict", "churn", {}))
    refused(counting, bearer("k2"))
    assert counting.drain() == {"k1": 3}
    assert counting.drain() == {}


def test_only_the_keys_own_models_are_visible() -> None:
    table: Any = {"churn": "route", "fraud": "route"}
    assert gate(key()).visible(bearer(), table) == {"churn": "route"}
    assert gate(key()).visible([], table) == {}
