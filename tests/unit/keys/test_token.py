"""A key's text: what is in it, and what is kept of it."""

import re
from hashlib import blake2b

from serving.keys import token


def test_a_key_reads_back_as_what_was_written() -> None:
    key_id, secret = token.new_id(), token.new_secret()
    assert token.read(token.written(key_id, secret).encode()) == (key_id.encode(), secret.encode())


def test_a_key_is_one_word_with_256_random_bits() -> None:
    text = token.written(token.new_id(), token.new_secret())
    assert re.fullmatch(r"penstock_[0-9a-f]{12}_[0-9a-f]{64}", text)


def test_two_keys_differ() -> None:
    assert token.new_secret() != token.new_secret()


def test_what_is_no_key_is_none() -> None:
    for text in (b"", b"penstock_", b"penstock_a", b"penstock_a_", b"penstock__b", b"Penstock_a_b", b"\xff"):
        assert token.read(text) is None


def test_the_digest_is_blake2b_of_32_bytes() -> None:
    assert token.digest(b"secret") == blake2b(b"secret", digest_size=32).digest()


def test_a_secret_is_known_by_its_digest_alone() -> None:
    kept = token.digest(b"secret")
    assert token.is_secret(b"secret", kept)
    assert not token.is_secret(b"secreT", kept)
    assert not token.is_secret(b"secret", b"")
