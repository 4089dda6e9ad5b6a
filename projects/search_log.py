"""What a search does, shown in MLflow while it runs, without making it wait.

The search's threads put what they did into a queue; one thread writes it: a nested run for each candidate and
trial, and the losses of all candidates as curves of the parent run, a batch at a time.
"""

import logging
import queue
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

import numpy as np
from mlflow.entities import Metric
from mlflow.exceptions import MlflowException

from projects.learning.trial import Tried
from projects.tracking import Tracker

FLUSH_S = 1.0
MOST_FAILURES = 2
"""In a row; then the server is taken to be away, and what follows is counted as lost without asking it."""
MOST_METRICS = 1000
"""What MLflow takes in one batch."""
Entry: TypeAlias = "tuple[str, Tried] | Metric | None"
LOGGER = logging.getLogger(__name__)


@dataclass
class SearchLog:
    """Hears of a search and writes it down; what MLflow refuses is counted, and never ends the search.

    Attributes:
        tracker: The parent run.
        metric: What is compared by.
        lost: How many entries could not be written.
    """

    tracker: Tracker
    metric: str
    lost: int = 0
    _failures: int = field(default=0, init=False)
    _entries: queue.SimpleQueue[Entry] = field(default_factory=queue.SimpleQueue, init=False)

    def candidate(self, tried: Tried) -> None:
        """A candidate's defaults were tried."""
        self._entries.put(("candidate", tried))

    def trial(self, tried: Tried) -> None:
        """Other parameters were tried."""
        self._entries.put(("trial", tried))

    def loss(self, name: str, step: int, value: float) -> None:
        """A candidate's loss after so many rounds or epochs."""
        self._entries.put(Metric(f"loss/{name}", float(value), int(time.time() * 1000), step))

    @contextmanager
    def writing(self) -> Iterator["SearchLog"]:
        """Write in the background while this lasts; everything is written when it ends."""
        writer = threading.Thread(target=self._write, daemon=True)
        writer.start()
        try:
            yield self
        finally:
            self._entries.put(None)
            writer.join()

    def _write(self) -> None:
        losses: list[Metric] = []
        due = time.monotonic() + FLUSH_S
        is_open = True
        while is_open:
            entry = self._next()
            if isinstance(entry, Metric):
                losses.append(entry)
            elif isinstance(entry, tuple):
                self._try(self._nested, *entry)
            is_open = entry is not None
            if losses and (not is_open or len(losses) >= MOST_METRICS or time.monotonic() > due):
                self._try(self.tracker.curves, losses)
                losses, due = [], time.monotonic() + FLUSH_S

    def _next(self) -> Entry | Literal["nothing yet"]:
        try:
            return self._entries.get(timeout=FLUSH_S)
        except queue.Empty:
            return "nothing yet"

    def _nested(self, kind: str, tried: Tried) -> None:
        number = "" if kind == "candidate" else f" trial {tried.number}"
        count = len(tried.scores)
        found = {f"cv_{self.metric}": tried.mean(count), "folds": float(count), "seconds": tried.seconds}
        if count > 1:
            found[f"cv_{self.metric}_std"] = float(np.std(tried.scores))
        found |= {"fit_seconds": tried.fit_seconds, "predict_ms": tried.predict_ms, **tried.costs}
        self.tracker.nested(
            f"{tried.name}{number}",
            kind,
            parameters={"model": tried.name, **tried.configuration.parameters},
            metrics=found,
            failure="" if tried.is_complete else f"{tried.state}: {tried.reason}",
            has_failed=tried.state == "failed",
        )

    def _try(self, write: Callable[..., None], *entry: object) -> None:
        if self._failures >= MOST_FAILURES:
            self.lost += 1
            return
        try:
            write(*entry)
            self._failures = 0
        except MlflowException as error:
            self.lost += 1
            self._failures += 1
            LOGGER.warning("MLflow did not take an entry of the search: %s", str(error)[:300])
