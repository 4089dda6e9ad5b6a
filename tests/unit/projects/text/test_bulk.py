"""Batches, threads and progress: the same rows in the same order, whatever the way."""

import asyncio
import threading
import time
from collections.abc import Sequence

import numpy as np
import pandas as pd
import pytest

from projects.errors import BadInput
from projects.text.article import Article, read_article
from projects.text.bulk import Lines, batches, transform_async, transform_batch
from projects.text.cache import FeatureCache
from projects.text.part import Numbers


class Lengths:
    """An extractor of two numbers that notes how many articles came at once."""

    fingerprint_ = "lengths"
    n_features_out_ = 2
    roles = ("text",)

    def __init__(self, *, keeps: bool = True, pause_s: float = 0.0) -> None:
        self.cache = FeatureCache(1_000_000) if keeps else None
        self.made: list[int] = []
        self._pause_s = pause_s

    def extract(self, articles: Sequence[Article]) -> Numbers:
        self.made.append(len(articles))
        time.sleep(self._pause_s)
        return np.array([[len(one.text), one.text.count(" ")] for one in articles], dtype=np.float64)

    def transform(self, article: str, use_cache: bool | None = None) -> Numbers:
        return self.extract([read_article(article)])[0]


class Held(Lengths):
    """Makes nothing until it is let go."""

    def __init__(self) -> None:
        super().__init__()
        self.begun, self.go_on = threading.Event(), threading.Event()

    def extract(self, articles: Sequence[Article]) -> Numbers:
        self.begun.set()
        assert self.go_on.wait(20)
        return super().extract(articles)


TEXTS = [f"article {'very ' * (number % 7)}{number}" for number in range(120)]
WANTED = [[len(text), text.count(" ")] for text in TEXTS]


@pytest.mark.parametrize("keeps", [True, False])
@pytest.mark.parametrize("size", [1, 50, 1_000])
def test_rows_do_not_depend_on_the_batches(size, keeps):
    assert transform_batch(Lengths(keeps=keeps), TEXTS, size).tolist() == WANTED


def test_articles_are_made_50_at_a_time():
    extractor = Lengths()
    transform_batch(extractor, TEXTS)

    assert extractor.made == [50, 50, 20]


def test_what_is_kept_is_not_made_again():
    extractor = Lengths()
    transform_batch(extractor, TEXTS[:60])
    assert transform_batch(extractor, TEXTS).tolist() == WANTED
    assert extractor.made == [50, 10, 50, 10]


def test_without_the_cache_all_is_made_anew():
    extractor = Lengths()
    transform_batch(extractor, TEXTS)
    transform_batch(extractor, TEXTS, use_cache=False)

    assert sum(extractor.made) == 240


def test_a_table_is_read_by_its_column():
    assert transform_batch(Lengths(), pd.DataFrame({"headline": TEXTS})).tolist() == WANTED


def test_no_articles_are_no_rows():
    assert transform_batch(Lengths(), []).shape == (0, 2)
    assert transform_batch(Lengths(keeps=False), []).shape == (0, 2)


def test_a_batch_of_none_is_refused():
    with pytest.raises(BadInput, match=r"^batch_size must be 1 or more, not 0$"):
        transform_batch(Lengths(), TEXTS, 0)


def test_one_article_is_no_batch():
    with pytest.raises(BadInput, match=r"^a list of articles is wanted, not one str; put it in a list$"):
        transform_batch(Lengths(), "an article")


def test_batches_hold_each_article_once():
    articles = [read_article(text) for text in TEXTS]

    assert [one for batch in batches(articles, 7) for one in batch] == articles


def test_a_function_is_told_how_far_it_is():
    told: list[tuple[int, int]] = []
    extractor = Lengths()
    transform_batch(extractor, TEXTS[:20])
    transform_batch(extractor, TEXTS, show_progress=lambda done, total: told.append((done, total)))

    assert told == [(70, 120), (120, 120)]


def test_lines_of_progress_come_every_two_seconds_and_at_the_end():
    times, lines = iter([0.0, 1.0, 2.5, 3.0, 4.0]), list[str]()
    progress = Lines(lines.append, lambda: next(times))
    for done in (500, 1_000, 1_500, 2_000):
        progress(done, 2_000)

    assert lines == ["1,000 of 2,000 articles (400/s, 2 s left)", "2,000 of 2,000 articles (500/s in 4.0 s)"]


def test_show_progress_writes_to_standard_error(capsys):
    transform_batch(Lengths(), TEXTS, show_progress=True)

    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.startswith("120 of 120 articles (")


@pytest.mark.parametrize("keeps", [True, False])
def test_awaited_rows_are_the_same(keeps):
    assert asyncio.run(transform_async(Lengths(keeps=keeps), TEXTS)).tolist() == WANTED


def test_one_article_awaited_is_one_row():
    assert asyncio.run(transform_async(Lengths(), TEXTS[3])).tolist() == [WANTED[3]]


def test_nothing_awaited_is_no_row():
    assert asyncio.run(transform_async(Lengths(), [])).shape == (0, 2)


def test_the_event_loop_goes_on_while_articles_are_made():
    extractor = Held()

    async def let_go() -> Numbers:
        task = asyncio.create_task(transform_async(extractor, TEXTS))
        assert await asyncio.to_thread(extractor.begun.wait, 20)
        extractor.go_on.set()
        return await task

    assert asyncio.run(let_go()).tolist() == WANTED


def test_a_cancelled_call_makes_no_further_batch():
    extractor = Held()

    async def cancelled() -> None:
        task = asyncio.create_task(transform_async(extractor, TEXTS))
        assert await asyncio.to_thread(extractor.begun.wait, 20)
        task.cancel()
        extractor.go_on.set()
        with pytest.raises(asyncio.CancelledError):
            await task
        await asyncio.sleep(0.2)

    asyncio.run(cancelled())
    assert extractor.made == [50]


def test_several_calls_at_once_give_each_its_own():
    async def several() -> list[Numbers]:
        extractor = Lengths(pause_s=0.01)
        return await asyncio.gather(*(transform_async(extractor, TEXTS[n : n + 9]) for n in range(30)))

    assert [rows.tolist() for rows in asyncio.run(several())] == [WANTED[n : n + 9] for n in range(30)]
