"""Reads what was typed into a form, within bounds; files come another way (see `upload_pages`)."""

from typing import Annotated

from fastapi import Depends, Request

from penstock.console.fields import Typed
from penstock.problems import BadRequest, TooLarge

MOST_BYTES = 1024 * 1024
MOST_FIELDS = 2000


async def read_typed(request: Request) -> Typed:
    """The fields of a form.

    Raises:
        TooLarge: It is beyond `MOST_BYTES`.
        BadRequest: It cannot be read.
    """
    from urllib.parse import parse_qsl

    parts, length = [], 0
    async for part in request.stream():
        parts.append(part)
        length += len(part)
        if length > MOST_BYTES:
            raise TooLarge("a form may hold 1 MB; shorten what you typed")
    try:
        pairs = parse_qsl(
            b"".join(parts).decode(), keep_blank_values=True, max_num_fields=MOST_FIELDS, errors="strict"
        )
    except ValueError as error:
        raise BadRequest("this form cannot be read; go back and send it again") from error
    values: dict[str, list[str]] = {}
    for name, text in pairs:
        values.setdefault(name, []).append(text.replace("\r\n", "\n").replace("\0", ""))
    return Typed(values)


TypedOf = Annotated[Typed, Depends(read_typed)]
