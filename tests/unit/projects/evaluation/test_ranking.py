"""The ranking says who leads, by how much, and whether that is chance."""

import numpy as np
import pytest

from projects.evaluation.metrics import BY_NAME
from projects.evaluation.ranking import Ranked, in_order, lead, ranking_table, within_chance

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
