"""Where a browser's request comes from: neither through a rebound name nor from another site's page.

A page elsewhere can make a browser post here, and a name elsewhere can be made to mean this machine's address
(DNS rebinding). Both show: in `Origin` and `Sec-Fetch-Site`, and in `Host`.
"""

from collections.abc import Mapping
from ipaddress import ip_address
from urllib.parse import urlsplit

from monitoring.page.origin import place_of
from penstock.problems import NotAllowed

READS = frozenset({"GET", "HEAD", "OPTIONS"})


def check_host(headers: Mapping[str, str], host: str) -> None:
    """See that the door was called by an address of its own, where nobody is asked who they are.

    Args:
        headers: The request's, with lower-case names.
        host: The address that the door listens on.

    Raises:
        NotAllowed: It was called by another name.
    """
    called = _name(headers.get("host", ""))
    if called in ("", "localhost", host) or _is_address(called):
        return
    raise NotAllowed(
        f"without sign-in this door is called by its address, not as '{called[:100]}'; call it by "
        "127.0.0.1, or set auth to 'mlflow'",
        code="strange_host",
    )


def check_origin(headers: Mapping[str, str], method: str) -> None:
    """See that no other site's page makes a browser write here.

    Args:
        headers: The request's, with lower-case names.
        method: The request's, in capitals.

    Raises:
        NotAllowed: One does.
    """
    if method in READS:
        return
    origin, called = headers.get("origin"), headers.get("host", "")
    if headers.get("sec-fetch-site") != "cross-site" and (origin is None or place_of(origin) == called):
        return
    raise NotAllowed(
        f"a page of another site ('{(origin or 'unknown')[:100]}') may change nothing here; use the pages of "
        "this address itself",
        code="strange_origin",
    )


def _name(called: str) -> str:
    """The name in `name:port` or `[address]:port`."""
    try:
        return (urlsplit(f"//{called}").hostname or "").rstrip(".")
    except ValueError:
        return called


def _is_address(name: str) -> bool:
    try:
        ip_address(name)
    except ValueError:
        return False
    return True
