"""Numbers in memory: keys by content, bounded by bytes, never another's."""

import pickle
import threading
import tracemalloc
from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from projects.errors import BadInput
from projects.text.article import Article, read_article
from projects.text.cache import ENTRY_BYTES, FeatureCache, cached_blocks, cached_rows, key_of
from projects.text.part import Numbers

TEXTS = st.text(max_size=8)
ARTICLES = st.builds(Article, TEXTS, st.none() | TEXTS, st.none() | TEXTS)


def lengths(articles: Sequence[Article]) -> Numbers:
    return np.array([[len(one.text), one.text.count("a"), 0.5] for one in articles], dtype=np.float64)


def refuses(_: Sequence[Article]) -> Numbers:
    raise AssertionError("nothing was to be made")


@given(ARTICLES, ARTICLES, TEXTS, TEXTS)
def test_keys_are_equal_where_article_and_fingerprint_are_and_nowhere_else(one, other, first, second):
    assert (key_of(one, first) == key_of(other, second)) == (one == other and first == second)


def test_a_text_that_is_no_valid_unicode_has_a_key():
    assert len(key_of(Article("half a pair \ud83d"), "f")) == 20


def test_what_was_put_is_found_and_counted():
    cache = FeatureCache(10_000)
    cache.put_many([(b"a", b"1"), (b"b", b"2")])

    assert cache.get_many([b"b", b"c", b"a"]) == [b"2", None, b"1"]
    stats = cache.stats()
    assert (stats.size, stats.hits, stats.misses) == (2, 2, 1)
    assert stats.hit_rate == pytest.approx(2 / 3)


def test_the_hit_rate_of_an_unused_cache_is_0():
    assert FeatureCache(10_000).stats().hit_rate == 0


def test_the_entry_used_longest_ago_goes_first():
    cache = FeatureCache(2 * (ENTRY_BYTES + 8))
    cache.put_many([(b"a", bytes(8)), (b"b", bytes(8))])
    cache.get_many([b"a"])
    cache.put_many([(b"c", bytes(8))])

    assert [value is not None for value in cache.get_many([b"a", b"b", b"c"])] == [True, False, True]


def test_memory_stays_below_its_bound():
    cache = FeatureCache(100_000)
    for number in range(1_000):
        cache.put_many([(number.to_bytes(20, "big"), bytes(number))])

    assert 90_000 < cache.stats().memory_bytes <= 100_000


def test_an_entry_that_is_put_again_counts_once():
    cache = FeatureCache(10_000)
    cache.put_many([(b"a", bytes(100)), (b"a", bytes(50))])

    assert cache.stats().memory_bytes == 50 + ENTRY_BYTES


def test_a_value_above_the_bound_is_not_kept_and_puts_nothing_out():
    cache = FeatureCache(1_000)
    cache.put_many([(b"a", bytes(8)), (b"b", bytes(2_000))])

    assert cache.get_many([b"a", b"b"]) == [bytes(8), None]


def test_the_memory_that_is_counted_is_the_memory_that_is_taken():
    cache = FeatureCache(50_000_000)
    tracemalloc.start()
    for number in range(20_000):
        cache.put_many([(number.to_bytes(20, "big"), bytes([number % 256]) * 360)])
    taken, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert cache.stats().memory_bytes == pytest.approx(taken, rel=0.15)


def test_clear_forgets_entries_and_counts():
    cache = FeatureCache(10_000)
    cache.put_many([(b"a", b"1")])
    cache.get_many([b"a"])
    cache.clear()

    assert cache.stats() == FeatureCache(10_000).stats()
    assert cache.get_many([b"a"]) == [None]


def test_a_pickled_cache_comes_back_empty_with_its_bounds():
    cache = FeatureCache(10_000, disk_bytes=5_000_000)
    cache.put_many([(b"a", b"1")])
    loaded = pickle.loads(pickle.dumps(cache))

    assert (loaded.memory_bytes, loaded.disk_bytes, loaded.stats().size) == (10_000, 5_000_000, 0)


def test_threads_find_what_each_of_them_put():
    cache, wrong = FeatureCache(200_000), []

    def work(name: int) -> None:
        for number in range(500):
            key = f"{name} {number}".encode()
            cache.put_many([(key, key * 4)])
            if cache.get_many([key]) not in ([key * 4], [None]):
                wrong.append(key)

    threads = [threading.Thread(target=work, args=(name,)) for name in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong
    assert cache.stats().memory_bytes <= 200_000


def test_a_negative_bound_is_refused():
    with pytest.raises(BadInput, match=r"^a cache's memory_bytes must be 0 or more, not -1$"):
        FeatureCache(-1)


def test_too_small_a_bound_on_disk_is_refused():
    with pytest.raises(BadInput, match=r"^a cache's disk_bytes must be 1000000 or more, not 10$"):
        FeatureCache(1, disk_bytes=10)


def test_rows_are_those_that_are_made_without_a_cache():
    cache, articles = FeatureCache(100_000), [read_article(f"banana {number}") for number in range(50)]
    first = cached_rows(cache, articles, "f", 3, lengths)

    assert np.array_equal(first, lengths(articles))
    assert np.array_equal(cached_rows(cache, articles[::-1], "f", 3, refuses), lengths(articles[::-1]))


def test_an_article_that_comes_twice_is_made_once():
    made: list[str] = []

    def counted(articles: Sequence[Article]) -> Numbers:
        made.extend(one.text for one in articles)
        return lengths(articles)

    articles = [read_article(text) for text in ("a", "bb", "a", "a", "bb")]
    rows = cached_rows(FeatureCache(100_000), articles, "f", 3, counted)
    assert made == ["a", "bb"]
    assert np.array_equal(rows, lengths(articles))


def test_a_cache_that_keeps_nothing_changes_no_row():
    articles = [read_article(text) for text in ("a", "bb", "a")]

    assert np.array_equal(cached_rows(FeatureCache(0), articles, "f", 3, lengths), lengths(articles))


def test_another_fingerprint_is_answered_anew():
    cache, articles = FeatureCache(100_000), [read_article("a")]
    cached_rows(cache, articles, "before", 3, lengths)

    assert cached_rows(cache, articles, "after", 3, lambda some: -lengths(some)).tolist() == [[-1, -1, -0.5]]


def test_a_value_of_another_width_never_answers():
    cache, article = FeatureCache(100_000), read_article("a")
    cache.put_many([(key_of(article, "f"), bytes(8))])

    assert np.array_equal(cached_rows(cache, [article], "f", 3, lengths), lengths([article]))
    assert np.array_equal(cached_rows(cache, [article], "f", 3, refuses), lengths([article]))


def test_rows_are_the_callers_own():
    cache, articles = FeatureCache(100_000), [read_article("a")]
    for make in (lengths, refuses):
        rows = cached_rows(cache, articles, "f", 3, make)
        rows += 100

    assert np.array_equal(cached_rows(cache, articles, "f", 3, refuses), lengths(articles))


def test_no_articles_are_no_rows():
    assert cached_rows(FeatureCache(100_000), [], "f", 3, refuses).shape == (0, 3)


def test_blocks_that_came_before_a_failure_are_kept():
    cache, articles = FeatureCache(100_000), [read_article(text) for text in ("a", "bb", "ccc")]

    def fails_at_the_third(missing: Sequence[Article]):
        yield lengths(missing[:2])
        raise ConnectionError("gone")

    with pytest.raises(ConnectionError):
        cached_blocks(cache, articles, "f", 3, fails_at_the_third)
    assert np.array_equal(cached_rows(cache, articles[:2], "f", 3, refuses), lengths(articles[:2]))
