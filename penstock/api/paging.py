"""Pages of lists: so many at a time, the rest behind an opaque cursor that the headers tell."""

import base64
import binascii
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Annotated, TypeVar

import orjson
from fastapi import Depends, Query, Request, Response

from penstock.problems import BadRequest

T = TypeVar("T")
MOST = 1000
LARGEST = 2**63 - 1
"""What a database takes for a whole number."""
Place = tuple[str | float, ...]
Limit = Annotated[int, Query(ge=1, le=MOST, description="How many at most.")]
Cursor = Annotated[
    str, Query(max_length=2000, description="Where to go on: the `X-Next-Cursor` of the page before.")
]


@dataclass
class Page:
    """What part of a list is wanted, and where it is told how to go on.

    Attributes:
        limit: How many at most.
        cursor: Where the page before ended, opaque; empty for the first page.
    """

    limit: int
    cursor: str
    request: Request
    response: Response

    def after(self, *kinds: type) -> Place | None:
        """Where the page before ended, by the kinds of the values that tell a place; None for the first page.

        Raises:
            BadRequest: The cursor is none of ours.
        """
        if not self.cursor:
            return None
        try:
            found = orjson.loads(base64.urlsafe_b64decode(self.cursor.encode()))
        except (binascii.Error, ValueError) as error:
            raise _foreign() from error
        if not isinstance(found, list) or len(found) != len(kinds):
            raise _foreign()
        if any(isinstance(value, int) and abs(value) > LARGEST for value in found):
            raise _foreign()
        if "\0" in str(found) or [type(value) for value in found] != list(kinds):
            raise _foreign()
        return tuple(found)

    @property
    def asked(self) -> int:
        """How many to ask a store for: one more tells whether there is more."""
        return self.limit + 1

    def shown(self, found: Sequence[T], place: Callable[[T], Place]) -> list[T]:
        """Cut what a store gave to the page, and tell in the headers how to go on.

        Args:
            found: Up to `asked` of them; a store that gives `MOST` at most may have more.
            place: The values that tell where one stands, as `after` reads them.
        """
        page = list(found[: self.limit])
        if page and (len(found) > self.limit or len(found) >= MOST):
            cursor = base64.urlsafe_b64encode(orjson.dumps(place(page[-1]))).decode()
            url = self.request.url.include_query_params(limit=self.limit, cursor=cursor)
            self.response.headers["X-Next-Cursor"] = cursor
            self.response.headers["Link"] = f'<{url.path}?{url.query}>; rel="next"'
        return page


def _foreign() -> BadRequest:
    return BadRequest("cursor must be the X-Next-Cursor of an earlier page; leave it out for the first page")


def page_of(request: Request, response: Response, limit: Limit = 100, cursor: Cursor = "") -> Page:
    """The page that a request asks for."""
    return Page(limit, cursor, request, response)


def long_page_of(request: Request, response: Response, limit: Limit = MOST, cursor: Cursor = "") -> Page:
    """The page that a request asks for, of a list that older callers take for whole."""
    return Page(limit, cursor, request, response)


PageOf = Annotated[Page, Depends(page_of)]
"""A page of at most 100, or of what the request says."""
LongPageOf = Annotated[Page, Depends(long_page_of)]
"""A page of at most 1,000, or of what the request says."""
