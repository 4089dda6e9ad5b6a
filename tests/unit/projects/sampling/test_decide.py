"""How many rows are learned from, and what a person is told of it."""

import pytest

from projects.requirement.sections import Sampling
from projects.sampling.decide import announcement, decide


@pytest.mark.parametrize(
    ("rows", "taken"),
    [(10, 10), (100_000, 100_000), (100_001, 10_000), (150_000, 15_000), (5_000_000, 100_000)],
)
def test_auto_takes_all_up_to_100000_rows_and_then_a_tenth_up_to_100000(rows: int, taken: int) -> None:
    assert decide(rows, Sampling()).rows == taken


def test_full_takes_every_row() -> None:
    decision = decide(5_000_000, Sampling(sample_size="full"))
    assert (decision.rows, decision.is_sample) == (5_000_000, False)


def test_a_number_is_taken_up_to_the_rows_there_are() -> None:
    assert decide(1_000, Sampling(sample_size=300)).rows == 300
    assert decide(200, Sampling(sample_size=300)).sentence == "trained on all 200 rows (300 were asked for)"


@pytest.mark.parametrize(("asked", "wanted"), [(300_000, 300_000), ("auto", 100_000)])
def test_of_a_sample_that_does_not_fit_so_many_rows_are_drawn_as_do(asked: str | int, wanted: int) -> None:
    decision = decide(1_000_000, Sampling(sample_size=asked), most=50_000)
    assert (decision.rows, decision.is_streamed) == (50_000, False)
    assert decision.sentence.endswith(
        f"; of {wanted:,} that were wanted no more fit in the memory that learning may take"
    )


def test_a_sample_is_announced_with_its_size_and_its_way() -> None:
    assert decide(1_000_000, Sampling()).sentence == (
        "trained on a sample of 100,000 rows of 1,000,000, drawn at random, seed 42;"
        " for all rows set sampling.sample_size: full"
    )


def test_files_from_80_mb_on_are_announced_with_their_size() -> None:
    assert announcement("a.csv", 79_999_999) is None
    assert str(announcement("a.csv", 80_000_000)).startswith("a.csv is large, 80 MB: it is read in pieces")
    assert str(announcement("a.csv", 2_100_000_000)).startswith("a.csv is large, 2.1 GB")
