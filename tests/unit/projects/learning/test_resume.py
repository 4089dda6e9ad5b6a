"""A search that was killed goes on without repeating what it had finished."""

import pytest

from projects.errors import BadInput
from projects.requirement.model import Tuning
from tests.unit.projects.learning.learning_fixtures import Bench, Clock, contest, ground, marked


def run(storage, *, trials, rows=160, seed=5):
    bench = Bench(Clock())
    tuning = Tuning(seconds=6000, trials=trials, resume="nightly")
    place = ground(rows=rows)
    winner = contest(
        (marked("only", bench),), tuning=tuning, storage=storage, clock=bench.clock, ground=place, seed=seed
    ).run()
    return winner, bench.fits


def test_what_was_tried_is_not_tried_again(tmp_path):
    first, _ = run(tmp_path, trials=4)
    again, fits = run(tmp_path, trials=4)
    assert len(fits) == 1  # the last fit, on all rows
    assert again.tuning.parameters == first.tuning.parameters


def test_a_resumed_search_makes_the_trials_that_are_left(tmp_path):
    run(tmp_path, trials=3)
    winner, fits = run(tmp_path, trials=5)
    assert winner.tuning.trials == 5
    assert len({fit["noise"] for fit in fits[:-1]}) == 2


def test_a_line_cut_short_by_a_kill_costs_that_trial_alone(tmp_path):
    run(tmp_path, trials=3)
    path = tmp_path / "nightly" / "trials.jsonl"
    path.write_text(path.read_text()[:-40])
    winner, fits = run(tmp_path, trials=3)
    assert winner.tuning.trials == 3
    assert len({fit["noise"] for fit in fits[:-1]}) == 1


def test_a_search_over_other_rows_is_not_gone_on_with(tmp_path):
    run(tmp_path, trials=1)
    with pytest.raises(BadInput, match="the search 'nightly' was over other rows, folds, seed or metric"):
        run(tmp_path, trials=1, rows=150)


def test_a_name_that_leaves_the_folder_is_refused(tmp_path):
    bench = Bench(Clock())
    with pytest.raises(BadInput, match=r"tuning\.resume must be a name of letters"):
        contest((marked("only", bench),), tuning=Tuning(resume="../up"), storage=tmp_path).run()
