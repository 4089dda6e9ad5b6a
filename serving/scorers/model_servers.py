"""Versions that Penstock's model servers answer for: every server loads a version before it gets requests."""

import http.client
import logging
import threading
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import quote
from weakref import WeakKeyDictionary

import orjson
from mlflow.models import Model

from serving.protocol.judge import columns_of
from serving.registry.snapshot import Held
from serving.scorers.forwarding import ARTEFACT, UNLOADABLE, ForwardingScorer
from serving.scorers.refusal import LoadError
from serving.upstream.address import Address
from serving.upstream.upstream import Upstream

_logger = logging.getLogger(__name__)

LOAD_LIMIT_S = 150.0
"""How long a model server may take to fetch and load a version."""

WELCOME_S = 30.0
"""After so long a new model server is asked though it has not loaded all versions yet."""


class ModelServers:
    """The model servers of the setting `upstreams`. Safe to call from several threads.

    Args:
        upstream: Sends requests to them.
    """

    def __init__(self, upstream: Upstream) -> None:
        self._upstream = upstream
        self._served: WeakKeyDictionary[ForwardingScorer, Held] = WeakKeyDictionary()
        self._serving = threading.Lock()
        upstream.welcome = self._welcome

    def scorer(self, held: Held, metadata: Model) -> ForwardingScorer:
        """Have a version answered there.

        A server that does not answer now will load the version when it is first asked.

        Raises:
            LoadError: A server says that it cannot be loaded.
        """
        made = ForwardingScorer(
            held.model,
            held.version,
            held.artefact,
            ask=self._upstream.ask,
            columns=columns_of(metadata),
            kind="upstream",
            fallback="forwarded",
            reason=f"requests go to {self._upstream.name}",
        )
        with self._serving:  # before the addresses are read: no newcomer may miss it
            self._served[made] = held
        self._upstream.refresh()
        self._have_loaded(held, [replica.address for replica in self._upstream.replicas])
        return made

    def _have_loaded(self, held: Held, addresses: Sequence[Address]) -> None:
        if not addresses:
            return
        with ThreadPoolExecutor(len(addresses)) as pool:
            faults = list(pool.map(lambda address: _load_there(held, address), addresses))
        for fault in faults:
            if fault is not None:
                raise LoadError(fault)

    def _welcome(self, address: Address) -> None:
        """Have a new server load what the others answer for."""
        deadline = time.monotonic() + WELCOME_S
        with self._serving:
            awaited = list(self._served.values())
        for number, held in enumerate(awaited):
            left_s = deadline - time.monotonic()
            if left_s <= 0:
                _logger.warning("%s has loaded %d of %d versions", address.name, number, len(awaited))
                return
            if (fault := _load_there(held, address, left_s)) is not None:
                _logger.warning("%s: %s", address.name, fault)


def _load_there(held: Held, address: Address, within_s: float = LOAD_LIMIT_S) -> str | None:
    """Ask one server for a version's facts, which loads it; returns why it cannot, if it says so."""
    path = f"{address.prefix}/models/{quote(held.model, safe='')}/versions/{quote(held.version, safe='')}"
    connection = http.client.HTTPConnection(address.host, address.port, timeout=within_s)
    try:
        connection.request("GET", path, headers={ARTEFACT.decode(): held.artefact})
        table = orjson.loads(connection.getresponse().read())
        return str(table["message"]) if table.get("error_code") == UNLOADABLE else None
    except (OSError, http.client.HTTPException, orjson.JSONDecodeError, KeyError, AttributeError):
        return None
    finally:
        connection.close()
