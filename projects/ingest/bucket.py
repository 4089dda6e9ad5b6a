"""Objects of an S3 bucket, fetched into the workspace one by one as they are listed."""

from collections.abc import Iterator
from fnmatch import fnmatchcase
from pathlib import Path, PurePosixPath
from typing import Any

from projects.errors import BadInput
from projects.ingest.bucket_store import ATTEMPTS, FEW, SCHEME, complaints, connect, unread
from projects.ingest.raw import FoundFile, Origin, Skipped
from projects.ingest.unpack import reason_to_skip
from projects.ingest.workspace import Workspace

GLOB_MARKS = frozenset("*?[")
LARGE_BYTES = 80_000_000


def fetch(place: str, work: Workspace) -> Iterator[FoundFile | Skipped]:
    """Fetch the objects under `s3://bucket/prefix`, or those that a glob in it names.

    A store that goes away in the middle is waited for; one that is not there is told at once.

    Raises:
        BadInput: The bucket cannot be read, nothing lies there, or it does not fit on the disk.
    """
    bucket, _, key = place.removeprefix(SCHEME).partition("/")
    if not bucket:
        raise BadInput(f"'{place}' names no bucket; write s3://bucket/prefix")
    found = 0
    try:
        connect(FEW).list_objects_v2(Bucket=bucket, Prefix=_prefix(key), MaxKeys=1)
        client = connect(ATTEMPTS)
        for entry in _listed(client, bucket, key):
            found += 1
            yield _fetched(client, bucket, entry, work)
    except complaints() as error:
        raise unread(place, error) from error
    if not found:
        raise BadInput(f"nothing lies under '{place}'; look at the bucket's name and the prefix")


def _listed(client: Any, bucket: str, key: str) -> Iterator[dict[str, Any]]:
    is_glob = bool(GLOB_MARKS & set(key))
    for page in client.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=_prefix(key)):
        for entry in page.get("Contents", []):
            name = str(entry["Key"])
            in_folder = not key or name == key or name.startswith(key if key.endswith("/") else f"{key}/")
            if not name.endswith("/") and (fnmatchcase(name, key) if is_glob else in_folder):
                yield entry


def _prefix(key: str) -> str:
    """Give what all keys begin with that a prefix or a glob names."""
    return key[: min((key.find(mark) for mark in GLOB_MARKS if mark in key), default=len(key))]


def _fetched(client: Any, bucket: str, entry: dict[str, Any], work: Workspace) -> FoundFile | Skipped:
    key, size = str(entry["Key"]), int(entry["Size"])
    shown = f"{SCHEME}{bucket}/{key}"
    if (reason := reason_to_skip(Path(key))) is not None:
        return Skipped(shown, reason or "it is hidden")
    work.need(size, f"'{shown}'")
    if size >= LARGE_BYTES:
        work.say(f"fetching {shown}: {size / 1e6:,.0f} MB")
    path = work.new_path(PurePosixPath(key).suffix)
    client.download_file(bucket, key, str(path))
    origin = Origin(shown, str(entry.get("ETag", "")))
    return FoundFile(path, shown, is_named=False, origin=origin)
