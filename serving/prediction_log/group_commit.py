"""Many requests' lines in one write: all that are ready in one turn of the event loop.

The first line of a turn is written at once while traffic is sparse, so a lone request waits for nobody. As
soon as one turn brings several lines, the next turns' lines are gathered and written together at the turn's
end, until a turn brings only one again.
"""

import asyncio
import logging
from itertools import accumulate
from typing import Protocol

from serving.prediction_log.segment import PartlyWrittenError

_logger = logging.getLogger(__name__)


class LineWriter(Protocol):
    """Where lines go; `SegmentWriter` is one."""

    def append(self, lines: bytes) -> None:
        """Write whole lines; raises OSError when they could not be written."""


class GroupCommit:
    """Writes lines for the coroutines of one event loop; not for several threads.

    Args:
        writer: Where lines go.
        what: What is written, for the gateway's own log.
        meanwhile: What is done while it cannot be written.

    Attributes:
        written_lines: How many lines the disk has taken.
        lost_lines: How many lines the disk has refused.
    """

    def __init__(
        self,
        writer: LineWriter,
        what: str = "the prediction log",
        meanwhile: str = "predictions are answered unlogged",
    ) -> None:
        self.written_lines = 0
        self.lost_lines = 0
        self._writer, self._what, self._meanwhile = writer, what, meanwhile
        self._waiting: list[tuple[bytes, asyncio.Future[bool]]] = []
        self._turn_lines = 0
        self._is_busy = False
        self._is_refusing = False

    @property
    def is_refusing(self) -> bool:
        """Whether the disk has refused the last line."""
        return self._is_refusing

    async def commit(self, line: bytes) -> bool:
        """Write a line, its newline included, and wait for that.

        A caller that is cancelled while it waits takes only its own line with it.

        Returns:
            Whether the line is written; False when the disk refuses, and the line is then counted as lost.
        """
        loop = asyncio.get_running_loop()
        self._turn_lines += 1
        if self._turn_lines == 1:
            loop.call_soon(self.flush)
            if not self._is_busy:
                return self._write([line]) == 1
        future: asyncio.Future[bool] = loop.create_future()
        self._waiting.append((line, future))
        return await future

    def flush(self) -> None:
        """End the turn: write what waits. Called by the loop; call it before the loop closes, too."""
        self._is_busy, self._turn_lines = self._turn_lines > 1, 0
        waiting, self._waiting = self._waiting, []
        alive = [(line, future) for line, future in waiting if not future.done()]
        if not alive:
            return
        written = self._write([line for line, _ in alive])
        for place, (_, future) in enumerate(alive):
            future.set_result(place < written)

    def _write(self, lines: list[bytes]) -> int:
        """Write lines, and give how many of them, from the first on, are written."""
        try:
            self._writer.append(lines[0] if len(lines) == 1 else b"".join(lines))
        except OSError as error:
            written = _whole(lines, error)
            self.written_lines += written
            self.lost_lines += len(lines) - written
            if not self._is_refusing:
                why = error.strerror or str(error)
                _logger.error("%s cannot be written (%s); %s", self._what, why, self._meanwhile)  # noqa: TRY400
            self._is_refusing = True
            return written
        if self._is_refusing:
            _logger.warning("%s can be written again; %d records were lost", self._what, self.lost_lines)
        self._is_refusing = False
        self.written_lines += len(lines)
        return len(lines)


def _whole(lines: list[bytes], error: OSError) -> int:
    """How many lines the disk has taken wholly before it refused."""
    if not isinstance(error, PartlyWrittenError):
        return 0
    return sum(end <= error.written_bytes for end in accumulate(map(len, lines)))
