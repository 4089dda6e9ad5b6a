"""What there is to back up, and in which order, so that a copy made while all goes on holds together.

First the audit's head, which may not know more than its trail; then MLflow's database, then Penstock's; then
what they name: artefacts are there before a version is registered, and go long after, so a copy made after
the registry's has those of every version in it. Folders of rows, uploads and reports come last. The
prediction log's folder comes before its copy in the bucket, as what leaves the one is in the other by then.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from penstock.backup.databases import Place
from penstock.backup.rooms import FolderRoom, Room, room_at
from serving.settings import Settings

ARTIFACTS = "artifacts"
BEFORE = ("audit",)
"""Folders that are read before the databases."""
SECRETS = "secrets"
LOG_IN_BUCKET = "predictions_bucket"
"""The prediction log's copy, where the settings name one: on several hosts no folder holds all of it."""


@dataclass(frozen=True)
class Places:
    """The parts of an installation.

    Attributes:
        databases: MLflow's, its accounts', then Penstock's.
        rooms: Artefacts and folders by their part's name, in the order in which they are read.
    """

    databases: tuple[Place, ...]
    rooms: Mapping[str, Room] = field(default_factory=dict)

    @property
    def early(self) -> dict[str, Room]:
        """What is read before the databases."""
        return {part: room for part, room in self.rooms.items() if part in BEFORE}

    @property
    def late(self) -> dict[str, Room]:
        """What is read after them."""
        return {part: room for part, room in self.rooms.items() if part not in BEFORE}


def places_of(
    settings: Settings,
    *,
    mlflow_database: str = "",
    accounts_database: str = "",
    artifacts: str = "",
    with_secrets: bool = False,
) -> Places:
    """An installation's parts, as its settings say.

    Args:
        settings: Penstock's.
        mlflow_database: MLflow's `--backend-store-uri`; by default the local stack's.
        accounts_database: MLflow's users, where they are not in its database; by default the local stack's.
        artifacts: MLflow's `--artifacts-destination`; by default the local stack's.
        with_secrets: Whether the administrator's password and the var folder's `secrets` belong to it.

    Raises:
        BadRequest: The artefacts' place is neither a folder nor a bucket.
    """
    var = settings.var_dir.absolute()
    head = Path(settings.audit_head_file or var / "audit" / "head.jsonl")
    rooms: dict[str, Room] = {
        "audit": FolderRoom(head.parent),
        ARTIFACTS: room_at(artifacts or str(var / "artifacts"), settings.s3_encryption),
        "projects": FolderRoom(settings.projects_dir.absolute()),
        "predictions": FolderRoom(settings.prediction_log_dir.absolute()),
    }
    if settings.log_s3_uri:
        rooms[LOG_IN_BUCKET] = room_at(settings.log_s3_uri, settings.s3_encryption)
    rooms["monitor"] = FolderRoom(settings.monitor_dir.absolute())
    if with_secrets:
        rooms[SECRETS] = FolderRoom(var, only=("mlflow_admin", "secrets"), is_private=True)
    databases = (
        Place("mlflow", mlflow_database or f"sqlite:///{var / 'mlflow.db'}"),
        Place("accounts", accounts_database or f"sqlite:///{var / 'mlflow_users.db'}"),
        Place("penstock", settings.database_url),
    )
    return Places(databases, rooms)
