"""Bytes of a bucket's object, fetched by the worker that reads them, with credentials of its own."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from projects.ingest.bucket_store import ATTEMPTS, SCHEME, complaints, connect, unread

BLOCK = 1 << 20


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
    suffix = Path(url).suffix
    with tempfile.NamedTemporaryFile(dir=folder, prefix="piece-", suffix=suffix) as out:
        try:
            _fetch(url, start, stop, stamp, Path(out.name))
        except complaints() as error:
            from distributed import get_worker

            raise unread(url, error, f"the worker {get_worker().address}") from error
        yield Path(out.name)


def _fetch(url: str, start: int, stop: int, stamp: str, target: Path) -> None:
    """Write some bytes into a file; after a line that is cut, go on behind the last that came."""
    from botocore.exceptions import (  # type: ignore[import-untyped]  # it has no types
        IncompleteReadError,
        ReadTimeoutError,
        ResponseStreamingError,
    )

    client, at, cuts = connect(ATTEMPTS), start, 0
    with target.open("wb") as out:
        while not stop or at < stop:
            try:
                for block in _body(client, url, at, stop, stamp).iter_chunks(BLOCK):
                    out.write(block)
                    at += len(block)
                return
            except (IncompleteReadError, ReadTimeoutError, ResponseStreamingError):
                cuts += 1
                if cuts == ATTEMPTS:
                    raise


def _body(client: Any, url: str, start: int, stop: int, stamp: str) -> Any:
    """Ask for the bytes from one to before another."""
    bucket, _, key = url.removeprefix(SCHEME).partition("/")
    asked = {"Bucket": bucket, "Key": key} | ({"IfMatch": stamp} if stamp else {})
    if start or stop:
        asked["Range"] = f"bytes={start}-{stop - 1 if stop else ''}"
    return client.get_object(**asked)["Body"]
