"""The card gives the answer first, then the details, and shows every text as it is."""

from datetime import UTC, datetime

import numpy as np
import pandas as pd
import pytest

from projects.evaluation.card import Facts, write_card
from projects.evaluation.course import Course
from projects.evaluation.evaluate import evaluate
from projects.evaluation.ranking import Ranked
from projects.evaluation.recommendation import recommend
from projects.requirement.model import Evaluation
from projects.target import read_target
from serving.plan.model import Column
from tests.unit.projects.evaluation.evaluation_fixtures import report, subject, table, truth

COURSE = Course([Ranked("lightgbm", 0.90, 0.01, 9.0), Ranked("svm", None, skipped="out of time")], folds=5)


def card(task="binary", found=None, **changes):
    found = found or report(task)
    frame = table(300)
    frame["a|b *target*"] = truth(frame, task)
    columns = [Column(name, "double", required=False) for name in ("age", "count", "noise")]
    facts = {
        "name": "churn", "target": read_target(frame, "a|b *target*"), "place": "data/*.csv",
        "data_sha256": "ab" * 32,
        "trained_at": datetime(2026, 1, 2, 3, 4, tzinfo=UTC), "seed": 7, "train_rows": 240,
        "columns": [*columns, Column("city", "string", required=True)],
    }  # fmt: skip
    told = recommend(found, COURSE, costs={"p99_ms": 0.3}, data=["one <b>issue</b>"])
    return write_card(Facts(**(facts | changes)), found, COURSE, told)


@pytest.mark.parametrize("task", ["binary", "multiclass", "regression"])
def test_the_first_screen_has_the_answer(task):
    first = card(task).split("\n## ")[0]
    assert first.startswith("# churn\n")
    for name in ("Use", "Expect", "Costs", "What matters", "Gate"):
        assert f"- **{name}**: " in first
    assert len(first.splitlines()) < 25


@pytest.mark.parametrize("task", ["binary", "multiclass", "regression"])
def test_the_sections_come_in_order(task):
    heads = [line for line in card(task).splitlines() if line.startswith("## ")]
    assert heads[0] == "## Scores on the 400 held-out rows"
    assert heads[1:3] == ["## How it was chosen", "## Features"]
    assert heads[-2:] == ["## Data", "## Limits"]


def test_every_score_is_there_with_its_interval():
    found = report("binary").findings
    assert f"| roc_auc | {found.metrics['roc_auc']:.4f} | {found.intervals['roc_auc']} |" in card()


def test_several_classes_say_what_the_plain_names_mean():
    assert "For several classes the plain names are the mean over the classes (macro)." in card("multiclass")


def test_texts_of_the_table_are_escaped():
    written = card(notices=["column 'x|y *z*' is left out"])
    assert r"column 'x\|y \*z\*' is left out" in written
    assert "one \\<b\\>issue\\</b\\>" in written
    assert "`a|b *target*`" in written


def test_the_gate_names_what_failed():
    written = card(gate="roc_auc > 0.99", verdict="fail: roc_auc > 0.99 (is 0.97)")
    assert r"- **Gate**: `roc_auc > 0.99`: **fail: roc_auc \> 0.99 (is 0.97)**" in written


def test_no_gate_is_said():
    assert "- **Gate**: none was set" in card()


def test_a_skipped_candidate_is_told_with_its_reason():
    assert "- svm was skipped: out of time" in card()


def test_the_heaviest_columns_come_first():
    lines = card("regression").split("## Features")[1].splitlines()
    assert lines[6].startswith("| count | number | yes | 0.")


def test_ten_thousand_columns_are_not_all_listed():
    many = [Column(f"c{n}", "double", required=False) for n in range(10_000)]
    written = card(columns=many)
    assert "And 9,940 more columns." in written
    assert len(written) < 15_000


def test_declared_groups_have_a_table():
    beside = pd.DataFrame({"gender": np.array(["f", "m"] * 200, dtype=object)})
    written = card(found=evaluate(subject("binary", beside=beside), asked=Evaluation(groups=("gender",))))
    assert "## Groups" in written
    assert "| f | 200 | " in written
    assert "Nobody has checked the answers for fairness" not in written


def test_without_groups_the_card_says_that_nobody_looked():
    assert "- Nobody has checked the answers for fairness: no groups were declared." in card()
