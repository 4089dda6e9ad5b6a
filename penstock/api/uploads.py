"""How many files each person is sending: each takes a connection, now and then a thread, and room."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from fastapi import Request

from penstock.problems import TooMany

MOST_UPLOADS = 8
"""Of one person, at once."""
LATER_S = 5.0


class Uploads:
    """How many files each person is sending; used on the event loop alone."""

    def __init__(self) -> None:
        self._under_way: Counter[str] = Counter()

    @contextmanager
    def one_more(self, name: str) -> Iterator[None]:
        """While a person sends a file.

        Raises:
            TooMany: They send as many as they may.
        """
        if self._under_way[name] >= MOST_UPLOADS:
            raise TooMany(
                f"{MOST_UPLOADS} files of yours are coming in, which is the most at once; wait for one",
                code="too_many_uploads",
                retry_s=LATER_S,
            )
        self._under_way[name] += 1
        try:
            yield
        finally:
            self._under_way[name] -= 1
            if not self._under_way[name]:
                del self._under_way[name]


def uploads_of(request: Request) -> Uploads:
    """The process's one count, which all doors share."""
    found: Uploads = request.app.state.uploads
    return found
