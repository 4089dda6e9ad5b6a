"""Many articles by batches: what is kept is not made again, and each batch is kept as soon as it is made."""

import asyncio
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, Protocol

import numpy as np

from projects.errors import BadInput
from projects.text.article import Article, is_one, read_article, read_articles
from projects.text.cache import FeatureCache, cached_blocks
from projects.text.part import Numbers

BATCH = 50
EVERY_S = 2.0
"""Between two lines of progress."""
Blocks = Callable[[Sequence[Article]], Iterable[Numbers]]
Progress = Callable[[int, int], None]
"""Told how many articles are done, of how many."""


class Extractor(Protocol):
    """A fitted extractor, as bulk extraction needs it."""

    @property
    def fingerprint_(self) -> str:
        """Of what was fitted."""
        ...

    @property
    def n_features_out_(self) -> int:
        """Numbers an article."""
        ...

    @property
    def roles(self) -> Sequence[str]:
        """What the columns of a table are."""
        ...

    @property
    def cache(self) -> FeatureCache | None:
        """Of its numbers; None where it keeps none."""
        ...

    def transform(self, X: Any, use_cache: bool | None = None) -> Numbers:
        """Return the numbers of one article or several."""
        ...

    def extract(self, articles: Sequence[Article]) -> Numbers:
        """Make the numbers of articles, without the cache. Safe for threads."""
        ...


def transform_batch(
    extractor: Extractor,
    articles: Any,
    batch_size: int = BATCH,
    *,
    show_progress: bool | Progress = False,
    use_cache: bool = True,
) -> Numbers:
    """Extract a batch after the other.

    Args:
        extractor: Fitted.
        articles: As `read_articles` takes them.
        batch_size: Articles made at once.
        show_progress: True writes lines to standard error; a function is told (done, all) after each batch.
        use_cache: False makes all anew.

    Returns:
        float64 of shape (articles, numbers), rows in the order of the articles.

    Raises:
        BadInput: One is no article, or the batch's size is below 1.
    """
    return by_blocks(
        extractor,
        articles,
        lambda missing: (extractor.extract(batch) for batch in batches(missing, batch_size)),
        show_progress=show_progress,
        use_cache=use_cache,
    )


async def transform_async(
    extractor: Extractor, article: Any, batch_size: int = BATCH, *, use_cache: bool = True
) -> Numbers:
    """Extract in a thread, so that the event loop goes on; a cancelled call stops after the running batch.

    Args:
        extractor: Fitted.
        article: One, or as `read_articles` takes them.
        batch_size: Articles made at once.
        use_cache: False makes all anew.

    Returns:
        float64 of shape (articles, numbers); of one article one row.
    """
    read = (
        [read_article(article)]
        if is_one(article)
        else await asyncio.to_thread(read_articles, article, extractor.roles)
    )
    made = [
        await asyncio.to_thread(transform_batch, extractor, batch, batch_size, use_cache=use_cache)
        for batch in batches(read, batch_size)
    ]
    return np.concatenate(made) if made else np.empty((0, extractor.n_features_out_))


def by_blocks(
    extractor: Extractor,
    articles: Any,
    make: Blocks,
    *,
    show_progress: bool | Progress = False,
    use_cache: bool = True,
) -> Numbers:
    """Extract by blocks of articles that someone makes, in their order, and count them.

    Args:
        extractor: Fitted.
        articles: As `read_articles` takes them.
        make: Given the articles that are not kept, gives their numbers a block after the other.
        show_progress: As `transform_batch` takes it.
        use_cache: False makes all anew.
    """
    read = read_articles(articles, extractor.roles)
    if show_progress is True:
        show_progress = Lines()
    told = show_progress or None

    def counted(missing: Sequence[Article]) -> Iterator[Numbers]:
        done = len(read) - len(missing)
        for block in make(missing):
            yield block
            done += len(block)
            if told:
                told(done, len(read))

    width = extractor.n_features_out_
    cache = extractor.cache if use_cache else None
    if cache is None:
        made = list(counted(read)) if read else []
        return np.concatenate(made) if made else np.empty((0, width))
    return cached_blocks(cache, read, extractor.fingerprint_, width, counted)


def batches(articles: Sequence[Article], size: int) -> Iterator[Sequence[Article]]:
    """Cut articles into batches.

    Raises:
        BadInput: The size is below 1.
    """
    if size < 1:
        raise BadInput(f"batch_size must be 1 or more, not {size}")
    return (articles[start : start + size] for start in range(0, len(articles), size))


class Lines:
    """Progress as lines, each some seconds after the last, and one when all is done.

    Args:
        write: Where lines go; standard error by default.
        clock: Seconds, monotonic.
    """

    def __init__(
        self, write: Callable[[str], Any] | None = None, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._write = write or (lambda line: print(line, file=sys.stderr, flush=True))
        self._clock = clock
        self._started = self._last = clock()

    def __call__(self, done: int, total: int) -> None:
        """Write a line if it is time for one."""
        now = self._clock()
        if done < total and now - self._last < EVERY_S:
            return
        self._last = now
        took_s = max(now - self._started, 1e-9)
        rate = done / took_s
        left = f", {(total - done) / rate:.0f} s left" if done < total else f" in {took_s:.1f} s"
        self._write(f"{done:,} of {total:,} articles ({rate:,.0f}/s{left})")
