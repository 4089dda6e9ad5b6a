"""Aggregates of parts make those of the whole, as DuckDB would have told them."""

import random
from itertools import pairwise

import duckdb
import pytest

from projects.ingest.merge import merged

AGGREGATES = [
    "count(*)",
    "count(t)",
    "count_if(n > 3)",
    "min(n)",
    "max(n)",
    "bool_and(n = trunc(n))",
    "histogram(CASE WHEN n > 2 THEN t END)",
    "min(t, 3)",
    "max(t, 3)",
    "min(CASE WHEN n > 3 THEN t END, 10)",
]


def answers(rows: list[tuple[float | None, str | None]]) -> list[object]:
    with duckdb.connect() as engine:
        engine.execute("CREATE TABLE part (n DOUBLE, t VARCHAR)")
        if rows:
            engine.executemany("INSERT INTO part VALUES (?, ?)", rows)
        return list(engine.execute(f"SELECT {', '.join(AGGREGATES)} FROM part").fetchone() or ())


@pytest.mark.parametrize("seed", range(6))
def test_parts_say_together_what_the_whole_says(seed: int) -> None:
    chance = random.Random(seed)
    numbers = [None, 0.0, 1.5, 4.0, -7.0, float("nan"), float("inf")]
    rows = [(chance.choice(numbers), chance.choice([None, "a", "B", "ä", "zz", ""])) for _ in range(60)]
    cuts = sorted([0, 0, 60, *chance.sample(range(60), 3)])
    parts = [answers(rows[start:stop]) for start, stop in pairwise(cuts)]
    assert repr(merged(parts, AGGREGATES)) == repr(answers(rows))


def test_a_number_that_is_none_is_the_greatest_whichever_part_has_it() -> None:
    nan = float("nan")
    assert repr(merged([[1.0, 1.0], [nan, nan]], ["max(n)", "min(n)"])) == "[nan, 1.0]"
    assert repr(merged([[nan, nan], [1.0, 1.0]], ["max(n)", "min(n)"])) == "[nan, 1.0]"


def test_an_aggregate_that_cannot_be_merged_is_an_error_of_ours() -> None:
    with pytest.raises(RuntimeError, match="cannot be merged"):
        merged([[1]], ["median(n)"])
