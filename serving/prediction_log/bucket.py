"""The log's copy in a bucket: whole files under the same names as in the log's folder.

An object is there whole or not at all, also when it is sent in parts. Its size and the SHA-256 in its
metadata are compared with the file's before the file counts as uploaded; S3 itself checks a SHA-256 of what
arrives.
"""

import hashlib
import os
import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import pyarrow as pa

from serving.prediction_log.encryption import upload_arguments

PART_BYTES = 16 * 1024 * 1024
"""Larger files are sent in parts of this size."""
CONNECT_S, READ_S, TRIES = 5, 60, 4
_DELETED_AT_ONCE = 1000
_GONE = {"404", "NoSuchKey", "NotFound"}


class BucketError(OSError):
    """The bucket cannot be reached or refuses; the message says what to do."""


class Listed(NamedTuple):
    """An object of a bucket: its name below the prefix, bytes, entity tag, and when it came, since 1970."""

    name: str
    size_bytes: int
    tag: str
    modified_s: float


class Bucket:
    """One prefix of one bucket; credentials and endpoint are boto3's (`AWS_...`).

    Args:
        uri: `s3://bucket/prefix`.
        encryption: The setting `s3_encryption`, for what is put there.

    Raises:
        ValueError: The address names no bucket.
        SettingsError: S3 knows no such encryption.
    """

    def __init__(self, uri: str, encryption: str = "") -> None:
        parts = urlsplit(uri)
        if parts.scheme != "s3" or not parts.netloc:
            raise ValueError(f"'log_s3_uri' must be like s3://bucket/prefix, not '{uri}'")
        self.uri = f"s3://{parts.netloc}/{parts.path.strip('/')}".rstrip("/")
        self._bucket, prefix = parts.netloc, parts.path.strip("/")
        self._prefix = f"{prefix}/" if prefix else ""
        self._encryption = upload_arguments(encryption)

    def names(self, under: str) -> Iterator[str]:
        """The names below a folder, in the order of their letters.

        Raises:
            BucketError: The bucket cannot be listed.
        """
        for found in self.listed(under):
            yield found.name

    def listed(self, under: str) -> Iterator[Listed]:
        """The objects below a folder, in the order of their names.

        Raises:
            BucketError: The bucket cannot be listed.
        """
        with self._asking("list it"):
            pages = self._client.get_paginator("list_objects_v2").paginate(
                Bucket=self._bucket, Prefix=f"{self._prefix}{under}"
            )
            for page in pages:
                for found in page.get("Contents", ()):
                    name, tag = found["Key"].removeprefix(self._prefix), found["ETag"].strip('"')
                    yield Listed(name, found["Size"], tag, found["LastModified"].timestamp())

    def holds(self, name: str, size_bytes: int, sha256: str) -> bool:
        """Whether an object is there, of this size and digest."""
        with self._asking(f"look at '{name}'"):
            try:
                head = self._client.head_object(Bucket=self._bucket, Key=self._prefix + name)
            except self._client.exceptions.ClientError as error:
                if error.response["Error"]["Code"] in _GONE:
                    return False
                raise
        return bool(head["ContentLength"] == size_bytes and head["Metadata"].get("sha256") == sha256)

    def put(self, path: Path, name: str, sha256: str) -> None:
        """Send a file, and look whether it has arrived.

        Raises:
            BucketError: It has not.
        """
        from boto3.s3.transfer import TransferConfig

        with self._asking(f"upload '{name}'"):
            self._drop_parts(name)
            self._client.upload_file(
                str(path),
                self._bucket,
                self._prefix + name,
                ExtraArgs={"Metadata": {"sha256": sha256}, "ChecksumAlgorithm": "SHA256"} | self._encryption,
                Config=TransferConfig(PART_BYTES, multipart_chunksize=PART_BYTES, max_concurrency=2),
            )
        if not self.holds(name, path.stat().st_size, sha256):
            raise BucketError(f"'{name}' has not arrived whole in {self.uri}; it is sent again")

    def open(self, name: str) -> pa.NativeFile:
        """An object as a file of which only the parts that are wanted are fetched.

        Raises:
            FileNotFoundError: It is not there.
            BucketError: The bucket cannot be reached.
        """
        try:
            return self._files.open_input_file(f"{self._bucket}/{self._prefix}{name}")
        except FileNotFoundError:
            raise
        except OSError as error:
            raise self._failed(f"read '{name}'", error) from error

    def remove(self, names: Iterable[str]) -> None:
        """Remove objects, also such as are not there."""
        keys = [{"Key": self._prefix + name} for name in names]
        with self._asking("remove what has been replaced"):
            for first in range(0, len(keys), _DELETED_AT_ONCE):
                some = keys[first : first + _DELETED_AT_ONCE]
                done = self._client.delete_objects(
                    Bucket=self._bucket, Delete={"Objects": some, "Quiet": True}
                )
                if done.get("Errors"):
                    raise BucketError(f"{self.uri} keeps '{done['Errors'][0]['Key']}', which should go")

    def _drop_parts(self, name: str) -> None:
        """Remove the parts of an upload that was cut off: nobody sees them, and they cost."""
        key = self._prefix + name
        found = self._client.list_multipart_uploads(Bucket=self._bucket, Prefix=key).get("Uploads", ())
        for upload in found:
            if upload["Key"] == key:
                self._client.abort_multipart_upload(Bucket=self._bucket, Key=key, UploadId=upload["UploadId"])

    @cached_property
    def _client(self) -> Any:
        import boto3
        from botocore.config import Config  # type: ignore[import-untyped]

        patience = Config(
            connect_timeout=CONNECT_S,
            read_timeout=READ_S,
            retries={"mode": "standard", "max_attempts": TRIES},
        )
        return boto3.client("s3", config=patience)

    @cached_property
    def _files(self) -> Any:
        """Arrow's own way to the bucket, with what boto3 has found out of credentials and endpoint."""
        import boto3
        from pyarrow.fs import S3FileSystem

        found = boto3.Session().get_credentials()
        keys = found.get_frozen_credentials() if found else None
        return S3FileSystem(
            access_key=keys and keys.access_key,
            secret_key=keys and keys.secret_key,
            session_token=keys and keys.token,
            anonymous=keys is None,
            region=self._client.meta.region_name,
            endpoint_override=self._client.meta.endpoint_url,
            connect_timeout=CONNECT_S,
            request_timeout=READ_S,
            tls_ca_file_path=os.environ.get("AWS_CA_BUNDLE") or None,
        )

    def _failed(self, what: str, error: Exception) -> BucketError:
        text = re.sub(r"\s+", " ", str(error))[:300]
        return BucketError(f"{self.uri} could not be asked to {what}: {text}")

    @contextmanager
    def _asking(self, what: str) -> Iterator[None]:
        from boto3.exceptions import Boto3Error
        from botocore.exceptions import (  # type: ignore[import-untyped]
            BotoCoreError,
            ClientError,
            HTTPClientError,
        )

        try:
            yield
        except (Boto3Error, BotoCoreError, ClientError, HTTPClientError) as error:
            raise self._failed(what, error) from error


def sha256_of(path: Path) -> str:
    """A file's SHA-256, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
