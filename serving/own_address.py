"""How a process reaches this installation's own servers: their addresses, and the certificate it trusts."""

import ssl

from serving.settings import Settings


def own_url(settings: Settings, port: int, *, may_have_tls: bool = True) -> str:
    """The address of a server of this machine, without an ending slash.

    Args:
        settings: Where servers listen, and with which certificate.
        port: The server's.
        may_have_tls: Whether it speaks HTTPS where there is a certificate.
    """
    scheme = "https" if may_have_tls and settings.tls_cert_file else "http"
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(settings.host, settings.host)  # noqa: S104 - not bound
    return f"{scheme}://{f'[{host}]' if ':' in host else host}:{port}"


def trusting(settings: Settings) -> ssl.SSLContext:
    """Trust the certificate that the settings name beside the system's."""
    context = ssl.create_default_context()
    if settings.tls_cert_file:
        context.load_verify_locations(cafile=settings.tls_cert_file)
    return context
