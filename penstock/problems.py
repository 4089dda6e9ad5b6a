"""What can go wrong at the face's doors; each is a sentence, a code for programs, and an HTTP status.

Problem
  BadRequest     422  what was sent cannot be used
  NotSignedIn    401  nobody, or an ended key or session
  NotAllowed     403  known, but not allowed
  NotFound       404  not there, or not for the caller to know of
  Conflict       409  it is there already, or something depends on it
  Changed        412  it is not what the caller has seen
  TooLarge       413  more than is taken
  TooMany        429  more than one may have at a time
  Away           503  something that is needed does not answer
  NoRoom         507  the disk is full
"""

from collections.abc import Mapping


class Problem(Exception):  # noqa: N818 - the sentence is for a person, not the class
    """Something was asked that cannot be done; the message says what was wanted, what came and what to do.

    Attributes:
        code: A word for programs; it stays when the sentence is rewritten.
        details: More for programs.
        retry_s: After how many seconds to try again; None where that does not help.
    """

    status = 500
    code = "problem"

    def __init__(
        self,
        sentence: str,
        *,
        code: str = "",
        details: Mapping[str, object] | None = None,
        retry_s: float | None = None,
    ) -> None:
        super().__init__(sentence)
        # The sentences of this project end with what to do, after their last semicolon.
        head, _, tail = sentence.rpartition("; ")
        self.cause, self.fix = head or sentence, tail if head else ""
        self.code = code or self.code
        self.details, self.retry_s = dict(details or {}), retry_s

    def as_data(self) -> dict[str, object]:
        """The one JSON form of errors: `status` is always `error`."""
        told: dict[str, object] = {
            "code": self.code,
            "message": str(self),
            "cause": self.cause,
            "fix": self.fix,
        }
        return {"status": "error", "error": told | ({"details": self.details} if self.details else {})}


class BadRequest(Problem):
    """What was sent cannot be used."""

    status, code = 422, "bad_request"


class NotSignedIn(Problem):
    """Nobody, or an ended key or session."""

    status, code = 401, "not_signed_in"


class NotAllowed(Problem):
    """Known, but not allowed."""

    status, code = 403, "not_allowed"


class NotFound(Problem):
    """Not there, or not for the caller to know of: both are answered alike."""

    status, code = 404, "not_found"


class Conflict(Problem):
    """It is there already, or something depends on it."""

    status, code = 409, "conflict"


class Changed(Problem):
    """It is not what the caller has seen, so it is left as it is."""

    status, code = 412, "changed"


class TooLarge(Problem):
    """More than is taken."""

    status, code = 413, "too_large"


class TooMany(Problem):
    """More than one may have at a time."""

    status, code = 429, "too_many"


class Away(Problem):
    """Something that is needed does not answer."""

    status, code = 503, "away"


class NoRoom(Problem):
    """The disk is full."""

    status, code = 507, "no_room"
