"""The versions that a worker has loaded, each once, for as long as somebody holds it."""

import threading
import weakref
from pathlib import Path

from serving.registry.snapshot import Held
from serving.scorers.load import LoadError, load_scorer
from serving.scorers.scorer import Scorer


class Shelf:
    """Loads versions from the gateway's folder. Safe to call from several threads, never on the event loop.

    Args:
        root: The gateway's folder.
    """

    def __init__(self, root: Path) -> None:
        self._root = root
        self._lock = threading.Lock()
        self._loading: dict[str, threading.Lock] = {}
        self._scorers: weakref.WeakValueDictionary[str, Scorer] = weakref.WeakValueDictionary()
        self._tried: Scorer | None = None

    def load(self, held: Held) -> Scorer:
        """The version's scorer, loaded if it is not yet.

        Raises:
            LoadError: It cannot be loaded.
        """
        with self._lock:
            mine = self._loading.setdefault(held.folder, threading.Lock())
        with mine:
            scorer = self._scorers.get(held.folder)
            if scorer is None:
                scorer = load_scorer(self._root / held.folder, plan_sha256=held.plan_sha256)
                self._scorers[held.folder] = scorer
            return scorer

    def trial(self, held: Held) -> str | None:
        """Why a version cannot be served, or None. The last one tried is kept until the next trial."""
        try:
            self._tried = self.load(held)
        except LoadError as error:
            return str(error)
        return None
