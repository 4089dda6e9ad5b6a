"""Which addresses only this machine can reach, and which doors that opens."""

from ipaddress import ip_address

from serving.settings import Settings


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach an address."""
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False


def are_status_doors_open(settings: Settings) -> bool:
    """Whether `/ready` and `/metrics` are shown to everybody."""
    if settings.gateway_status_doors == "loopback":
        return is_loopback(settings.host)
    return settings.gateway_status_doors == "open"
