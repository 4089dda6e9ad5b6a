"""How many requests a worker takes on: in all, and of models whose code is not ours."""

from collections.abc import Iterator
from contextlib import contextmanager

from serving.protocol.errors import RequestError


class Busy(RequestError):  # noqa: N818 - a state, answered with 429
    """This worker has taken on all that it may; answered with 429 and when to come again."""

    def __init__(self, sentence: str) -> None:
        super().__init__(429, sentence)


class Admission:
    """Counts what is being answered, and refuses what would be too much. For one event loop.

    Args:
        most: Requests at a time.

    Attributes:
        in_flight: Requests being answered.
    """

    def __init__(self, most: int) -> None:
        self.in_flight = self._foreign = 0
        self._most = most
        # The rest is kept for plans, which answer quickly.
        self._most_foreign = max(1, most * 3 // 4)

    @contextmanager
    def request(self) -> Iterator[None]:
        """Hold a place for a request.

        Raises:
            Busy: There is none.
        """
        if self.in_flight >= self._most:
            raise self._busy()
        self.in_flight += 1
        try:
            yield
        finally:
            self.in_flight -= 1

    @contextmanager
    def foreign(self) -> Iterator[None]:
        """Hold a place for a call of code that is not ours.

        Raises:
            Busy: There is none.
        """
        if self._foreign >= self._most_foreign:
            raise self._busy()
        self._foreign += 1
        try:
            yield
        finally:
            self._foreign -= 1

    def _busy(self) -> Busy:
        return Busy(f"this worker is answering {self.in_flight} requests; try again in a second")
