"""The content type of a request, by the rules of MLflow's scoring server."""

from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from serving.protocol.errors import RequestError

Kind = Literal["json", "csv", "parquet"]

KINDS: dict[str, Kind] = {
    "application/json": "json",
    "text/csv": "csv",
    "application/vnd.apache.parquet": "parquet",
}


@dataclass(frozen=True, slots=True)
class Media:
    """What a request's body is."""

    kind: Kind
    header: str


JSON = Media("json", "application/json")


@lru_cache(maxsize=64)
def media_of(header: bytes | None) -> Media:
    """Read the header `Content-Type`.

    Raises:
        RequestError: 415; no type, an unknown one, another charset than UTF-8, or another parameter.
    """
    if header is None:
        raise RequestError(415, f"the header Content-Type is missing; send one of {', '.join(KINDS)}")
    text = header.decode("latin-1")
    mime, *pairs = (part.strip() for part in text.split(";"))
    parameters = {key: value for key, _, value in (pair.partition("=") for pair in pairs)}
    if (charset := parameters.get("charset", "utf-8").lower()) != "utf-8":
        raise RequestError(415, f"the charset must be utf-8, not '{charset}'")
    if unknown := sorted(set(parameters) - {"charset"}):
        raise RequestError(
            415, f"Content-Type has the unknown parameter '{unknown[0]}'; only charset is known"
        )
    if mime not in KINDS:
        raise RequestError(415, f"Content-Type must be one of {', '.join(KINDS)}, not '{mime}'")
    return Media(KINDS[mime], text)
