"""What the gateway asks of whatever answers for a version."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

from serving.protocol.media import Media

Kind = Literal["plan", "pyfunc"]


@dataclass(frozen=True, slots=True)
class Scored:
    """An answer and what the prediction log keeps of it: one row and one prediction each."""

    body: bytes
    columns: tuple[str, ...]
    rows: Sequence[Sequence[object]]
    predictions: Sequence[object]
    probabilities: Sequence[Sequence[float]] | None


Job = Callable[[], Scored]
"""Work for a thread; raises RequestError when the request cannot be answered."""


class Scorer(Protocol):
    """Answers requests for one version. Safe to call from several threads.

    Attributes:
        kind: Whether a scoring plan answers, or the version's pyfunc.
        fallback: Why it is not a plan, in a word for a metric's label; empty for a plan.
        reason: The same as a sentence.
        columns: The inputs as pairs of name and type; empty if the version names none.
    """

    kind: Kind
    fallback: str
    reason: str
    columns: tuple[tuple[str, str], ...]

    def begin(self, body: bytes, media: Media) -> Scored | Job:
        """Answer at once if that takes less than about a millisecond, else return the job that does.

        Raises:
            RequestError: The request cannot be answered.
        """
        ...
