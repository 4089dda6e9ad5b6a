import multiprocessing
import os
import threading

import pytest

from penstock.audit.heads import HeadFile
from penstock.audit.trail import Event, Trail
from penstock.audit.verify import verify
from penstock.problems import Away, Conflict
from serving.lifecycle import chain
from serving.lifecycle.database import Database
from tests.unit.penstock.audit.audit_fixtures import ANA, NOON, Kept


@pytest.fixture
def kept(tmp_path):
    kept = Kept(tmp_path)
    kept.record(5)
    return kept


def problem(kept):
    return verify(kept.database, kept.trail).problem


def test_a_whole_trail_holds(kept):
    verdict = verify(kept.database, kept.trail)
    assert (verdict.entries, verdict.problem, verdict.remarks) == (5, None, ())


def test_an_empty_trail_holds(tmp_path):
    kept = Kept(tmp_path)
    verdict = verify(kept.database, kept.trail)
    assert (verdict.entries, verdict.problem) == (0, None)
    assert "could not be read (No such file or directory)" in verdict.remarks[0]


def test_a_changed_entry_is_found(kept):
    kept.sql("UPDATE penstock_audit SET actor = 'nobody' WHERE sequence = 3")
    entry = "dataset.upload by nobody at 2026-07-31T12:00:02.000000+00:00"
    assert problem(kept) == f"entry 3 of the audit trail ({entry}) was changed"


def test_changed_details_are_found(kept):
    kept.sql("UPDATE penstock_audit SET details = '{\"a\": 1}' WHERE sequence = 5")
    assert problem(kept).startswith("entry 5 of the audit trail")


def test_a_changed_entry_with_a_new_hash_of_its_own_is_found(kept):
    entry = {"sequence": 3, "previous_sha256": "x", "actor": "nobody"}
    kept.sql(
        "UPDATE penstock_audit SET actor = 'nobody', sha256 = :hash WHERE sequence = 3",
        hash=chain.digest(entry),
    )
    assert problem(kept).startswith("entry 3 of the audit trail")


def test_a_removed_entry_is_found(kept):
    kept.sql("DELETE FROM penstock_audit WHERE sequence = 2")
    assert problem(kept) == "entry 2 of the audit trail is missing; entry 3 follows in its place"


def test_an_inserted_entry_is_found(kept):
    kept.sql("UPDATE penstock_audit SET sequence = sequence + 10 WHERE sequence >= 3")
    kept.sql(
        "INSERT INTO penstock_audit SELECT 3, 'made up', sha256, time, actor, address, action, project,"
        " subject, outcome, details FROM penstock_audit WHERE sequence = 2"
    )
    kept.sql("UPDATE penstock_audit SET sequence = sequence - 9 WHERE sequence >= 13")
    assert problem(kept) == (
        "entry 3 of the audit trail does not follow from the one before; that one was replaced"
    )


def test_two_entries_that_changed_places_are_found(kept):
    kept.sql("UPDATE penstock_audit SET sequence = 99 WHERE sequence = 2")
    kept.sql("UPDATE penstock_audit SET sequence = 2 WHERE sequence = 3")
    kept.sql("UPDATE penstock_audit SET sequence = 3 WHERE sequence = 99")
    assert problem(kept).startswith("entry 2 of the audit trail does not follow")


def test_a_cut_off_end_is_found(kept):
    kept.sql("DELETE FROM penstock_audit WHERE sequence > 3")
    assert problem(kept) == (
        f"the audit trail ends with entry 3, and the head file '{kept.file.path}' knows entry 4 of "
        "2026-07-31T12:00:03.000000+00:00; its end was cut off"
    )


def test_an_end_that_was_cut_off_and_written_on_is_found(kept):
    kept.sql("DELETE FROM penstock_audit WHERE sequence > 3")
    kept.record(4)
    assert "entry 4 of the audit trail is not the one that the head file" in problem(kept)


def test_a_replaced_table_is_found(kept):
    kept.sql("DELETE FROM penstock_audit")
    kept.record(9, action="login")
    assert "the trail was replaced from there or from before" in problem(kept)


def test_an_emptied_table_is_found(kept):
    kept.sql("DELETE FROM penstock_audit")
    assert problem(kept).startswith("the audit trail ends with entry 0")


def test_a_head_file_that_is_behind_is_no_problem(kept):
    lines = kept.file.path.read_text().splitlines(keepends=True)
    kept.file.path.write_text("".join(lines[:3]))
    assert problem(kept) is None


def test_a_head_file_with_a_broken_line_is_read_past_it(kept):
    with kept.file.path.open("a") as file:
        file.write('{"trail": "cut sho\n')
    assert problem(kept) is None


def test_heads_of_another_trail_say_nothing_of_this(kept, tmp_path):
    other = Kept(tmp_path / "other")
    other.trail.file = kept.file
    other.record(9)
    assert problem(kept) is None


def test_an_unwritable_head_file_does_not_stop_an_entry(tmp_path):
    kept = Kept(tmp_path)
    (tmp_path / "audit").touch()
    kept.record()
    assert kept.trail.unwritten_heads == 1
    assert "1 hashes could not be written" in " ".join(verify(kept.database, kept.trail).remarks)


def test_what_cannot_be_recorded_is_refused(tmp_path):
    (tmp_path / "penstock.db").mkdir()
    with pytest.raises(Away, match="nothing is done that it does not hold; try again") as refused:
        Kept(tmp_path).record()
    assert (refused.value.status, refused.value.code) == (503, "audit_away")


def test_what_cannot_be_recorded_is_not_done(tmp_path):
    (tmp_path / "penstock.db").mkdir()
    done = []
    with pytest.raises(Away), Kept(tmp_path).trail.doing(ANA, Event("login", "x")):
        done.append(1)
    assert done == []


def outcomes(kept):
    with kept.database.begin(is_read_only=True) as connection:
        rows = connection.exec_driver_sql("SELECT outcome, details FROM penstock_audit ORDER BY sequence")
        return [tuple(row) for row in rows]


def test_what_is_done_is_recorded_before_and_after(tmp_path):
    kept = Kept(tmp_path)
    with kept.trail.doing(ANA, Event("login", "x", details={"a": 1})) as more:
        more["b"] = 2
    assert outcomes(kept) == [("begun", '{"a": 1}'), ("done", '{"a": 1, "b": 2, "begun": 1}')]


@pytest.mark.parametrize(
    ("error", "outcome", "why"),
    [
        (Conflict("taken; choose another"), "refused", "taken; choose another"),
        (Away("gone"), "failed", "gone"),
        (ValueError("a secret"), "failed", "ValueError"),
    ],
)
def test_what_goes_wrong_is_recorded_as_such_without_a_strangers_words(tmp_path, error, outcome, why):
    kept = Kept(tmp_path)
    with pytest.raises(type(error)), kept.trail.doing(ANA, Event("login", "x")):
        raise error
    assert outcomes(kept)[1] == (outcome, f'{{"begun": 1, "why": "{why}"}}')


def test_half_characters_and_long_texts_are_recorded(tmp_path):
    kept = Kept(tmp_path)
    kept.record(subject="\ud800\0" + "x" * 5000, details={"note": "\udfff"})
    assert verify(kept.database, kept.trail).problem is None


def _write(url: str, path: str, times: int) -> None:
    from pathlib import Path

    trail = Trail(Database(url), lambda: NOON, name="t", file=HeadFile(Path(path)))
    for _ in range(times):
        trail.record(ANA, Event("login", "x"))


def test_processes_and_threads_that_write_at_once_make_one_chain(tmp_path):
    kept = Kept(tmp_path)
    kept.trail.name = "t"
    context = multiprocessing.get_context("spawn")
    some = [context.Process(target=_write, args=(kept.url, str(kept.file.path), 20)) for _ in range(2)]
    some += [threading.Thread(target=kept.record, args=(20,)) for _ in range(3)]
    for each in some:
        each.start()
    for each in some:
        each.join(60)
    verdict = verify(kept.database, kept.trail)
    assert (verdict.entries, verdict.problem) == (100, None)
    assert len(kept.file.path.read_text().splitlines()) == 100


def _die_before_the_head(url: str, path: str) -> None:
    from pathlib import Path

    class Dying(HeadFile):
        def write(self, head):
            os._exit(9)

    Trail(Database(url), lambda: NOON, name="t", file=Dying(Path(path))).record(ANA, Event("login", "x"))


def test_a_process_killed_between_entry_and_head_leaves_a_whole_trail(tmp_path):
    kept = Kept(tmp_path)
    kept.trail.name = "t"
    kept.record(2)
    context = multiprocessing.get_context("spawn")
    dying = context.Process(target=_die_before_the_head, args=(kept.url, str(kept.file.path)))
    dying.start()
    dying.join(60)
    assert dying.exitcode == 9
    verdict = verify(kept.database, kept.trail)
    assert (verdict.entries, verdict.problem) == (3, None)
