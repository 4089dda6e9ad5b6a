"""Removals from the prediction log that are not over at once."""

import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from penstock.desk import Desk
from penstock.retention import people
from penstock.retention.erasures import Asked, ErasureStore
from serving.prediction_log.record import encode
from serving.prediction_log.upkeep import alone
from serving.settings import load
from tests.unit.prediction_log.prediction_log_fixtures import make_record, open_writer, write

DEADLINE_S = 20.0


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(load({"PENSTOCK_VAR_DIR": str(tmp_path)}))


def held_up(desk: Desk, monkeypatch: pytest.MonkeyPatch, *acts: Callable[[], object]) -> None:
    """Run each act in a thread while the log is kept up, and go on when all of them stand at its lock."""
    folder = desk.settings.prediction_log_dir
    stand: set[int] = set()

    def seen(path: Path) -> object:
        stand.add(threading.get_ident())
        return alone(path)

    monkeypatch.setattr(people, "alone", seen)
    deadline = time.monotonic() + DEADLINE_S
    with alone(folder):
        threads = [threading.Thread(target=act, daemon=True) for act in acts]
        for number, thread in enumerate(threads, 1):
            thread.start()
            while len(stand) < number and time.monotonic() < deadline:
                time.sleep(0.01)
    for thread in threads:
        thread.join(DEADLINE_S)


def test_a_removal_that_is_repeated_while_it_waits_for_the_log_keeps_what_went(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = desk.settings.prediction_log_dir
    write(folder, *(make_record(prediction_id=f"id{at}", user_key="ann") for at in range(5)))
    writer = open_writer(folder)
    writer.append(encode(make_record(user_key="ann")))
    asked = Asked(user_keys=("ann",))
    held_up(desk, monkeypatch, lambda: people.remove(desk, "ana", asked), lambda: people.repeat(desk))
    (kept,) = ErasureStore(desk.database, desk.now_s).open()
    writer.close()
    assert (kept.predictions, kept.asked.gone_ids, len(kept.waits_for)) == (
        5, ("id0", "id1", "id2", "id3", "id4"), 1,
    )  # fmt: skip


def test_a_removal_that_is_over_by_the_time_the_log_is_free_is_not_begun_again(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = desk.settings.prediction_log_dir
    write(folder, make_record(user_key="ann"))
    store = ErasureStore(desk.database, desk.now_s)
    made = store.add("ana", Asked(user_keys=("ann",)))
    held_up(desk, monkeypatch, lambda: people.repeat(desk), lambda: people.repeat(desk))
    kept = store.get(made.erasure_id)
    assert kept is not None
    assert (kept.predictions, kept.done_s > 0, kept.asked) == (1, True, Asked())
