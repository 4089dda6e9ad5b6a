"""Why an upstream gave no answer, told apart by what a retry may assume.

    UpstreamError
    ├── NotSent     the request was surely not processed: another try is safe
    └── Lost        it may have been processed: no other try

An answer that is late is Python's own TimeoutError, and is never tried again.
"""


class UpstreamError(Exception):
    """No answer; the message says why."""


class NotSent(UpstreamError):  # noqa: N818 - a state, read as one
    """Nobody has read the whole request: refused, or closed with its bytes unread."""


class Lost(UpstreamError):  # noqa: N818 - a state, read as one
    """The connection ended, or spoke no HTTP, after the request had been sent."""
