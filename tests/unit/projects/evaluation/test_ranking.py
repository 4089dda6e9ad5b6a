"""The ranking says who leads, by how much, and whether that is chance."""

import numpy as np
import pytest

from projects.evaluation.metrics import BY_NAME
from projects.evaluation.ranking import Ranked, compared, in_order, lead, ranking_table, within_chance

AUC, RMSE = BY_NAME["roc_auc"], BY_NAME["rmse"]
ROWS = [
    Ranked("b", 0.80, 0.01, 2.0),
    Ranked("broken", None, skipped="out of memory | after 3 s", seconds=3.0),
    Ranked("a", 0.85, 0.01, 1.0),
]


def test_the_best_is_first_and_the_skipped_are_last():
    assert [row.name for row in in_order(ROWS, AUC)] == ["a", "b", "broken"]
    assert [row.name for row in in_order(ROWS, RMSE)] == ["b", "a", "broken"]


def test_the_table_names_why_a_candidate_was_skipped():
    assert ranking_table(ROWS, AUC)[2:] == [
        "| 1 | a | 0.8500 | 0.0100 | 1.0 |",
        "| 2 | b | 0.8000 | 0.0100 | 2.0 |",
        "",
        "- broken was skipped: out of memory | after 3 s",
    ]


def test_a_large_lead_is_beyond_chance():
    found = lead(ROWS, AUC, folds=5)
    assert str(found) == "0.0500 ahead of b, beyond chance (+- 0.0196)"


def test_a_small_lead_is_chance():
    found = lead([Ranked("a", 0.801, 0.01), Ranked("b", 0.80, 0.01)], AUC, folds=5)
    assert found is not None
    assert not found.is_beyond_chance
    assert str(found).endswith("within chance (+- 0.0196): the two are equally good here")


def test_the_same_folds_make_a_small_lead_sure():
    scores = np.array([0.70, 0.80, 0.75, 0.82, 0.78])
    rows = [
        Ranked(
            "a",
            float(scores.mean()) + 0.01,
            0.04,
            scores=tuple(scores + 0.01 + np.array([1, -1, 0, 1, -1]) / 1e4),
        ),
        Ranked("b", float(scores.mean()), 0.04, scores=tuple(scores)),
    ]
    assert lead(rows, AUC, folds=5).is_beyond_chance
    assert not lead(
        [Ranked(row.name, row.mean, row.deviation) for row in rows], AUC, folds=5
    ).is_beyond_chance


def test_without_folds_a_lead_is_told_without_a_verdict():
    assert str(lead(ROWS, AUC, folds=0)) == "0.0500 ahead of b"


def test_one_candidate_leads_nobody():
    assert lead(ROWS[1:], AUC, folds=5) is None


@pytest.mark.parametrize(("deviation", "names"), [(0.05, ["b"]), (0.001, [])])
def test_candidates_within_chance_are_named(deviation, names):
    rows = [Ranked("a", 0.85, deviation), Ranked("b", 0.82, deviation)]
    assert [row.name for row in within_chance(rows, AUC, folds=5)] == names


GIVEN_UP = Ranked("quick", 0.99, 0.0, 0.1, scores=(0.99,))
FOLDED = [
    Ranked("b", 0.80, 0.01, 2.0, scores=(0.79, 0.81)),
    GIVEN_UP,
    Ranked("a", 0.85, 0.01, 1.0, scores=(0.84, 0.86)),
]


def test_one_that_was_given_up_after_an_easy_fold_does_not_lead():
    assert [row.name for row in in_order(FOLDED, AUC)] == ["a", "b", "quick"]
    assert [row.name for row in compared(FOLDED, AUC)] == ["a", "b"]
    assert lead(FOLDED, AUC, folds=2).next_name == "b"
    assert within_chance(FOLDED, AUC, folds=2) == []


def test_its_folds_are_told():
    assert ranking_table(FOLDED, AUC)[-1] == "| - | quick | 0.9900 (1 of 2 folds) | | 0.1 |"


def test_of_one_fold_no_spread_is_told_and_nothing_is_beyond_chance():
    rows = [GIVEN_UP, Ranked("slow", 0.9, 0.0, 3.0, scores=(0.9,))]
    assert ranking_table(rows, AUC)[2] == "| 1 | quick | 0.9900 | | 0.1 |"
    assert str(lead(rows, AUC, folds=1)) == "0.0900 ahead of slow"
    assert within_chance(rows, AUC, folds=1) == []


def test_folds_made_twice_share_as_many_rows_as_those_made_once():
    rng = np.random.default_rng(3)
    scores = rng.normal(0.8, 0.01, (2, 10))
    rows = [Ranked(str(at), float(row.mean()), 0.01, scores=tuple(row)) for at, row in enumerate(scores)]
    narrow, wide = (lead(rows, AUC, folds=10, ratio=ratio).half for ratio in (None, 0.25))
    assert wide / narrow == pytest.approx(np.sqrt((1 / 10 + 1 / 4) / (1 / 10 + 1 / 9)))
