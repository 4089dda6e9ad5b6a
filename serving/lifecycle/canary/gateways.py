"""The text of each gateway's `/metrics`."""

import ssl
import urllib.error
import urllib.request
from collections.abc import Sequence

from serving.lifecycle.errors import LifecycleError
from serving.own_address import own_url, trusting
from serving.settings import Settings

TIMEOUT_S = 10.0


def metrics_address(settings: Settings) -> str:
    """Where this machine's gateway tells its counts."""
    return f"{own_url(settings, settings.gateway_port)}/metrics"


def read_all(settings: Settings, addresses: Sequence[str], key: str = "") -> dict[str, str]:
    """The texts by address.

    Args:
        settings: With which certificate this machine's gateway answers.
        addresses: Each gateway's `/metrics`.
        key: An API key, where the gateways ask for one.

    Raises:
        LifecycleError: One did not answer: what it counted would be missing.
    """
    tls = trusting(settings) if any(address.startswith("https://") for address in addresses) else None
    return {address: _read(address, key, tls) for address in addresses}


def _read(address: str, key: str, tls: ssl.SSLContext | None) -> str:
    if not address.startswith(("http://", "https://")):
        raise LifecycleError(f"--metrics must be the address of a gateway's /metrics, not '{address}'")
    headers = {"Authorization": f"Bearer {key}"} if key else {}
    request = urllib.request.Request(address, headers=headers)  # noqa: S310 - http only
    try:
        with urllib.request.urlopen(request, timeout=TIMEOUT_S, context=tls) as answer:  # noqa: S310
            return str(answer.read().decode())
    except urllib.error.HTTPError as error:
        raise LifecycleError(
            f"the gateway's counts cannot be read: {address} answered {error.code}"
        ) from error
    except (OSError, ValueError) as error:
        reason = getattr(error, "reason", error)
        raise LifecycleError(
            f"the gateway's counts cannot be read: {address} did not answer ({reason})"
        ) from error
