"""What a version's own process tells of itself at `GET /figures`: shared calls, and caches of features."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict
from typing import Any

import orjson

from serving.hosting.spec import HostSpec
from serving.model_server.gathering import Counts

PATH = "/figures"
LABELS = ("model", "version")
CACHED = ("hits", "misses", "size", "memory_bytes")
NESTED = ("steps", "transformers_", "estimators_", "estimators")


def figures_of(spec: HostSpec, counts: Counts, caches: Iterable[Any]) -> Callable[[], bytes]:
    """Make what writes a process's figures as JSON; it is to be called in a thread.

    Args:
        spec: The process's.
        counts: Calls for several requests.
        caches: What `caches_in` found.
    """
    kept = tuple(caches)

    def text() -> bytes:
        table: dict[str, Any] = {name: getattr(spec, name) for name in LABELS}
        table |= asdict(counts) if counts.calls else {}
        stats = [cache.stats() for cache in kept]
        table |= {name: sum(getattr(each, name) for each in stats) for name in CACHED} if stats else {}
        return orjson.dumps(table)

    return text


def caches_in(model: Any) -> Iterator[Any]:
    """Find the caches of features in a model made of steps: what a step holds as `cache_`, with `stats`."""
    if not getattr(model, "enable_cache", True):
        return
    if callable(getattr(getattr(model, "cache_", None), "stats", None)):
        yield model.cache_
    for name in NESTED:
        members = getattr(model, name, None)
        for member in members if isinstance(members, list | tuple) else ():
            for part in member if isinstance(member, tuple) else (member,):
                if hasattr(part, "get_params"):
                    yield from caches_in(part)
