"""Removals from the prediction log that are not over at once."""

import errno
import json
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest
import sqlalchemy as sa

from penstock.audit.trail import ENTRIES
from penstock.desk import Desk
from penstock.problems import Away
from penstock.retention import people
from penstock.retention.erasures import Asked, ErasureStore
from serving.prediction_log import layout
from serving.prediction_log.record import encode
from serving.prediction_log.seal import seal_segments
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


def recorded(desk: Desk) -> list[tuple[str, str]]:
    with desk.database.begin(is_read_only=True) as connection:
        rows = connection.execute(sa.select(ENTRIES.c.action, ENTRIES.c.details)).all()
    return [(row.action, json.loads(row.details)["erasure"]) for row in rows]


def test_what_is_over_is_recorded_before_the_next_one_can_fail(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = desk.settings.prediction_log_dir
    write(folder, make_record(user_key="ann"), make_record(user_key="ben", model="other"))
    seal_segments(folder)
    store = ErasureStore(desk.database, desk.now_s)
    first = store.add("ana", Asked(user_keys=("eve",), models=("churn",)))
    store.add("ana", Asked(user_keys=("ben",), models=("other",)))

    def full(_unfinished: Path, _path: Path) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("serving.prediction_log.erase.layout.publish", full)
    with pytest.raises(OSError, match="No space left"):
        people.repeat(desk)
    assert recorded(desk) == [("people.repeat", first.erasure_id)]


def test_a_removal_waits_for_a_damaged_file_and_no_other_removal_waits_for_it(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = desk.settings.prediction_log_dir
    write(folder, make_record(user_key="ann"), make_record(user_key="ann", model="other"))
    seal_segments(folder)
    (file,) = layout.model_dir(folder, "other").rglob("*.parquet")
    whole = file.read_bytes()
    file.write_bytes(b"no Parquet")
    waiting = people.remove(desk, "ana", Asked(user_keys=("ann",)))
    name = file.relative_to(folder).as_posix()
    assert (waiting.predictions, waiting.done_s, waiting.damaged_files) == (1, 0, (name,))
    assert people.remove(desk, "ana", Asked(user_keys=("ann",), models=("churn",))).done_s
    with monkeypatch.context() as patched:
        patched.setattr(people, "erase", lambda *_, **__: pytest.fail("the whole log was read again"))
        assert people.repeat(desk) == [waiting]
    file.write_bytes(whole)
    (over,) = people.repeat(desk)
    assert (over.predictions, over.done_s > 0) == (2, True)


def test_what_the_trail_does_not_take_is_not_over(desk: Desk) -> None:
    write(desk.settings.prediction_log_dir, make_record(prediction_id="a", user_key="ann"))
    store = ErasureStore(desk.database, desk.now_s)
    made = store.add("ana", Asked(user_keys=("ann",)))
    with desk.database.begin() as connection:
        connection.exec_driver_sql("ALTER TABLE penstock_audit RENAME TO away")
    with pytest.raises(Away, match="the audit trail cannot be written to"):
        people.repeat(desk)
    (kept,) = store.open()
    assert (kept.predictions, kept.asked.gone_ids) == (1, ("a",))
    with desk.database.begin() as connection:
        connection.exec_driver_sql("ALTER TABLE away RENAME TO penstock_audit")
    assert [(each.predictions, each.done_s > 0) for each in people.repeat(desk)] == [(1, True)]
    assert recorded(desk) == [("people.repeat", made.erasure_id)]
