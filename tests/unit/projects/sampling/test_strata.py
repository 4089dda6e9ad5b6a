"""How a sample is shared out over strata."""

from hypothesis import given
from hypothesis import strategies as st

from projects.sampling.strata import FEWEST, quotas


def test_each_stratum_gets_at_least_five_rows_and_the_rest_keep_their_proportion() -> None:
    assert quotas([900, 90, 6], 100) == [86, 9, 5]


def test_a_stratum_smaller_than_five_gives_all_its_rows() -> None:
    assert quotas([1000, 2], 100) == [98, 2]


@given(st.lists(st.integers(1, 5000), min_size=1, max_size=30), st.integers(1, 4000))
def test_quotas_add_up_to_the_sample_and_never_exceed_a_stratum(counts: list[int], wanted: int) -> None:
    given_rows = quotas(counts, wanted)
    assert sum(given_rows) == min(wanted, sum(counts))
    assert all(0 <= rows <= count for rows, count in zip(given_rows, counts, strict=True))
    if FEWEST * len(counts) <= wanted / 2:
        assert all(rows >= min(FEWEST, count) for rows, count in zip(given_rows, counts, strict=True))
