"""The text of each gateway's `/metrics`."""

import urllib.error
import urllib.request
from collections.abc import Sequence

from serving.lifecycle.errors import LifecycleError
from serving.settings import Settings

TIMEOUT_S = 10.0


def metrics_address(settings: Settings) -> str:
    """Where this machine's gateway tells its counts."""
    scheme = "https" if settings.tls_cert_file else "http"
    host = f"[{settings.host}]" if ":" in settings.host else settings.host
    return f"{scheme}://{host}:{settings.gateway_port}/metrics"


def read_all(addresses: Sequence[str], key: str = "") -> dict[str, str]:
    """The texts by address.

    Args:
        addresses: Each gateway's `/metrics`.
        key: An API key, where the gateways ask for one.

    Raises:
        LifecycleError: One did not answer: what it counted would be missing.
    """
    return {address: _read(address, key) for address in addresses}


def _read(address: str, key: str) -> str:
    if not address.startswith(("http://", "https://")):
        raise LifecycleError(f"--metrics must be the address of a gateway's /metrics, not '{address}'")
    headers = {"Authorization": f"Bearer {key}"} if key else {}
    request = urllib.request.Request(address, headers=headers)  # noqa: S310 - http only
    try:
        with urllib.request.urlopen(request, timeout=TIMEOUT_S) as answer:  # noqa: S310
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
