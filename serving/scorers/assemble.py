"""Puts the gateway's loader together from the settings."""

from collections.abc import Sequence
from pathlib import Path

from prometheus_client import Counter

from serving.hosting.hosting import Hosting
from serving.hosting.spec import HostLimits
from serving.protocol.bounds import Bounds
from serving.scorers.loader import Loader
from serving.scorers.model_servers import ModelServers
from serving.settings import Settings, SettingsError
from serving.upstream.address import Address, AddressError, read_addresses
from serving.upstream.meters import UpstreamMeters
from serving.upstream.upstream import Upstream


def make_loader(
    settings: Settings, root: Path, bounds: Bounds, meters: UpstreamMeters, starts: Counter
) -> Loader:
    """The loader of one worker.

    Args:
        settings: Where versions are answered.
        root: The gateway's folder.
        bounds: How much a request may hold.
        meters: Counts what upstreams do.
        starts: Counts starts of pyfuncs' processes, by model and version.

    Raises:
        SettingsError: `upstreams` is no list of addresses.
    """

    def make_upstream(addresses: Sequence[Address]) -> Upstream:
        upstream = Upstream(addresses, retried=meters.retried)
        meters.watch(upstream)
        return upstream

    servers = None
    if settings.upstreams:
        servers = ModelServers(make_upstream(checked_upstreams(settings)))
    hosting = Hosting(
        root, HostLimits.of(settings), lambda spec: starts.labels(spec.model, spec.version).inc()
    )
    return Loader(root, hosting, bounds, servers, make_upstream)


def checked_upstreams(settings: Settings) -> tuple[Address, ...]:
    """The addresses of the setting `upstreams`.

    Raises:
        SettingsError: It is no list of addresses.
    """
    try:
        return read_addresses(settings.upstreams)
    except AddressError as error:
        raise SettingsError(f"'upstreams': {error}") from error
