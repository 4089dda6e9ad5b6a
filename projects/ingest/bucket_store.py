"""An S3 store: asked with patience, and its complaints as sentences for a person."""

import os
from typing import Any

from projects.errors import BadInput

SCHEME = "s3://"
FEW = 3
"""How often a store is asked for the first time: a wrong address is told within some seconds."""
ATTEMPTS = 7
"""How often after that: with waits of up to 20 seconds, a store may be away for about half a minute."""
CONNECT_S = 10
REFUSED = frozenset(
    ("SignatureDoesNotMatch", "InvalidAccessKeyId", "AccessDenied", "ExpiredToken", "InvalidToken", "403")
)
CHANGED = frozenset(("PreconditionFailed", "412"))


def connect(attempts: int) -> Any:
    """Give a client of the store that AWS_ENDPOINT_URL or AWS_ENDPOINT_URL_S3 names, else of AWS.

    Args:
        attempts: How often it asks.

    Raises:
        BotoCoreError: The settings are no settings.
    """
    import boto3
    from botocore.config import Config  # type: ignore[import-untyped]  # it has no types

    region = os.environ.get("AWS_DEFAULT_REGION") or os.environ.get("AWS_REGION") or "us-east-1"
    retries = {"max_attempts": attempts, "mode": "standard"}
    config = Config(retries=retries, connect_timeout=CONNECT_S)
    return boto3.client("s3", config=config, region_name=region)


def complaints() -> tuple[type[Exception], ...]:
    """Give all that boto3 raises where a store cannot be read or written."""
    from boto3.exceptions import Boto3Error
    from botocore import exceptions as known  # type: ignore[import-untyped]  # it has no types

    return Boto3Error, known.BotoCoreError, known.ClientError


def unread(place: str, error: Exception, reader: str = "") -> BadInput:
    """Say that something in a store cannot be read, and what to do.

    Args:
        place: `s3://bucket/key`.
        error: What boto3 raised.
        reader: Who reads, where it is not this process.
    """
    by = f" by {reader}" if reader else ""
    return BadInput(f"'{place}' cannot be read{by}; {explained(error)}")


def explained(error: Exception) -> str:
    """Say what a store complains of, and what to do."""
    inner = getattr(error, "last_exception", None) or error.__context__
    why = inner if isinstance(inner, complaints()) else error
    return f"{str(why).rstrip('.')}; {_advice(why)}"


def _advice(error: Exception) -> str:
    from botocore import exceptions as known

    code = str(getattr(error, "response", {}).get("Error", {}).get("Code", ""))
    if code in REFUSED or isinstance(error, known.NoCredentialsError | known.PartialCredentialsError):
        return "look there at the key and its secret (AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY)"
    if code in CHANGED:
        return "it changed while it was read: leave it alone, and run this again"
    if isinstance(error, known.HTTPClientError | known.ConnectionError | known.IncompleteReadError):
        return "see that the store is up and that AWS_ENDPOINT_URL names it, and run this again"
    return "look at the bucket's name and the prefix, and run this again"
