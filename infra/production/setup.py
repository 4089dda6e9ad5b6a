"""All that the stack's servers need before they start, made once and looked at on each start.

secrets -> databases and roles -> the bucket, and its encryption -> Penstock's tables
"""

from collections.abc import Callable
from pathlib import Path

from infra.production import databases
from infra.production.contents import BUCKET
from infra.production.mlflow_databases import addresses
from infra.production.secret_files import SecretsError, problems, read
from serving.prediction_log.encryption import bucket_rules
from serving.settings import Settings

NAMES = (
    "database_admin_url", "database_url", "mlflow_env", "mlflow_auth", "mlflow_admin", "redis_url",
    "s3_admin_credentials", "s3_credentials",
)  # fmt: skip
"""The files that are looked at; those of PostgreSQL, Redis and the store are theirs alone."""


def setup(folder: Path, settings: Settings, say: Callable[[str], None]) -> None:
    """Make what is missing.

    Args:
        folder: The files of secrets.
        settings: Penstock's, as the other processes of the stack have them.
        say: Is told what was done, a line each.

    Raises:
        SecretsError: What is wrong with the files.
    """
    found = problems(folder, list(NAMES))
    if found:
        raise SecretsError("\n".join(found))
    admin = read(folder, "database_admin_url")
    for url in _database_urls(folder):
        say(databases.make(admin, url))
    say(_make_bucket(settings))
    say(_migrate(settings))


def _database_urls(folder: Path) -> list[str]:
    return [read(folder, "database_url"), *addresses(folder)]


def _make_bucket(settings: Settings) -> str:
    import boto3
    from botocore.exceptions import ClientError  # type: ignore[import-untyped]

    client = boto3.client("s3")
    how = "was there"
    try:
        client.head_bucket(Bucket=BUCKET)
    except ClientError as error:
        if error.response["Error"]["Code"] not in ("404", "NoSuchBucket"):
            raise
        client.create_bucket(Bucket=BUCKET)
        how = "made"
    if settings.s3_encryption:
        # What comes without asking for it, such as what other programs write, is encrypted, too.
        client.put_bucket_encryption(
            Bucket=BUCKET, ServerSideEncryptionConfiguration=bucket_rules(settings.s3_encryption)
        )
    return f"bucket '{BUCKET}' {how}"


def _migrate(settings: Settings) -> str:
    from serving.lifecycle import schema
    from serving.lifecycle.database import Database

    was = schema.upgrade(Database(settings.database_url).engine(), "Penstock's database")
    how = {None: "made", schema.NEWEST: "were there"}.get(was, f"upgraded from {was}")
    return f"Penstock's tables, version {schema.NEWEST}: {how}"
