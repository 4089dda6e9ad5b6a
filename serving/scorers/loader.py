"""Where a version is answered: by its plan here, by its code in a process of its own, or by other servers."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from mlflow.models import Model

from serving.callers.trust import own_code
from serving.hosting.hosting import Hosting
from serving.protocol.bounds import DEFAULT_BOUNDS, Bounds
from serving.registry.snapshot import Held
from serving.scorers.load import load_metadata, load_scorer
from serving.scorers.mlflow_upstream import MLflowUpstreamScorer
from serving.scorers.model_servers import ModelServers
from serving.scorers.refusal import LoadError
from serving.scorers.scorer import Scorer
from serving.upstream.address import Address, AddressError, read_addresses
from serving.upstream.upstream import Upstream

MakeUpstream = Callable[[Sequence[Address]], Upstream]


@dataclass(frozen=True, slots=True)
class Loader:
    """Loads versions from a folder. Safe to call from several threads, never on the event loop.

    Attributes:
        root: The gateway's folder, or a model server's.
        hosting: Runs pyfuncs in processes of their own.
        bounds: How much a request may hold.
        servers: The model servers that answer for all versions; None to answer here.
        make_upstream: Makes the client of a model's own servers.
        trusts: Whether a model's versions may run code of their own, here or on servers of their own.
    """

    root: Path
    hosting: Hosting
    bounds: Bounds = DEFAULT_BOUNDS
    servers: ModelServers | None = None
    make_upstream: MakeUpstream = Upstream
    trusts: Callable[[str], bool] = field(default=lambda _: True)

    def load(self, held: Held) -> Scorer:
        """Load what answers for a version.

        Raises:
            LoadError: Nothing can.
        """
        folder = self.root / held.folder
        if held.upstream:
            return self._elsewhere(held, held.upstream)
        if self.servers is not None:
            return self.servers.scorer(held, load_metadata(folder))
        return load_scorer(
            folder,
            plan_sha256=held.plan_sha256,
            bounds=self.bounds,
            foreign=partial(self._own_code, held, folder),
        )

    def _own_code(self, held: Held, folder: Path, metadata: Model, fallback: str, reason: str) -> Scorer:
        self._check_trust(held)
        return self.hosting.scorer(held, folder, metadata, fallback=fallback, reason=reason)

    def _check_trust(self, held: Held) -> None:
        if not self.trusts(held.model):
            raise LoadError(own_code(held.model))

    def _elsewhere(self, held: Held, addresses: str) -> Scorer:
        self._check_trust(held)
        try:
            upstream = self.make_upstream(read_addresses(addresses))
        except AddressError as error:
            raise LoadError(f"the tag penstock.upstream of '{held.model}': {error}") from error
        return MLflowUpstreamScorer(upstream.ask, load_metadata(self.root / held.folder), name=upstream.name)
