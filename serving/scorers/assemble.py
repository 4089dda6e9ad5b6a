"""Puts the gateway's loader together from the settings."""

from collections.abc import Sequence
from pathlib import Path

from prometheus_client import Counter

from serving.hosting.hosting import Hosting
from serving.hosting.spec import HostLimits
from serving.protocol.bounds import Bounds
from serving.scorers.loader import Loader
from serving.scorers.model_servers import ModelServers
from serving.settings import Settings
from serving.upstream.address import Address, read_addresses
from serving.upstream.directory import Directory, directory_of
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
        AddressError: `upstreams` is no list of addresses, and names none.
    """

    def make_upstream(addresses: Sequence[Address], directory: Directory | None = None) -> Upstream:
        upstream = Upstream(addresses, retried=meters.retried, directory=directory)
        meters.watch(upstream)
        return upstream

    servers = None
    if settings.upstreams:
        directory = directory_of(settings.upstreams)
        fixed = () if directory else read_addresses(settings.upstreams)
        servers = ModelServers(make_upstream(fixed, directory))
    hosting = Hosting(
        root, HostLimits.of(settings), lambda spec: starts.labels(spec.model, spec.version).inc()
    )
    return Loader(root, hosting, bounds, servers, make_upstream, settings.trusts)
