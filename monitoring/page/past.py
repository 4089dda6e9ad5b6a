"""The closed windows that the pages draw: read once a round, as pages are reloaded more often."""

import threading
from collections.abc import Sequence
from dataclasses import dataclass, field

from monitoring.history import Entry, History, lanes_of
from monitoring.lane import Lane

WINDOWS = 48
"""Of each lane, so many are drawn."""
_LANES = 4
"""Lanes of a model on average, for the bound on what is read."""


@dataclass(slots=True)
class Past:
    """What was read last, and after which round."""

    history: History
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _read_after_s: float = -1.0
    _found: dict[str, dict[Lane, list[Entry]]] = field(default_factory=dict)

    def of_model(self, model: str, *, checked_s: float) -> dict[Lane, list[Entry]]:
        """A model's lanes with their windows, oldest first.

        Args:
            model: The registered model's name.
            checked_s: When the newest round ended: windows are read anew after each.

        Raises:
            LifecycleError: The database cannot be read.
        """
        with self._lock:
            if checked_s != self._read_after_s:
                self._found, self._read_after_s = {}, checked_s
            if model not in self._found:
                entries = self.history.last(WINDOWS * _LANES, model=model)
                self._found[model] = {lane: mine[-WINDOWS:] for lane, mine in lanes_of(entries).items()}
            return self._found[model]

    def of_all(self, models: Sequence[str], *, checked_s: float) -> dict[Lane, list[Entry]]:
        """The same of several models, and of those that the history alone remembers.

        Raises:
            LifecycleError: The database cannot be read.
        """
        found: dict[Lane, list[Entry]] = {}
        for model in sorted({*models, *self.history.models()}):
            found |= self.of_model(model, checked_s=checked_s)
        return found
