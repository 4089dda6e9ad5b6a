"""The answer to a name that nobody is called by."""

import difflib
from collections.abc import Iterable

from serving.protocol.errors import RequestError

SHOWN = 64


def unknown_model(name: str, known: Iterable[str]) -> RequestError:
    """A 404 that names near misses."""
    near = difflib.get_close_matches(name[:SHOWN], list(known), n=3, cutoff=0.5)
    hint = f"did you mean {' or '.join(repr(other) for other in near)}?" if near else "GET /models lists all"
    return RequestError(404, f"there is no model '{name[:SHOWN]}'; {hint}")
