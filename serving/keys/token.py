"""A key's text, `penstock_<id>_<secret>`, and what the store keeps of it.

The secret is 256 random bits, so the store keeps a plain BLAKE2b of it: nobody can guess their way back from
the digest of a value that is one of 2**256, however fast the hash. Slow hashes protect passwords, which are
few and guessable, and would cost each request milliseconds here.
"""

import hmac
import secrets
from hashlib import blake2b

PREFIX = b"penstock_"
ID_BYTES = 6
SECRET_BYTES = 32
DIGEST_BYTES = 32


def new_id() -> str:
    """A key's public name: 12 hexadecimal digits."""
    return secrets.token_hex(ID_BYTES)


def new_secret() -> str:
    """256 random bits as hexadecimal digits."""
    return secrets.token_hex(SECRET_BYTES)


def written(key_id: str, secret: str) -> str:
    """The text that the caller sends."""
    return f"{PREFIX.decode()}{key_id}_{secret}"


def read(token: bytes) -> tuple[bytes, bytes] | None:
    """A key's id and secret; None if the text is no key."""
    if not token.startswith(PREFIX):
        return None
    key_id, _, secret = token[len(PREFIX) :].partition(b"_")
    return (key_id, secret) if key_id and secret else None


def digest(secret: bytes) -> bytes:
    """What the store keeps of a secret."""
    return blake2b(secret, digest_size=DIGEST_BYTES).digest()


def is_secret(secret: bytes, kept: bytes) -> bool:
    """Whether a secret is the one whose digest is kept, in a time that does not tell how near it was."""
    return hmac.compare_digest(digest(secret), kept)
