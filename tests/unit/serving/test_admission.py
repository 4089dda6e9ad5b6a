"""Who gets a place in a worker: no version takes all, and what is accepted is in time."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import pytest
from hypothesis import given
from hypothesis import strategies as st

from serving.web.admission import Admission, Busy


class Clock:
    def __init__(self) -> None:
        self.now_s = 0.0

    def __call__(self) -> float:
        return self.now_s


@contextmanager
def holding() -> Iterator[ExitStack]:
    with ExitStack() as held:
        yield held


def taken(admission: Admission, held: ExitStack, version: str, tries: int, most: int | None = None) -> int:
    """How many places a version gets of so many tries."""
    count = 0
    for _ in range(tries):
        try:
            held.enter_context(admission.version("m", version, most))
        except Busy:
            continue
        count += 1
    return count


def test_one_version_alone_gets_its_share() -> None:
    with holding() as held:
        assert taken(Admission(64, share=0.75), held, "1", 64) == 48


def test_beside_a_full_version_others_get_places() -> None:
    admission = Admission(64, share=0.75)
    with holding() as held:
        taken(admission, held, "1", 64)
        assert taken(admission, held, "2", 64) >= 8
        assert all(taken(admission, held, str(other), 1) for other in range(3, 6))


def test_a_share_of_one_leaves_all_to_one() -> None:
    with holding() as held:
        assert taken(Admission(8, share=1.0), held, "1", 20) == 8


def test_the_policys_bound_holds() -> None:
    admission = Admission(64)
    with holding() as held:
        assert taken(admission, held, "1", 10, most=3) == 3
        with pytest.raises(Busy, match="this model is answering 3 requests, as many as its policy allows"):
            held.enter_context(admission.version("m", "1", 3))


@given(
    st.lists(st.tuples(st.integers(0, 5), st.booleans()), max_size=200),
    st.integers(1, 16),
    st.floats(0.1, 1.0),
)
def test_places_are_never_more_than_there_are_and_all_come_back(
    steps: list[tuple[int, bool]], most: int, share: float
) -> None:
    admission, held = Admission(most, share=share), list[ExitStack]()
    for version, is_end in steps:
        if is_end and held:
            held.pop(version % len(held)).close()
            continue
        one = ExitStack()
        if taken(admission, one, str(version), 1):
            held.append(one)
        assert len(held) <= most
    for one in held:
        one.close()
    with holding() as again:
        assert taken(admission, again, "9", 1) == 1


def test_who_would_wait_beyond_the_patience_is_told_at_once_and_when_to_come_again() -> None:
    clock = Clock()
    admission = Admission(64, at_once=2, patience_s=5.0, clock=clock)
    with admission.version("m", "1", None):
        clock.now_s = 2.0
    with holding() as held:
        assert taken(admission, held, "1", 20) == 2
        with pytest.raises(Busy) as refused:
            held.enter_context(admission.version("m", "1", None))
    assert str(refused.value) == "this model would answer in about 6.0 s, which is too late; try again later"
    assert refused.value.headers == ((b"retry-after", b"4"),)


def test_a_version_that_has_become_fast_is_waited_for_again() -> None:
    clock = Clock()
    admission = Admission(64, at_once=1, patience_s=1.0, clock=clock)
    for spent_s in (2.0, *[0.01] * 30):
        with admission.version("m", "1", None):
            clock.now_s += spent_s
    with holding() as held:
        assert taken(admission, held, "1", 20) == 20


def test_answers_that_overlap_are_counted_by_their_pace_not_their_time() -> None:
    clock = Clock()
    admission = Admission(64, at_once=1, patience_s=1.0, clock=clock)
    with holding() as held:
        taken(admission, held, "1", 10)
        clock.now_s = 1.0
    with holding() as held:
        assert taken(admission, held, "1", 9) >= 5


def test_the_worker_is_full_when_all_places_are_taken() -> None:
    admission = Admission(2)
    with admission.request(), admission.request():
        with pytest.raises(Busy, match="this worker is answering 2 requests; try again in a second"):
            admission.request().__enter__()
        assert admission.in_flight == 2
    assert admission.in_flight == 0


def test_a_request_that_waited_too_long_for_its_turn_is_refused() -> None:
    clock = Clock()
    admission = Admission(10, longest_lag_s=0.25, clock=clock)
    clock.now_s = 1.0
    admission.check_lag(0.8)
    with pytest.raises(Busy, match=r"^this worker is 0\.30 s behind; try again in a second$"):
        admission.check_lag(0.7)
