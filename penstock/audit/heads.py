"""The trail's newest hash, kept outside its table: a line in a file at once, a tag in MLflow now and then.

Cutting off the trail's end, or replacing the whole of it, leaves these behind as witnesses. Each names the
database that its trail is in, so that several trails may share a file or an MLflow server.
"""

import json
import logging
import os
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

import sqlalchemy as sa

if TYPE_CHECKING:
    from mlflow import MlflowClient

_logger = logging.getLogger(__name__)
EXPERIMENT = "penstock audit"
"""The MLflow experiment whose tags hold the heads."""
TAG = "penstock.audit.head"
SYNC_S = 1.0
"""How long a line may wait until it is on the disk for good; a power cut loses what an attacker would cut."""
MIRROR_S = 60.0


@dataclass(frozen=True, slots=True)
class Head:
    """The trail's end at one moment.

    Attributes:
        trail: Which trail's, see `trail_name`.
        sequence: The last entry's number.
        sha256: Its hash.
        time: When it was written, as the entry says.
    """

    trail: str
    sequence: int
    sha256: str
    time: str


def trail_name(database_url: str) -> str:
    """What tells a trail from others: a digest of its database's address, without the password."""
    try:
        plain = sa.make_url(database_url).render_as_string(hide_password=True)
    except sa.exc.ArgumentError:
        plain = database_url
    return sha256(plain.encode()).hexdigest()[:12]


def read_head(text: str) -> Head | None:
    """A head from its JSON; None where it is none."""
    try:
        told = json.loads(text)
        return Head(str(told["trail"]), int(told["sequence"]), str(told["sha256"]), str(told["time"]))
    except (ValueError, TypeError, KeyError):
        return None


class HeadFile:
    """The file of heads, one JSON line each, to which many processes append.

    Args:
        path: Where it is.
        clock: Seconds, of any beginning.
    """

    def __init__(self, path: Path, clock: Callable[[], float] = time.monotonic) -> None:
        self.path, self._clock = path, clock
        self._synced_s = float("-inf")

    def write(self, head: Head) -> None:
        """Append a head.

        Raises:
            OSError: The disk refuses.
        """
        line = json.dumps(asdict(head), separators=(",", ":")) + "\n"
        self.path.parent.mkdir(parents=True, exist_ok=True)
        handle = os.open(self.path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o640)
        try:
            os.write(handle, line.encode())
            if self._clock() - self._synced_s >= SYNC_S:
                os.fsync(handle)
                self._synced_s = self._clock()
        finally:
            os.close(handle)

    def heads(self, trail: str) -> Iterator[Head]:
        """The heads of a trail, as they were written; lines that are none are passed over.

        Raises:
            OSError: The file cannot be read; FileNotFoundError where there is none.
        """
        with self.path.open(encoding="utf-8", errors="replace") as lines:
            for line in lines:
                head = read_head(line)
                if head is not None and head.trail == trail:
                    yield head


class Mirror:
    """The newest head as a tag of an MLflow experiment, written by a thread of its own; for many threads.

    Args:
        client: MLflow, made when it is first needed.
        every_s: How often it is written at most.
    """

    def __init__(self, client: "Callable[[], MlflowClient]", every_s: float = MIRROR_S) -> None:
        self._client, self._every_s = client, every_s
        self._lock = threading.Lock()
        self._newest: Head | None = None
        self._timer: threading.Timer | None = None
        self.failures = 0

    def note(self, head: Head) -> None:
        """Remember a head, to be written within `every_s`."""
        with self._lock:
            if self._newest is None or head.sequence > self._newest.sequence:
                self._newest = head
            # A forked process inherits a timer that does not live.
            if self._timer is None or not self._timer.is_alive():
                self._begin()

    def flush(self) -> None:
        """Write what is remembered now; where MLflow refuses, the next head tries again."""
        from mlflow.exceptions import MlflowException

        with self._lock:
            head, self._newest = self._newest, None
        if head is None:
            return
        try:
            self._write(head)
        except MlflowException as error:
            self.failures += 1
            _logger.warning("the audit's head could not be kept in MLflow: %s", str(error)[:200])

    def close(self) -> None:
        """Write what is remembered and wait no longer."""
        with self._lock:
            if self._timer is not None:
                self._timer.cancel()
                self._timer = None
        self.flush()

    def head(self, trail: str) -> Head | None:
        """The head that MLflow holds of a trail; None where it holds none.

        Raises:
            MlflowException: MLflow does not answer.
        """
        experiment = self._client().get_experiment_by_name(EXPERIMENT)
        text = (experiment.tags or {}).get(f"{TAG}.{trail}") if experiment else None
        return None if text is None else read_head(text)

    def forget_strange(self, trail: str, holds: Callable[[Head], bool]) -> None:
        """Remove a trail's head that the trail does not hold, after others could write it.

        Args:
            trail: Which.
            holds: Whether the trail has an entry of that number and hash.

        Raises:
            MlflowException: MLflow does not answer.
        """
        experiment = self._client().get_experiment_by_name(EXPERIMENT)
        text = (experiment.tags or {}).get(f"{TAG}.{trail}") if experiment else None
        if experiment is None or text is None:
            return
        head = read_head(text)
        if head is None or not holds(head):
            _logger.warning("the audit's head in MLflow is not of this trail: %s", text[:200])
            self._client().delete_experiment_tag(experiment.experiment_id, f"{TAG}.{trail}")

    def _begin(self) -> None:
        self._timer = threading.Timer(self._every_s, self._turn)
        self._timer.daemon = True
        self._timer.start()

    def _turn(self) -> None:
        self.flush()
        with self._lock:
            # What was noted meanwhile has found this timer alive.
            if self._timer is threading.current_thread():
                self._timer = None
                if self._newest is not None:
                    self._begin()

    def _write(self, head: Head) -> None:
        known = self.head(head.trail)
        if known is not None and known.sequence > head.sequence:
            return  # another process has been further
        client = self._client()
        experiment = client.get_experiment_by_name(EXPERIMENT)
        number = experiment.experiment_id if experiment else client.create_experiment(EXPERIMENT)
        if experiment is not None and experiment.lifecycle_stage == "deleted":
            client.restore_experiment(number)
        client.set_experiment_tag(number, f"{TAG}.{head.trail}", json.dumps(asdict(head)))
