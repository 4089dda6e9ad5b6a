"""A request that is not answered with a prediction: its status, code and sentence, as MLflow shapes them."""

import orjson

CODES = {
    400: "BAD_REQUEST",
    401: "UNAUTHENTICATED",
    403: "PERMISSION_DENIED",
    404: "RESOURCE_DOES_NOT_EXIST",
    405: "METHOD_NOT_ALLOWED",
    408: "REQUEST_TIMEOUT",
    413: "REQUEST_TOO_LARGE",
    415: "UNSUPPORTED_MEDIA_TYPE",
    429: "REQUEST_LIMIT_EXCEEDED",
    500: "INTERNAL_ERROR",
    503: "TEMPORARILY_UNAVAILABLE",
    504: "DEADLINE_EXCEEDED",
}


class RequestError(Exception):
    """A request that gets no prediction; the message is a sentence for the caller.

    Attributes:
        status: The HTTP status.
        code: MLflow's word for it.
        reason: The label that it is counted by among the rejected; empty for the status's own.
        headers: What the answer carries beside the body's type.
    """

    def __init__(
        self,
        status: int,
        sentence: str,
        *,
        code: str | None = None,
        reason: str = "",
        headers: tuple[tuple[bytes, bytes], ...] = (),
    ) -> None:
        super().__init__(sentence)
        self.status = status
        self.code = code or CODES[status]
        self.reason, self.headers = reason, headers

    def body(self) -> bytes:
        """The JSON body, in the shape of MLflow's errors."""
        return orjson.dumps({"error_code": self.code, "message": str(self)})
