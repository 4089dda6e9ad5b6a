"""Whether the platform's doors may listen where the settings say: beyond loopback only with sign-in."""

from serving.callers.loopback import is_loopback
from serving.settings import Settings, SettingsError


def check_listening(settings: Settings) -> None:
    """Refuse to let strangers at a door that asks nobody who they are.

    Raises:
        SettingsError: What to set.
    """
    if settings.auth == "off" and not settings.open_host and not is_loopback(settings.host):
        raise SettingsError(
            f"'host' must be a loopback address such as 127.0.0.1, not '{settings.host}', as anybody could "
            "do everything: set auth to 'mlflow' (PENSTOCK_AUTH=mlflow, its users sign in), or "
            "PENSTOCK_OPEN_HOST=1 only where the port is guarded by other means"
        )
