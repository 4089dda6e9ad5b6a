"""Many texts are answered by threads: each different text once, none that is kept already."""

import logging
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from dataclasses import dataclass

from projects.errors import BadInput
from projects.examples.churn.refusals import NoAnswer
from projects.examples.churn.store import AnswerStore

LOG = logging.getLogger(__name__)
IN_A_ROW = 20
"""So many texts without an answer, one after the other, and nothing is wrong with the texts."""
Work = Callable[[Sequence[str]], Sequence[bytes | None]]
"""Answers a batch, None for a text without an answer."""


@dataclass(frozen=True)
class WorkedOff:
    """What became of the texts.

    Attributes:
        answers: An answer a text; None where there is none.
        asked: How many different texts were answered now.
        kept: How many different texts were answered before.
        failed: How many different texts have no answer.
    """

    answers: list[bytes | None]
    asked: int
    kept: int
    failed: int


def work_off(
    texts: Sequence[str],
    one: Callable[[str], bytes],
    many: Callable[[Sequence[str]], Sequence[bytes]] | None,
    store: AnswerStore,
    *,
    batch_size: int,
    threads: int,
) -> WorkedOff:
    """Answer texts, each as soon as a thread is free, and keep each answer at once.

    Args:
        texts: The texts, repeated or not.
        one: Answers one text; raises NoAnswer.
        many: Answers several by one call; None if there is no such way. If it raises NoAnswer, its texts are
            answered one by one, so that a text does not cost its neighbours their answers.
        store: Where answers are kept.
        batch_size: Texts that a thread takes at a time.
        threads: How many threads.

    Raises:
        BadInput: The provider cannot be used, or IN_A_ROW texts in a row got no answer; the others' are kept.
    """
    keys = {text: store.key(text) for text in texts}
    done = store.get_many(keys.values())
    open_ = [text for text, key in keys.items() if key not in done]
    run = _Run(one, many, store, keys)
    batches = [open_[start : start + batch_size] for start in range(0, len(open_), batch_size)]
    with ThreadPoolExecutor(threads, thread_name_prefix="notes") as pool:
        waiting = [pool.submit(run.answer, batch) for batch in batches]
        try:
            _wait(waiting)
        except BaseException:
            pool.shutdown(wait=True, cancel_futures=True)
            raise
    found = {**done, **run.found}
    answers = [found.get(keys[text]) for text in texts]
    return WorkedOff(answers, len(run.found), len(keys) - len(open_), len(open_) - len(run.found))


def _wait(waiting: Sequence["Future[None]"]) -> None:
    for future in as_completed(waiting):
        future.result()


class _Run:
    def __init__(
        self,
        one: Callable[[str], bytes],
        many: Callable[[Sequence[str]], Sequence[bytes]] | None,
        store: AnswerStore,
        keys: dict[str, bytes],
    ) -> None:
        self.found: dict[bytes, bytes] = {}
        self._one, self._many, self._store, self._keys = one, many, store, keys
        self._lock = threading.Lock()
        self._in_a_row = 0

    def answer(self, batch: Sequence[str]) -> None:
        if self._many is not None and len(batch) > 1:
            try:
                answers = self._many(batch)
            except NoAnswer:
                LOG.info("a batch of %d texts got no answer; they are asked one by one", len(batch))
            else:
                for text, value in zip(batch, answers, strict=True):
                    self._keep(text, value)
                return
        for text in batch:
            try:
                value = self._one(text)
            except NoAnswer as error:
                self._count(error)
            else:
                self._keep(text, value)

    def _keep(self, text: str, value: bytes) -> None:
        key = self._keys[text]
        self._store.put(key, value)
        with self._lock:
            self.found[key] = value
            self._in_a_row = 0

    def _count(self, error: NoAnswer) -> None:
        LOG.warning("a text got no answer: %s", error)
        with self._lock:
            self._in_a_row += not error.is_refused
            stop = self._in_a_row >= IN_A_ROW
        if stop:
            raise BadInput(
                f"{IN_A_ROW} texts in a row got no answer, the last one because {error};"
                " what was answered is kept: see to the provider and run this again"
            ) from error
