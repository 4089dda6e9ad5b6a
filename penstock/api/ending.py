"""Whether the process is about to end, for those who would go on for long: streams, and waits for jobs."""

import asyncio


class Ending:
    """Told by the server when a signal comes; asked on its event loop.

    Whoever waits with `wait_for` goes on at once when the end begins.
    """

    def __init__(self) -> None:
        self._loop: asyncio.AbstractEventLoop | None = None
        self._event = asyncio.Event()

    @property
    def has_begun(self) -> bool:
        """Whether the process is about to end."""
        return self._event.is_set()

    def start(self) -> None:
        """Take note of the running loop."""
        self._loop = asyncio.get_running_loop()

    def begin(self) -> None:
        """Tell all; may be called by a signal's handler."""
        if self._loop is not None:
            self._loop.call_soon_threadsafe(self._event.set)

    async def wait_for(self, seconds: float) -> bool:
        """Wait so long, or until the end begins; whether it has."""
        try:
            await asyncio.wait_for(self._event.wait(), seconds)
        except TimeoutError:
            return False
        return True
