"""`python -m penstock.api`: checks the settings, then answers on `host:api_port` until it is told to end."""

import logging
import sys
from types import FrameType

import uvicorn

from penstock.api.lean import import_lean_mlflow
from penstock.people.listening import check_listening
from serving.callers.administrator import act_as_administrator
from serving.logs import configure
from serving.settings import Settings, SettingsError, load

DRAIN_S = 20
"""How long requests under way may take to end when the process is told to."""


def main() -> int:
    """Answer until a signal ends it; 2 for bad settings, 1 for what the machine refuses."""
    try:
        settings = load()
        check_listening(settings)
        act_as_administrator(settings)
    except SettingsError as error:
        print(f"api: {error}", file=sys.stderr)
        return 2
    import_lean_mlflow()
    configure(settings.log_format, program="api", level=logging.INFO, shows_values=settings.log_values)
    server = Server(_config(settings))
    server.run()
    return 0 if server.started else 1


class Server(uvicorn.Server):
    """Uvicorn's server, which tells those who wait long that it is about to end."""

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Take a signal."""
        self.config.app.state.ending.begin()  # type: ignore[union-attr]
        super().handle_exit(sig, frame)


def _config(settings: Settings) -> uvicorn.Config:
    from penstock.api.app import make_app

    return uvicorn.Config(
        make_app(settings),
        host=settings.host,
        port=settings.api_port,
        log_config=None,
        access_log=False,  # it would write query values
        server_header=False,
        date_header=True,
        proxy_headers=False,
        timeout_graceful_shutdown=DRAIN_S,
        timeout_keep_alive=30,
        ssl_certfile=settings.tls_cert_file or None,
        ssl_keyfile=settings.tls_key_file or None,
    )


if __name__ == "__main__":
    sys.exit(main())
