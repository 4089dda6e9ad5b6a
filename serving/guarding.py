"""A worker's guards as the settings want them, and the thread that keeps them fresh from the database."""

import logging
import threading
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from serving.callers.loopback import are_status_doors_open
from serving.registry.table import Table
from serving.settings import Settings
from serving.web.disclosure import Disclosure
from serving.web.gate import Gate
from serving.web.guards import Guards
from serving.web.masks import Masks, key_of

if TYPE_CHECKING:
    from serving.keys.watch import KeyWatch
    from serving.web.owners import Owners

_logger = logging.getLogger(__name__)

LOOK_EVERY_S = 1.0
HASH_KEY = "prediction log hash"


class Guarding:
    """Makes the guards and follows what they are made from. Its thread is `run`'s caller.

    Args:
        settings: What is wanted.
    """

    def __init__(self, settings: Settings) -> None:
        self._database_url = settings.database_url
        self._watch: KeyWatch | None = None
        self._stopping = threading.Event()
        self._masks = Masks(key_of(settings.log_hash_key) if settings.log_hash_key else None)
        self._is_told = False
        self.guards = Guards(
            gate=self._gate(settings),
            disclosure=Disclosure(is_terse=settings.gateway_error_detail == "terse", clock=time.monotonic),
            masks=self._masks,
            are_status_doors_open=are_status_doors_open(settings),
        )

    def run(self, every_s: float = LOOK_EVERY_S) -> None:
        """Follow the database, until stopped."""
        while not self._stopping.wait(every_s):
            self.look()

    def stop(self) -> None:
        """Let `run` return, and bring the store the keys' last uses."""
        self._stopping.set()
        if self._watch is not None:
            self._watch.note()

    def look(self) -> None:
        """Follow the keys, and learn the hash's key where it is needed."""
        if self._watch is not None:
            self._watch.look()
        if self._masks.is_key_missed and self._masks.key is None:
            self.learn_hash_key()

    def prepare(self, table: Table) -> None:
        """Learn the hash's key if a policy hashes, before anything is logged."""
        if self._masks.key is None and any(route.policy.hashed for route in table.values()):
            self.learn_hash_key()

    def learn_hash_key(self) -> None:
        """Take the hash's key from the database; until it is there, hashed columns are dropped."""
        from serving.keys.kept import kept_secret
        from serving.lifecycle.database import Database
        from serving.lifecycle.errors import LifecycleError

        try:
            self._masks.key = kept_secret(Database(self._database_url), HASH_KEY)
        except LifecycleError as error:
            if not self._is_told:
                _logger.warning("columns that should be hashed on the prediction log are dropped: %s", error)
            self._is_told = True

    def _gate(self, settings: Settings) -> Gate | None:
        if settings.gateway_auth == "keys":
            return self._key_gate(settings)
        if settings.gateway_auth == "mlflow":
            from serving.callers.users import MlflowUsers
            from serving.web.both_gate import BothGate
            from serving.web.user_gate import UserGate

            users = UserGate(MlflowUsers(settings.tracking_uri), settings.gateway_auth_ttl_s, time.monotonic)
            return BothGate(self._key_gate(settings), users)
        return None

    def _key_gate(self, settings: Settings) -> Gate:
        from serving.keys.ring import Ring
        from serving.keys.store import KeyStore
        from serving.keys.watch import KeyWatch
        from serving.lifecycle.database import Database
        from serving.web.key_gate import KeyGate

        ring = Ring(settings.gateway_workers, time.time)
        self._watch = KeyWatch(KeyStore(Database(settings.database_url), now=lambda: datetime.now(UTC)), ring)
        self._watch.look()
        return KeyGate(ring, self._watch, _owners(settings))


def _owners(settings: Settings) -> "Owners | None":
    if "mlflow" not in (settings.auth, settings.gateway_auth):
        return None
    from serving.callers.grants import GrantBook
    from serving.web.owners import Owners

    # Owners hold what the book says, so that the book itself keeps answers for when MLflow is away only.
    book = GrantBook(settings.tracking_uri, ttl_s=0.0)
    return Owners(book, settings.gateway_auth_ttl_s, time.monotonic)
