"""Where a job is, read from what steps print."""

from hypothesis import given
from hypothesis import strategies as st

from penstock.jobs.course import Course, read
from projects.progress import Progress


def test_a_step_that_goes_on_is_not_counted_yet() -> None:
    assert read("[1/4] reading ... done (0.1 s)\n[2/4] cleaning ... ", Course()) == Course(
        "cleaning", 0.25, "[2/4] cleaning ..."
    )


def test_a_step_that_is_done_counts() -> None:
    assert read("[2/4] cleaning ... 7 gaps filled (1.5 s)\n", Course()).share == 0.5


def test_a_note_leaves_the_step_as_it_is() -> None:
    course = read("      7 gaps\n", Course("cleaning", 0.25, ""))
    assert course == Course("cleaning", 0.25, "7 gaps")


def test_a_progress_bar_s_last_state_is_what_was_said() -> None:
    assert read("10 %\r20 %\r30 %", Course()).said == "30 %"


def test_the_steps_own_lines_are_understood() -> None:
    said: list[str] = []
    progress = Progress(total=3, write=said.append, clock=lambda: 0.0)
    with progress.step("reading the file"):
        progress.note("it is large")
    with progress.step("training"):
        assert read("".join(said), Course()) == Course("training", 1 / 3, "[2/3] training ...")
    assert read("".join(said), Course()).share == 2 / 3


@given(st.text(), st.text())
def test_any_words_give_a_share_between_nothing_and_all(one: str, other: str) -> None:
    assert 0.0 <= read(f"{one}[3/4] {other}\n{one}", Course()).share <= 1.0
