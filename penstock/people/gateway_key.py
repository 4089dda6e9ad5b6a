"""How the platform calls the gateway for people whose rights it has checked: with a short-lived key.

The key's text is only in this process's memory. A crash leaves a key that ends by itself.
"""

import logging
import threading
import time
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta

from penstock.problems import Away
from serving.keys.errors import InvalidKeyError
from serving.keys.key import Wanted
from serving.keys.store import KeyStore, Made
from serving.lifecycle.errors import LifecycleError

_logger = logging.getLogger(__name__)

NAME = "the platform itself"
LASTS_S = 3600.0
RENEWED_S = 1800.0
KNOWN_S = 5.0
"""Gateways see a new key within two seconds; until so long after, the one before is shown."""

RETRY_S = 5.0


class GatewayKey:
    """A key for predictions, feedback and listings, made when first used; usable from several threads.

    Args:
        keys: Where keys are made.
        now: The time.
        is_needed: Whether the gateway asks who calls.
        clock: A monotonic clock, in seconds.
    """

    def __init__(
        self,
        keys: KeyStore,
        now: Callable[[], datetime],
        *,
        is_needed: bool,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._keys, self._now, self._clock, self._is_needed = keys, now, clock, is_needed
        self._lock = threading.Lock()
        self._made: list[tuple[float, Made]] = []
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None

    def open(self) -> None:
        """Make the key before it is needed, so that the gateway knows it by then, and keep it fresh."""
        with self._lock:
            if not self._is_needed or self._thread is not None:
                return
            self._renew()
            self._thread = threading.Thread(target=self._keep_fresh, name="gateway-key", daemon=True)
            self._thread.start()

    def headers(self) -> Mapping[str, str]:
        """What lets the platform in; safe on the event loop.

        Raises:
            Away: There is no key yet, as the database refuses to keep one.
        """
        if not self._is_needed:
            return {}
        if not self._made:
            self.open()
        if not self._made:
            raise Away(
                "the gateway cannot be called for want of a key; try again in a moment", retry_s=RETRY_S
            )
        return {"Authorization": f"Bearer {self._known().text}"}

    def close(self) -> None:
        """Revoke what was made."""
        self._stopping.set()
        with self._lock:
            for _, made in self._made:
                try:
                    self._keys.revoke(made.key.key_id)
                except (LifecycleError, InvalidKeyError) as error:
                    _logger.warning("the gateway's key %s ends by itself: %s", made.key.key_id, error)
            self._made = []

    def _known(self) -> Made:
        """The newest key that gateways have had the time to see."""
        at_s = self._clock() - KNOWN_S
        made = self._made
        return next((one for made_s, one in reversed(made) if made_s <= at_s), made[0][1])

    def _keep_fresh(self) -> None:
        pause_s = RENEWED_S if self._made else RETRY_S
        while not self._stopping.wait(pause_s):
            with self._lock:
                pause_s = RENEWED_S if self._renew() else RETRY_S

    def _renew(self) -> bool:
        try:
            self._make()
        except LifecycleError as error:
            _logger.warning("the gateway's key could not be made: %s", error)
            return False
        return True

    def _make(self) -> None:
        now, now_s = self._now(), self._clock()
        self._keys.forget_ended(NAME, now)
        made = self._keys.make(
            Wanted(
                NAME,
                actions=("predict", "feedback", "read"),
                expires_at=now + timedelta(seconds=LASTS_S),
            )
        )
        self._made = [*self._made[-1:], (now_s, made)]
