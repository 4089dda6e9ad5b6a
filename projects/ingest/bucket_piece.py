"""Bytes of a bucket's object, fetched by the worker that reads them, with credentials of its own."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from projects.errors import BadInput

SCHEME = "s3://"
BLOCK = 1 << 20
ATTEMPTS = 6
"""With waits of up to 20 seconds between them, a store may be away for about half a minute."""


@contextmanager
def fetched(url: str, start: int, stop: int, stamp: str, folder: Path) -> Iterator[Path]:
    """Give a file that holds some bytes of an object while the work inside goes on.

    Args:
        url: `s3://bucket/key`.
        start: The first byte.
        stop: The byte behind the last; 0 for all.
        stamp: The ETag that the object must have.
        folder: Where the file goes.

    Raises:
        BadInput: The object cannot be read, or is another one by now.
    """
    from boto3.exceptions import Boto3Error
    from botocore.exceptions import (  # type: ignore[import-untyped]  # it has no types
        BotoCoreError,
        ClientError,
    )

    suffix = Path(url).suffix
    with tempfile.NamedTemporaryFile(dir=folder, prefix="piece-", suffix=suffix) as out:
        try:
            _fetch(url, start, stop, stamp, Path(out.name))
        except (BotoCoreError, ClientError, Boto3Error) as error:
            raise BadInput(f"'{url}' cannot be read by a worker; {error}") from error
        yield Path(out.name)


def _fetch(url: str, start: int, stop: int, stamp: str, target: Path) -> None:
    import boto3
    from botocore.config import Config  # type: ignore[import-untyped]  # it has no types

    bucket, _, key = url.removeprefix(SCHEME).partition("/")
    region = os.environ.get("AWS_DEFAULT_REGION") or os.environ.get("AWS_REGION") or "us-east-1"
    config = Config(retries={"max_attempts": ATTEMPTS, "mode": "standard"}, connect_timeout=10)
    asked = {"Bucket": bucket, "Key": key} | ({"IfMatch": stamp} if stamp else {})
    if stop:
        asked["Range"] = f"bytes={start}-{stop - 1}"
    answer = boto3.client("s3", config=config, region_name=region).get_object(**asked)
    with target.open("wb") as out:
        for block in answer["Body"].iter_chunks(BLOCK):
            out.write(block)
