"""Batches of articles made by several processes of this machine, or by the workers of a Dask cluster."""

import os
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import cloudpickle

from projects.errors import BadInput
from projects.text.article import Article
from projects.text.bulk import BATCH, Extractor, Progress, batches, by_blocks
from projects.text.part import Numbers

WAITING = 4
"""Batches a worker that are handed out before their numbers are taken: none idles, none piles up."""
_SENT: dict[str, bytes] = {}
_LOADED: dict[str, Extractor] = {}


class WorkerLostError(Exception):
    """A worker process ended before its work."""


def over_processes(
    extractor: Extractor,
    articles: Any,
    *,
    workers: int | None = None,
    batch_size: int = BATCH,
    show_progress: bool | Progress = False,
    use_cache: bool = True,
) -> Numbers:
    """Extract with several processes. Each loads the extractor once and uses its part of the cores.

    A process takes a second or two to start: what this one makes in ten seconds gains nothing.

    Args:
        extractor: Fitted.
        articles: As `read_articles` takes them.
        workers: Processes; the cores that this process may use by default.
        batch_size: Articles a task.
        show_progress: True writes lines to standard error; a function is told (done, all) after each batch.
        use_cache: False makes all anew. The cache is this process's; workers get what it does not hold.

    Returns:
        float64 of shape (articles, numbers), rows in the order of the articles.

    Raises:
        WorkerLostError: A worker ended, for want of memory for instance. What was made is in the cache.
        BadInput: One is no article, or a number is below 1.
    """
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    number = cores if workers is None else workers
    if number < 1:
        raise BadInput(f"workers must be 1 or more, not {number}")

    def make(missing: Sequence[Article]) -> Iterator[Numbers]:
        return _by_processes(extractor, missing, number, max(1, cores // number), batch_size)

    return by_blocks(extractor, articles, make, show_progress=show_progress, use_cache=use_cache)


def over_dask(
    extractor: Extractor,
    articles: Any,
    client: Any,
    *,
    batch_size: int = BATCH,
    show_progress: bool | Progress = False,
    use_cache: bool = True,
) -> Numbers:
    """Extract with the workers of a Dask cluster, each of which is sent the extractor once.

    Args:
        extractor: Fitted.
        articles: As `read_articles` takes them.
        client: A `distributed.Client`; its workers need the same packages as this process.
        batch_size: Articles a task.
        show_progress: True writes lines to standard error; a function is told (done, all) after each batch.
        use_cache: False makes all anew.

    Returns:
        float64 of shape (articles, numbers), rows in the order of the articles.
    """

    def make(missing: Sequence[Article]) -> Iterator[Numbers]:
        return _by_dask(extractor, missing, client, batch_size)

    return by_blocks(extractor, articles, make, show_progress=show_progress, use_cache=use_cache)


def _by_processes(
    extractor: Extractor, articles: Sequence[Article], workers: int, threads: int, batch_size: int
) -> Iterator[Numbers]:
    # Its workers start anew and read no __main__, so a script needs no guard, and no lock is forked.
    from joblib.externals.loky import ProcessPoolExecutor  # type: ignore[import-untyped]
    from joblib.externals.loky.process_executor import (  # type: ignore[import-untyped]
        BrokenProcessPool,
    )

    variables = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMEXPR_NUM_THREADS")
    pool = ProcessPoolExecutor(
        max_workers=workers,
        initializer=_receive,
        initargs=(extractor.fingerprint_, cloudpickle.dumps(extractor)),
        env=dict.fromkeys(variables, str(threads)),
    )
    is_done = False
    try:
        yield from _in_order(
            lambda batch: pool.submit(_extract, extractor.fingerprint_, batch),
            batches(articles, batch_size),
            WAITING * workers,
        )
        is_done = True
    except BrokenProcessPool as error:
        raise WorkerLostError(
            f"one of {workers} worker processes ended before its work, for want of memory perhaps: "
            "take fewer workers, or smaller batches"
        ) from error
    finally:
        pool.shutdown(wait=True, kill_workers=not is_done)


def _by_dask(
    extractor: Extractor, articles: Sequence[Article], client: Any, batch_size: int
) -> Iterator[Numbers]:
    sent = client.scatter(extractor, hash=False)
    waiting = WAITING * max(1, sum(client.nthreads().values()))
    yield from _in_order(
        lambda batch: client.submit(_extract_with, sent, batch, pure=False),
        batches(articles, batch_size),
        waiting,
    )


def _in_order(
    submit: Callable[[Sequence[Article]], Any], work: Iterator[Sequence[Article]], waiting: int
) -> Iterator[Numbers]:
    futures: deque[Any] = deque()
    try:
        for batch in work:
            futures.append(submit(batch))
            if len(futures) >= waiting:
                yield futures.popleft().result()
        while futures:
            yield futures.popleft().result()
    finally:
        for future in futures:
            future.cancel()


def _receive(fingerprint: str, pickled: bytes) -> None:
    # Loaded by the first batch: what fails there is told, what fails here only ends the worker.
    _SENT[fingerprint] = pickled


def _extract(fingerprint: str, articles: Sequence[Article]) -> Numbers:
    if fingerprint not in _LOADED:
        _LOADED[fingerprint] = cloudpickle.loads(_SENT.pop(fingerprint))
    return _LOADED[fingerprint].extract(articles)


def _extract_with(extractor: Extractor, articles: Sequence[Article]) -> Numbers:
    return extractor.extract(articles)
