"""Whether the gateway may listen where its settings say: guarded beyond loopback, with sound TLS files."""

import ssl

from serving.callers.loopback import is_loopback
from serving.settings import Settings, SettingsError


def check_listening(settings: Settings) -> None:
    """Refuse to listen where strangers could call, and with a certificate that nobody could use.

    Raises:
        SettingsError: What to set.
    """
    if settings.gateway_auth == "off" and not settings.open_host and not is_loopback(settings.host):
        raise SettingsError(
            f"'host' must be a loopback address such as 127.0.0.1, not '{settings.host}', as anybody could "
            "call: set gateway_auth to 'keys' (python -m serving.keys make NAME) or 'mlflow' (its users), or "
            "PENSTOCK_OPEN_HOST=1 only where the port is guarded by other means"
        )
    _check_tls(settings)


def _check_tls(settings: Settings) -> None:
    cert, key = settings.tls_cert_file, settings.tls_key_file
    if not cert and not key:
        return
    if not cert or not key:
        given, missing = ("tls_cert_file", "tls_key_file") if cert else ("tls_key_file", "tls_cert_file")
        raise SettingsError(f"'{given}' is set without '{missing}'; TLS needs both files")
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(cert, key, password="")
    except OSError as error:
        how = (
            "the key must be the certificate's, without a password" if isinstance(error, ssl.SSLError) else ""
        )
        why = f"{getattr(error, 'reason', None) or error.strerror or error}{how and '; '}{how}"
        raise SettingsError(
            f"'tls_cert_file' and 'tls_key_file' must be a certificate and its key as PEM files; '{cert}' "
            f"and '{key}': {why}"
        ) from error
