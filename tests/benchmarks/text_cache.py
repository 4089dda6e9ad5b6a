"""Articles that come again: cached beside made anew, for each configuration, and many over workers."""

import asyncio
import gzip
import os
import statistics
import tempfile
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

from projects.text.cache import FeatureCache
from projects.text.configuration import NAMES
from projects.text.extractor import AdaptiveFeatureExtractor

NEWS = Path(__file__).parents[3] / "shared" / "data" / "text" / "news_aggregator_train.tsv.gz"
LEARNED_FROM = {"conservative": 399, "balanced": 799, "enhanced": 1_499, "maximum": 2_000}
MADE = {"conservative": 2_000, "balanced": 2_000, "enhanced": 2_000, "maximum": 300}
"""Headlines made anew in a round; a neural network reads the last ones."""
SPEED_UP = {"conservative": 10, "balanced": 15, "enhanced": 20, "maximum": 30}
MANY = 10_000


def main(*, full: bool = False) -> str:
    """Time three rounds (seven with `full`), cached and not in turn; return the tables."""
    titles, labels = _news()
    rounds = 7 if full else 3
    lines = [
        (
            f"{'configuration':<15}{'numbers':>8}{'anew/s':>9}{'cached/s':>10}{'speed-up':>9}{'wanted':>8}"
            f"{'by 50s/s':>10}{'disk/s':>9}{'one, us':>9}{'awaited/s':>11}"
        )
    ]
    fitted: dict[str, Any] = {}
    for name in NAMES:
        known = LEARNED_FROM[name]
        with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings():
            warnings.simplefilter("ignore")
            extractor = AdaptiveFeatureExtractor(configuration=name, cache_dir=folder)
            extractor.fit(titles[:known], labels[:known])
            lines.append(_line(name, extractor, titles, rounds))
            extractor.cache_ = FeatureCache(64_000_000)
            fitted[name] = extractor
    lines += ["", *_over_workers(fitted, titles, labels, full=full)]
    return "\n".join(lines)


def _line(name: str, extractor: Any, news: list[str], rounds: int) -> str:
    # Others in each round: an embedding is kept by its own part, too.
    some = ([f"{title} {turn}" for title in news[-MADE[name] :]] for turn in range(rounds))
    anew, cached, batched, disk, one_us, awaited = (
        statistics.median(column)
        for column in zip(*(_round(extractor, titles) for titles in some), strict=True)
    )
    return (
        f"{name:<15}{extractor.n_features_out_:>8}{anew:>9,.0f}{cached:>10,.0f}{cached / anew:>8,.0f}x"
        f"{SPEED_UP[name]:>7}x{batched:>10,.0f}{disk:>9,.0f}{one_us:>9.1f}{awaited:>11,.0f}"
    )


def _round(extractor: Any, titles: list[str]) -> tuple[float, ...]:
    many = (titles * (1 + 5_000 // len(titles)))[:5_000]
    anew_s = _seconds(lambda: extractor.transform(titles, use_cache=False))
    extractor.clear_cache()
    extractor.transform(titles)
    cached_s = _seconds(lambda: extractor.transform(many))
    batched_s = _seconds(lambda: extractor.transform_batch(many))
    awaited_s = _seconds(lambda: asyncio.run(extractor.transform_async(many)))
    one_s = _seconds(lambda: [extractor.transform(titles[n % 50]) for n in range(2_000)]) / 2_000
    extractor.cache_ = FeatureCache(64_000_000, extractor.cache_dir)
    disk_s = _seconds(lambda: extractor.transform(titles))
    return (
        len(titles) / anew_s, len(many) / cached_s, len(many) / batched_s, len(titles) / disk_s,
        1e6 * one_s, len(many) / awaited_s,
    )  # fmt: skip


def _over_workers(fitted: dict[str, Any], titles: list[str], labels: list[str], *, full: bool) -> list[str]:
    many = [f"{title} {turn}" for turn in range(2) for title in titles][:MANY]
    cores = len(os.sched_getaffinity(0))
    lines = [f"{f'{MANY:,} headlines, batches of 50':<40}{'seconds':>9}{'articles/s':>12}"]
    for name in NAMES if full else ("conservative", "enhanced"):
        extractor = fitted[name]
        ways: dict[str, Callable[[], Any]] = {
            "this process": lambda extractor=extractor: extractor.transform_batch(many),
            f"{cores} processes": lambda extractor=extractor: extractor.transform_parallel(
                many, workers=cores
            ),
            "4 processes": lambda extractor=extractor: extractor.transform_parallel(many, workers=4),
            f"{cores} Dask workers": lambda extractor=extractor: _dask(extractor, many, cores),
            "cached": lambda extractor=extractor: extractor.transform_batch(many),
        }
        for way, run in ways.items():
            if way != "cached":
                extractor.clear_cache()
            seconds = _seconds(run)
            lines.append(f"{f'{name}, {way}':<40}{seconds:>9.1f}{MANY / seconds:>12,.0f}")
    return lines


def _dask(extractor: Any, titles: list[str], workers: int) -> Any:
    import dask
    from distributed import Client, LocalCluster

    with (
        tempfile.TemporaryDirectory() as folder,
        dask.config.set({"temporary-directory": folder}),
        LocalCluster(n_workers=workers, threads_per_worker=1, dashboard_address="127.0.0.1:0") as cluster,
        Client(cluster) as client,
    ):
        return extractor.transform_parallel(titles, client=client)


def _news() -> tuple[list[str], list[str]]:
    with gzip.open(NEWS, "rt", encoding="utf-8") as file:
        rows = [line.rstrip("\n").split("\t") for line in file]
    return [row[1] for row in rows], [row[4] for row in rows]


def _seconds(run: Callable[[], Any]) -> float:
    started = time.perf_counter()
    run()
    return time.perf_counter() - started
