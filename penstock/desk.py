"""What every door of the face works with: the settings, the stores, MLflow, and who may do what.

API, console and command each hold one `Desk` and call `penstock.services` with it and with a `Person`.
"""

import time
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from penstock.audit.heads import HeadFile, Mirror, trail_name
from penstock.audit.trail import Trail
from penstock.jobs.store import JobStore
from penstock.people.accounts import Accounts
from penstock.people.gateway_key import GatewayKey
from penstock.people.key_owners import KeyOwners
from penstock.people.mlflow_rights import MlflowRights, project_of
from penstock.people.rights import OpenRights, Rights
from penstock.people.sessions import SessionStore
from penstock.records.dataset import DatasetStore
from penstock.records.project import ProjectStore
from serving.callers.grants import GrantBook
from serving.callers.shown_keys import ShownKeys
from serving.keys.store import KeyStore
from serving.lifecycle.database import Database
from serving.settings import Settings

if TYPE_CHECKING:
    from mlflow import MlflowClient

    from penstock.calling.gateway import Gateway
    from penstock.calling.route_book import RouteBook
    from penstock.calling.switchboard import Switchboard
    from penstock.jobs.tokens import Tokens
    from penstock.metering.answers import Answers
    from penstock.services.figures import FigureBook
    from penstock.services.versions import Versions


@dataclass
class Desk:
    """One process's desk; usable from several threads.

    Args:
        settings: Where things are and how much they may take.
    """

    settings: Settings

    @staticmethod
    def now_s() -> float:
        """Seconds since 1970."""
        return time.time()

    @staticmethod
    def now() -> datetime:
        """The time, in UTC."""
        return datetime.now(UTC)

    @cached_property
    def database(self) -> Database:
        """Penstock's own tables."""
        return Database(self.settings.database_url)

    @cached_property
    def client(self) -> "MlflowClient":
        """MLflow, as Penstock itself; what a person may see of it, the services check."""
        from serving.lifecycle.person import make_client

        return make_client(self.settings)

    @cached_property
    def versions(self) -> "Versions":
        """The registry's versions, as they were a moment ago."""
        from penstock.services.versions import Versions

        return Versions(self.client, time.monotonic)

    @cached_property
    def routes(self) -> "RouteBook":
        """The registry's routes, as they were a moment ago."""
        from penstock.calling.route_book import RouteBook

        return RouteBook(self.client, time.monotonic)

    @cached_property
    def gateway(self) -> "Gateway":
        """The gateway, as the platform reaches it."""
        from penstock.calling.gateway import Gateway

        return Gateway(self.settings)

    @cached_property
    def switchboard(self) -> "Switchboard":
        """Predictions through the gateway."""
        from penstock.calling.switchboard import Switchboard

        return Switchboard(self, self.gateway)

    @cached_property
    def answers(self) -> "Answers":
        """What this process has answered."""
        from penstock.metering.answers import Answers

        return Answers()

    @cached_property
    def figures(self) -> "FigureBook":
        """The figures of success, as they were a few seconds ago."""
        from penstock.services.figures import FigureBook

        return FigureBook(self, self.answers)

    @cached_property
    def rights(self) -> Rights:
        """Who may do what."""
        if self.settings.auth == "off":
            return OpenRights()
        return MlflowRights(
            self.grants, self.accounts, lambda kind, name: project_of(self.client, self.projects, kind, name)
        )

    @cached_property
    def accounts(self) -> Accounts:
        """MLflow's users."""
        return Accounts(self.settings.tracking_uri)

    @cached_property
    def grants(self) -> GrantBook:
        """What MLflow lets users do, as it said a moment ago."""
        return GrantBook(self.settings.tracking_uri)

    @cached_property
    def keys(self) -> KeyStore:
        """The service keys."""
        return KeyStore(self.database, now=self.now)

    @cached_property
    def key_owners(self) -> KeyOwners:
        """The accounts that the service keys were made for."""
        return KeyOwners(self.database)

    @cached_property
    def shown_keys(self) -> ShownKeys:
        """The service keys in memory, by what callers show."""
        return ShownKeys(self.database)

    @cached_property
    def sessions(self) -> SessionStore:
        """Who has signed in to the console."""
        return SessionStore(self.database, self.now_s)

    @cached_property
    def gateway_key(self) -> GatewayKey:
        """What lets this process in at the gateway; to be closed when the process ends."""
        return GatewayKey(self.keys, self.now, is_needed=self.settings.gateway_auth != "off")

    @cached_property
    def jobs(self) -> JobStore:
        """The jobs."""
        return JobStore(self.database, self.now_s)

    @cached_property
    def tokens(self) -> "Tokens":
        """The queue that tells workers of new jobs."""
        from penstock.jobs.tokens import Tokens

        return Tokens(self.settings)

    @cached_property
    def projects(self) -> ProjectStore:
        """The projects."""
        return ProjectStore(self.database, self.now_s)

    @cached_property
    def datasets(self) -> DatasetStore:
        """The data sets."""
        return DatasetStore(self.database, self.now_s)

    @cached_property
    def trail(self) -> Trail:
        """The audit trail; to be closed when the process ends."""
        settings = self.settings
        path = Path(settings.audit_head_file or settings.var_dir / "audit" / "head.jsonl")
        return Trail(
            self.database,
            self.now,
            name=trail_name(settings.database_url),
            file=HeadFile(path),
            mirror=Mirror(lambda: self.client),
        )
