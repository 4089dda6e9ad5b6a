"""`python -m serving.model_server`: answers for every registered version, for gateways that forward.

With `--host SPEC REPORT`, which gateways use by themselves, it is the process of one version's own code.
"""

import argparse
import logging
import os
import socket
import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from serving.callers.administrator import act_as_administrator
from serving.logs import configure
from serving.model_server.occupancy import Occupancy
from serving.settings import Settings, SettingsError, load

IN_FLIGHT_A_WORKER = 4
"""A model server takes on as much as so many of the gateway's workers."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve until told to leave; 2 for bad settings, 1 for what the machine refuses."""
    asked = _line().parse_args(arguments)
    if asked.host is not None:
        from serving.hosting.host import run_host
        from serving.hosting.spec import HostSpec

        return run_host(HostSpec.from_text(asked.host[0]), int(asked.host[1]))
    try:
        settings = load()
        port = asked.port or settings.model_server_port
        _check(settings)
        act_as_administrator(settings)
        listening = _listen(settings.host, port)
    except SettingsError as error:
        print(f"model server: {error}", file=sys.stderr)
        return 2
    except OSError as error:
        print(f"model server: port {port} cannot be used ({error.strerror})", file=sys.stderr)
        return 1
    configure(settings.log_format, program="model-server", shows_values=settings.log_values)
    _serve(settings, listening, f"http://{settings.host}:{port}")
    return 0


def _line() -> argparse.ArgumentParser:
    line = argparse.ArgumentParser(prog="python -m serving.model_server", description=__doc__)
    line.add_argument("--port", type=int, help="by default the setting model_server_port")
    line.add_argument("--host", nargs=2, metavar=("SPEC", "REPORT"), help=argparse.SUPPRESS)
    return line


def _check(settings: Settings) -> None:
    """Refuse to listen where strangers are: a model server asks nobody who they are."""
    from serving.callers.loopback import is_loopback

    if not is_loopback(settings.host) and not settings.open_host:
        raise SettingsError(
            f"'host' must be a loopback address such as 127.0.0.1, not '{settings.host}': the model server "
            "asks nobody who they are; set PENSTOCK_OPEN_HOST=1 only where the port is guarded by other means"
        )


def _listen(host: str, port: int) -> socket.socket:
    listening = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listening.bind((host, port))
    listening.listen(2048)
    listening.setblocking(False)
    return listening


def _serve(settings: Settings, listening: socket.socket, url: str) -> None:
    from serving.crew import Crew
    from serving.hosting.host import import_libraries
    from serving.hosting.hosting import FOLDER, Hosting
    from serving.hosting.nursery import start_nursery
    from serving.hosting.spec import HostLimits
    from serving.model_server.answering import Answering, Limits
    from serving.model_server.app import ModelServer
    from serving.model_server.registered import Registered
    from serving.model_server.serve import make_server, run, serve
    from serving.registry.client import RegistryClient
    from serving.registry.snapshot import Held
    from serving.scorers.loader import Loader
    from serving.scorers.scorer import Scorer
    from serving.worker import ANSWER_S

    logging.getLogger("mlflow").setLevel(logging.ERROR)
    os.environ["MLFLOW_TRACKING_URI"] = settings.tracking_uri
    for name, value in (
        ("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "2"),
        ("MLFLOW_HTTP_REQUEST_TIMEOUT", "30"),
        ("MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR", "false"),
    ):
        os.environ.setdefault(name, value)
    own = settings.model_server_dir.absolute()
    limits = HostLimits.of(settings)
    hosts = own / str(listening.getsockname()[1])
    import_libraries()
    start_nursery(hosts / FOLDER)
    hosting = Hosting(hosts, limits)

    def load_from(root: Path, held: Held) -> Scorer:
        return Loader(root, hosting, limits.bounds, trusts=settings.trusts).load(replace(held, upstream=None))

    library = Registered(
        settings.gateway_dir.absolute(), own, RegistryClient(settings.tracking_uri), load_from
    )
    in_flight = settings.gateway_max_in_flight * IN_FLIGHT_A_WORKER
    answering = Answering(
        Crew(settings.gateway_threads),
        Limits(in_flight, settings.gateway_max_body_bytes, settings.gateway_time_limit_s),
    )
    server = make_server(
        ModelServer(library, answering, exposition=_exposition(hosts / FOLDER, answering.occupancy)),
        drain_s=settings.gateway_drain_s,
        answer_s=settings.gateway_time_limit_s + ANSWER_S,
    )

    async def started() -> None:
        print(f"model server: {url} (models: /models/NAME/versions/NUMBER/invocations)", flush=True)
        await serve(server, listening)

    run(started())


def _exposition(hosts_dir: Path, occupancy: Occupancy) -> Callable[[], bytes]:
    from prometheus_client import CollectorRegistry, generate_latest

    from serving.hosting.census import HOST, census
    from serving.hosting.figures import HostFigures
    from serving.processes import ProcessFigures, this_process

    registry, own = CollectorRegistry(), this_process("model-server")
    registry.register(ProcessFigures(lambda: census(own, HOST, hosts_dir)))
    registry.register(HostFigures(hosts_dir))
    registry.register(occupancy)

    def text() -> bytes:
        return bytes(generate_latest(registry))

    return text


if __name__ == "__main__":
    sys.exit(main())
