"""Versions that Penstock's model servers answer for: every server loads a version before it gets requests."""

import http.client
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import quote

import orjson
from mlflow.models import Model

from serving.protocol.judge import columns_of
from serving.registry.snapshot import Held
from serving.scorers.forwarding import ARTEFACT, UNLOADABLE, ForwardingScorer
from serving.scorers.refusal import LoadError
from serving.upstream.address import Address
from serving.upstream.upstream import Upstream

LOAD_LIMIT_S = 150.0
"""How long a model server may take to fetch and load a version."""


class ModelServers:
    """The model servers of the setting `upstreams`. Safe to call from several threads.

    Args:
        upstream: Sends requests to them.
    """

    def __init__(self, upstream: Upstream) -> None:
        self._upstream = upstream

    def scorer(self, held: Held, metadata: Model) -> ForwardingScorer:
        """Have a version answered there.

        A server that does not answer now will load the version when it is first asked.

        Raises:
            LoadError: A server says that it cannot be loaded.
        """
        addresses = [replica.address for replica in self._upstream.replicas]
        self._have_loaded(held, addresses)
        return ForwardingScorer(
            held.model,
            held.version,
            held.artefact,
            ask=self._upstream.ask,
            columns=columns_of(metadata),
            kind="upstream",
            fallback="forwarded",
            reason=f"requests go to {self._upstream.name}",
        )

    def _have_loaded(self, held: Held, addresses: Sequence[Address]) -> None:
        with ThreadPoolExecutor(len(addresses)) as pool:
            faults = list(pool.map(lambda address: _load_there(held, address), addresses))
        for fault in faults:
            if fault is not None:
                raise LoadError(fault)


def _load_there(held: Held, address: Address) -> str | None:
    """Ask one server for a version's facts, which loads it; returns why it cannot, if it says so."""
    path = f"{address.prefix}/models/{quote(held.model, safe='')}/versions/{quote(held.version, safe='')}"
    connection = http.client.HTTPConnection(address.host, address.port, timeout=LOAD_LIMIT_S)
    try:
        connection.request("GET", path, headers={ARTEFACT.decode(): held.artefact})
        table = orjson.loads(connection.getresponse().read())
        return str(table["message"]) if table.get("error_code") == UNLOADABLE else None
    except (OSError, http.client.HTTPException, orjson.JSONDecodeError, KeyError, AttributeError):
        return None
    finally:
        connection.close()
