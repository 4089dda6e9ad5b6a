"""What the monitor of an extractor counts, warns of and gives Prometheus."""

import threading
from collections.abc import Sequence

import numpy as np
import pytest
from prometheus_client import CollectorRegistry, generate_latest

from projects.text.article import Article, is_one, read_article, read_articles
from projects.text.cache import FeatureCache, cached_rows
from projects.text.part import Numbers
from projects.text.production import ProductionMonitor, memory_bytes


class Lengths:
    """An extractor of one number."""

    fingerprint_ = "lengths"
    n_features_out_ = 1
    roles = ("text",)

    def __init__(self, *, keeps: bool = True) -> None:
        self.cache = FeatureCache(1_000_000) if keeps else None

    def extract(self, articles: Sequence[Article]) -> Numbers:
        return np.array([[len(one.text)] for one in articles], dtype=np.float64)

    def transform(self, article: object, use_cache: bool | None = None) -> Numbers:
        read = [read_article(article)] if is_one(article) else read_articles(article)
        if self.cache is None or use_cache is False:
            rows = self.extract(read)
        else:
            rows = cached_rows(self.cache, read, self.fingerprint_, 1, self.extract)
        return rows[0] if is_one(article) else rows


def tracked(times_ms: Sequence[float]) -> ProductionMonitor:
    monitor = ProductionMonitor(Lengths())
    for time_ms in times_ms:
        monitor.track_extraction("text", [4.0], time_ms)
    return monitor


def test_a_new_monitor_reports_nothing():
    report = ProductionMonitor(Lengths()).report()

    assert (report["articles_processed"], report["cache_hit_rate"], report["warnings"]) == (0, 0.0, [])
    assert report["time_ms"] == {"mean": 0.0, "p50": 0.0, "p95": 0.0, "p99": 0.0, "max": 0.0}


def test_times_are_reported_as_numpys_percentiles():
    times = [float(number) for number in range(1, 201)]
    report = tracked(times).report()

    assert report["articles_processed"] == 200
    assert report["time_ms"] == pytest.approx(
        {"mean": np.mean(times), "p50": np.percentile(times, 50), "p95": np.percentile(times, 95),
         "p99": np.percentile(times, 99), "max": 200.0}
    )  # fmt: skip
    assert report["articles_per_second"] == pytest.approx(1000 / np.mean(times))


def test_a_batch_counts_its_articles_and_shares_its_time():
    monitor = ProductionMonitor(Lengths())
    monitor.track_extraction(["a", "bb", "ccc", "d"], [[1.0], [2.0], [3.0], [1.0]], 8.0)

    report = monitor.report()
    assert (report["articles_processed"], report["time_ms"]["p50"]) == (4, 2.0)


def test_an_empty_batch_is_nothing():
    monitor = ProductionMonitor(Lengths())
    monitor.track_extraction([], np.empty((0, 1)), 1.0)

    assert monitor.report()["articles_processed"] == 0


@pytest.mark.parametrize("features", [[np.nan], [np.inf], [1.0, 2.0], []])
def test_bad_numbers_are_counted_and_told(features):
    monitor = ProductionMonitor(Lengths())
    monitor.track_extraction("text", features, 1.0)

    report = monitor.report()
    assert report["bad_features"] == 1
    assert report["warnings"] == [
        "1 articles got numbers that are not finite or of another width: fit it again"
    ]


@pytest.mark.parametrize("time_ms", [-1.0, float("nan"), float("inf")])
def test_a_time_that_is_none_is_refused(time_ms):
    with pytest.raises(ValueError, match=r"^time_ms must be a number of 0 or more, not "):
        tracked([time_ms])


def test_transform_extracts_times_and_counts():
    times = iter([1.0, 1.002, 2.0, 2.001])
    monitor = ProductionMonitor(Lengths(), clock=lambda: next(times))

    assert monitor.transform("four").tolist() == [4.0]
    assert monitor.transform(["four", "fives"]).tolist() == [[4.0], [5.0]]
    report = monitor.report()
    assert (report["articles_processed"], report["cache_hit_rate"]) == (3, pytest.approx(1 / 3))
    assert report["time_ms"]["max"] == pytest.approx(2.0)


def test_a_low_hit_rate_is_told():
    monitor = ProductionMonitor(Lengths())
    for number in range(100):
        monitor.transform(f"article {number}")

    (warning,) = monitor.report()["warnings"]
    assert warning == (
        "the cache answered 0% of 100 articles, 80% are wanted: give it more memory (cache_bytes) or a folder"
        " (cache_dir), unless articles do not come again"
    )


def test_a_hit_rate_of_80_percent_is_no_warning():
    monitor = ProductionMonitor(Lengths())
    for number in range(100):
        monitor.transform(f"article {number % 20}")

    report = monitor.report()
    assert (report["cache_hit_rate"], report["warnings"]) == (0.8, [])


def test_an_extractor_without_a_cache_is_reported_too():
    monitor = ProductionMonitor(Lengths(keeps=False))
    for _ in range(200):
        monitor.transform("text")

    report = monitor.report()
    assert (report["articles_processed"], report["cache_size"], report["warnings"]) == (200, 0, [])


def test_threads_lose_no_article():
    monitor = ProductionMonitor(Lengths())

    def work() -> None:
        for _ in range(1_000):
            monitor.track_extraction("text", [4.0], 1.0)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert monitor.report()["articles_processed"] == 4_000


def test_memory_is_what_the_process_holds():
    before = memory_bytes()
    block = np.ones(10_000_000)

    assert memory_bytes() - before == pytest.approx(block.nbytes, rel=0.2)


def test_prometheus_is_given_the_same():
    monitor, registry = ProductionMonitor(Lengths()), CollectorRegistry()
    registry.register(monitor)
    monitor.transform(["four", "fives", "four"])
    monitor.transform("four")
    monitor.track_extraction("text", [np.nan], 3.0)

    text = generate_latest(registry).decode()
    assert "penstock_text_extraction_seconds_count 5.0" in text
    assert 'penstock_text_extraction_seconds_bucket{le="+Inf"} 5.0' in text
    assert "penstock_text_cache_hits_total 1.0" in text
    assert "penstock_text_cache_misses_total 3.0" in text
    assert "penstock_text_bad_features_total 1.0" in text


def test_prometheus_counts_a_time_in_its_bucket():
    registry = CollectorRegistry()
    registry.register(tracked([0.5, 0.6, 40.0]))

    text = generate_latest(registry).decode()
    assert 'penstock_text_extraction_seconds_bucket{le="0.0005"} 1.0' in text
    assert 'penstock_text_extraction_seconds_bucket{le="0.001"} 2.0' in text
    assert 'penstock_text_extraction_seconds_bucket{le="0.05"} 3.0' in text
    assert "penstock_text_extraction_seconds_sum 0.0411" in text
