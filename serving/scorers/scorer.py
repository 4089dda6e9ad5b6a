"""What the gateway asks of whatever answers for a version."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

from serving.protocol.media import Media

Kind = Literal["plan", "pyfunc"]
Headers = tuple[tuple[bytes, bytes], ...]

JSON_HEADERS: Headers = ((b"content-type", b"application/json"),)


@dataclass(frozen=True, slots=True)
class Wants:
    """What an answer holds beside the predictions."""

    probabilities: bool = False
    explanation: bool = False


@dataclass(frozen=True, slots=True)
class Table:
    """Rows that a protocol has read by itself, before the model's signature is enforced.

    Attributes:
        columns: The columns' names; empty where the protocol gave none.
        rows: The rows as lists of numbers, texts, booleans and nulls.
    """

    columns: tuple[str, ...]
    rows: Sequence[Sequence[object]]


@dataclass(frozen=True, slots=True)
class Scored:
    """An answer and what the prediction log keeps of it: one row and one prediction each.

    Attributes:
        headers: What says how the body is to be read.
    """

    body: bytes
    columns: tuple[str, ...]
    rows: Sequence[Sequence[object]]
    predictions: Sequence[object]
    probabilities: Sequence[Sequence[float]] | None
    headers: Headers = JSON_HEADERS


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
        """Answer MLflow's protocol: at once if that takes about a millisecond at most, else by a job.

        Raises:
            RequestError: The request cannot be answered.
        """
        ...
