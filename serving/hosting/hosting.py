"""From a version that needs its own code to a scorer whose code runs elsewhere."""

from collections.abc import Callable
from pathlib import Path

from mlflow.models import Model

from serving.hosting.link import Link
from serving.hosting.spec import HostLimits, HostSpec, spec_of
from serving.hosting.start import Starter
from serving.protocol.judge import columns_of
from serving.registry.snapshot import Held
from serving.scorers.forwarding import ForwardingScorer

FOLDER = "hosts"


class Hosting:
    """Makes scorers of pyfuncs. Safe to call from several threads, never on the event loop.

    Args:
        root: The gateway's folder; the hosts' sockets lie in `hosts` below it.
        limits: What each host takes on.
        started: Is told of each host that this process has started.
    """

    def __init__(
        self, root: Path, limits: HostLimits, started: Callable[[HostSpec], None] = lambda _: None
    ) -> None:
        self._root, self._limits, self._starter = root / FOLDER, limits, Starter(started)

    def scorer(
        self, held: Held, folder: Path, metadata: Model, *, fallback: str, reason: str
    ) -> ForwardingScorer:
        """Have a version run in its own process.

        Raises:
            LoadError: It cannot be loaded there.
        """
        link = Link(spec_of(held.model, held.version, folder, self._root, self._limits), self._starter)
        link.open()
        return ForwardingScorer(
            held.model,
            held.version,
            held.artefact,
            ask=link.ask,
            columns=columns_of(metadata),
            kind="pyfunc",
            fallback=fallback,
            reason=reason,
            size_bytes=link.size_bytes,
            let_go=link.close,
        )
