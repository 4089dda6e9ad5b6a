"""What the gateway asks of a protocol: to read a request for a scorer, and to write answers and refusals."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from serving.protocol.errors import RequestError
from serving.protocol.media import media_of
from serving.scorers.scorer import Begun, Scorer

CONTENT_TYPE = b"content-type"


@dataclass(frozen=True, slots=True)
class Asked:
    """A request as it came: its whole body, decompressed, and its headers by lower-case name."""

    body: bytes
    headers: Mapping[bytes, bytes]


class Dialect(Protocol):
    """One protocol. Safe to call from several threads."""

    @property
    def wanted(self) -> str | None:
        """The version that must answer; None where the route decides."""
        ...

    def begin(self, scorer: Scorer, asked: Asked, version: str) -> Begun:
        """Answer at once if that takes less than about a millisecond, else return the job that does.

        Args:
            scorer: What answers.
            asked: The request.
            version: The number of the version that answers.

        Raises:
            RequestError: The request cannot be answered.
        """
        ...

    def refusal(self, error: RequestError) -> bytes:
        """The JSON body that tells of an error."""
        ...


class MLflowDialect:
    """MLflow's scoring protocol, `POST /models/{name}/invocations`."""

    wanted = None

    def begin(self, scorer: Scorer, asked: Asked, version: str) -> Begun:  # noqa: ARG002 - V2's body names it
        """Answer at once, or return the job."""
        return scorer.begin(asked.body, media_of(asked.headers.get(CONTENT_TYPE)))

    def refusal(self, error: RequestError) -> bytes:
        """The error in the shape of MLflow's."""
        return error.body()


MLFLOW = MLflowDialect()
