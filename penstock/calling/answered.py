"""Which models' predictions this process has answered lately, by their ids: the log may not hold them yet."""

from collections import OrderedDict
from collections.abc import Collection

MOST_HELD = 50_000
ID_CHARS = 36
"""A request's id; behind it stands a row's number."""


class Answered:
    """The newest requests, with the registered models that they were asked of. For one event loop."""

    def __init__(self) -> None:
        self._models: OrderedDict[str, frozenset[str]] = OrderedDict()

    def note(self, prediction_id: str, models: frozenset[str]) -> None:
        """Remember a request."""
        self._models[prediction_id[:ID_CHARS]] = models
        if len(self._models) > MOST_HELD:
            self._models.popitem(last=False)

    def of(self, prediction_id: str) -> Collection[str]:
        """The models that a request or one of its rows was asked of; none where that is not known here."""
        return self._models.get(prediction_id[:ID_CHARS], frozenset())
