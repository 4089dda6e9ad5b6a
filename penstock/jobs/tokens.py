"""Tokens that say "there is work": Huey carries them, over a SQLite file or Redis.

A token names no job: whoever takes one looks into the table of jobs. So a token that is lost costs a worker's
next look at the table and nothing else, and jobs can be asked for while Redis is away.
"""

import json
import logging
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from huey import Huey, RedisHuey, SqliteHuey
from huey.registry import Message
from huey.serializer import Serializer

from serving.settings import Settings

log = logging.getLogger(__name__)

NAME = "penstock-jobs"
FILE = "queue.db"
LOCK_WAIT_S = 1
"""A token is not worth a longer wait for the SQLite file."""
AWAY_S = 1.0
"""How long a connection to Redis, and an answer of its, is waited for."""
QUIET_S = 5.0
"""For how long a queue that is away is left alone."""


class _Plain(Serializer):  # type: ignore[misc]
    """Messages as JSON: Huey's own are pickles, which run what a stranger put into Redis."""

    def _serialize(self, data: Any) -> bytes:
        return json.dumps(list(data)).encode()

    def _deserialize(self, data: bytes) -> Any:
        return Message(*json.loads(bytes(data)))


def work() -> None:
    """What a token asks for; never called, since workers take tokens off the queue themselves."""


class Tokens:
    """The queue of tokens; usable from several threads.

    Args:
        settings: Where the queue is.
        clock: Seconds, monotonic.
    """

    def __init__(self, settings: Settings, clock: Callable[[], float] = time.monotonic) -> None:
        self._settings, self._clock = settings, clock
        self._lock = threading.Lock()
        self._huey: Huey | None = None
        self._task: Any = None
        self._away_until, self._is_away = 0.0, False

    def tell(self) -> bool:
        """Say that there is work; False where the queue is away, which is logged once."""
        return bool(self._tried(self._enqueue))

    def take(self) -> bool:
        """Take a token, if there is one."""
        return self._tried(lambda: self._opened().dequeue()) is not None

    def close(self) -> None:
        """Let go of the queue."""
        with self._lock:
            huey, self._huey = self._huey, None
        if huey is not None:
            huey.storage.close()

    def _enqueue(self) -> bool:
        self._task()
        return True

    def _tried(self, act: Callable[[], Any]) -> Any:
        if self._clock() < self._away_until:
            return None
        try:
            self._opened()
            done = act()
        except Exception as error:  # noqa: BLE001 - each client has errors of its own, and a token may be lost
            self._say_away(error)
            return None
        if self._is_away:
            self._is_away = False
            log.info("the jobs' queue is back")
        return done

    def _say_away(self, error: Exception) -> None:
        self._away_until = self._clock() + QUIET_S
        if not self._is_away:
            self._is_away = True
            log.warning("the jobs' queue is away (%s); jobs are found in the database instead", error)

    def _opened(self) -> Huey:
        with self._lock:
            if self._huey is None:
                self._huey = _open(self._settings)
                self._task = self._huey.task(name="work")(work)
            return self._huey


def _open(settings: Settings) -> Huey:
    if settings.jobs_redis_url:
        return RedisHuey(NAME, results=False, serializer=_Plain(), blocking=False, **_redis(settings))
    folder: Path = settings.jobs_dir
    folder.mkdir(parents=True, exist_ok=True)
    file = str(folder / FILE)
    return SqliteHuey(NAME, results=False, serializer=_Plain(), filename=file, timeout=LOCK_WAIT_S)


def _redis(settings: Settings) -> dict[str, Any]:
    """A connection that gives up soon: redis-py's own patience is many seconds."""
    from redis import ConnectionPool
    from redis.backoff import NoBackoff
    from redis.retry import Retry

    pool = ConnectionPool.from_url(
        settings.jobs_redis_url,
        socket_connect_timeout=AWAY_S,
        socket_timeout=AWAY_S,
        retry=Retry(NoBackoff(), 0),
    )
    return {"connection_pool": pool}
