"""What becomes of a job, from how its processes ended."""

from dataclasses import replace
from typing import Any

import pytest

from penstock.jobs import launch
from penstock.jobs.job import Job, Wanted
from penstock.jobs.verdict import CANCELLED, OUT_OF_MEMORY, STOPPED, Ending, Verdict, away, judge, lost

JOB = Job("1", Wanted("clean", "ann", "ann/p", {}), "running", 0.0, attempts=1)
ONCE = replace(JOB, wanted=replace(JOB.wanted, is_repeatable=False))


def judged(code: int | None, words: str = "", job: Job = JOB, ending: Ending | None = None) -> Verdict:
    return judge(job, code=code, words=words, ending=ending, figures="1 GiB of 2 GiB")


def test_what_ended_well_is_completed() -> None:
    assert judged(0) == Verdict("completed")


def test_bad_input_bears_the_last_sentence_of_the_step() -> None:
    words = "penstock: a warning\nTraceback\npenstock: the file is empty; send rows\n"
    assert judged(2, words) == Verdict("failed", "bad_input", "the file is empty; send rows")


def test_bad_input_is_not_tried_again_whatever_it_says() -> None:
    assert judged(2, "penstock: database is locked").state == "failed"


@pytest.mark.parametrize("code", [-9, 137, None])
def test_who_was_killed_is_told_of_memory(code: int | None) -> None:
    verdict = judged(code)
    assert (verdict.state, verdict.code) == ("failed", "killed")
    assert "had no memory left (1 GiB of 2 GiB); take fewer rows" in verdict.why


def test_another_failure_bears_its_code_and_last_line() -> None:
    verdict = judged(1, "Traceback\nMemoryError: no room\n\n")
    assert verdict == Verdict("failed", "failed", "it ended with exit code 1: MemoryError: no room")


def test_what_was_away_is_tried_again_after_a_pause() -> None:
    words = "penstock: MLflow at http://x stopped answering; run this again when it does"
    verdict = judged(1, words)
    assert (verdict.state, verdict.code, verdict.pause_s) == ("pending", "away", 5.0)


def test_pauses_grow_threefold() -> None:
    assert judged(launch.AWAY, job=replace(JOB, attempts=3)).pause_s == 45.0


def test_what_stays_away_fails_in_the_end() -> None:
    verdict = judged(launch.AWAY, "penstock: no answer", job=replace(JOB, attempts=6))
    assert (verdict.state, verdict.why) == ("failed", "no answer; after 6 starts it is not started again")


def test_what_may_not_be_repeated_is_not_tried_again() -> None:
    assert judged(1, "penstock: database is locked", job=ONCE).state == "failed"


def test_what_never_began_may_begin_again_in_any_case() -> None:
    assert away(ONCE, "MLflow does not answer").state == "pending"


def test_a_lost_start_is_repeated_once() -> None:
    assert lost(JOB, "gone").state == "pending"
    assert lost(replace(JOB, attempts=2), "gone").state == "failed"


def test_a_lost_start_that_may_not_be_repeated_failed() -> None:
    assert lost(ONCE, "gone").why == "gone; after 1 starts it is not started again"


def test_a_stopped_service_s_job_waits_again() -> None:
    assert judged(None, ending=Ending(STOPPED, "stopped")).state == "pending"
    assert judged(None, job=ONCE, ending=Ending(STOPPED, "stopped")).state == "failed"


def test_a_limit_says_why() -> None:
    verdict = judged(-15, ending=Ending(OUT_OF_MEMORY, "too much"))
    assert verdict == Verdict("failed", "out_of_memory", "too much")


@pytest.mark.parametrize(("code", "state"), [(0, "completed"), (1, "cancelled"), (None, "cancelled")])
def test_who_was_done_before_the_cancelling_is_completed(code: Any, state: str) -> None:
    assert judged(code, ending=Ending(CANCELLED, "cancelled by ann")).state == state
