"""Whether a request that changes something came from the monitor's own pages, or from no browser at all."""

from collections.abc import Mapping
from urllib.parse import urlsplit


def is_own(headers: Mapping[str, str]) -> bool:
    """Whether no other site's page has sent it.

    Browsers name the origin of each POST, and newer ones also say whether it is the site's own; programs name
    none, and cannot be talked into a request by a page.

    Args:
        headers: By name in small letters.
    """
    site, origin = headers.get("sec-fetch-site"), headers.get("origin")
    if site is not None:
        return site in ("same-origin", "none")
    return origin is None or place_of(origin) == headers.get("host", "")


def place_of(origin: str) -> str | None:
    """The host and port that an origin names; None where it cannot be read."""
    try:
        return urlsplit(origin).netloc
    except ValueError:
        return None
