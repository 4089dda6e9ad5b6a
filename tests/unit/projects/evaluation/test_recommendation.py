"""The recommendation says which, why, what to expect, what it costs, what matters and what to watch."""

import dataclasses

from projects.evaluation.course import Course
from projects.evaluation.gate import Verdict
from projects.evaluation.ranking import Ranked
from projects.evaluation.recommendation import recommend
from projects.evaluation.verdict import summary
from tests.unit.projects.evaluation.evaluation_fixtures import report

COURSE = Course([Ranked("lightgbm", 0.90, 0.01, 9.0), Ranked("logistic", 0.80, 0.01, 1.0)], folds=5)


def told(task="binary", course=COURSE, **more):
    return recommend(report(task), course, **more)


def test_it_says_which_model_and_how_far_it_is_ahead():
    assert told().which == (
        "lightgbm: the highest roc_auc in cross-validation, 0.9000, 0.1000 ahead of logistic,"
        " beyond chance (+- 0.0196)"
    )


def test_it_names_a_quicker_model_that_is_as_good():
    close = Course([Ranked("lightgbm", 0.801, 0.01, 9.0), Ranked("logistic", 0.80, 0.01, 1.0)], folds=5)
    assert told(course=close).which.endswith(
        "as good within chance and at least twice as quick to train: logistic"
    )


def test_the_model_in_use_is_not_named_as_a_quicker_one():
    found = report("binary")
    own = found.findings.subject.name
    close = Course([Ranked("knn", 0.801, 0.01, 9.0), Ranked(own, 0.80, 0.01, 0.0)], folds=5)
    assert "quick" not in recommend(found, close).which


def test_an_ensemble_is_told_beside_the_best_candidate():
    named = dataclasses.replace(report("binary").findings.subject, name="vote of 3")
    changed = dataclasses.replace(
        report("binary"), findings=dataclasses.replace(report("binary").findings, subject=named)
    )
    assert recommend(changed, COURSE).which.startswith("vote of 3: lightgbm had the highest roc_auc")


def test_the_only_candidate_is_told_as_such():
    assert told(course=Course([Ranked("lightgbm", 0.9)], 5)).which == (
        "lightgbm, the only candidate with a score (roc_auc 0.9000 in cross-validation)"
    )
    assert told(course=Course()).which == "lightgbm, the only model there is"


def test_it_says_what_score_to_expect_with_its_interval_and_what_no_model_would_reach():
    found = report("binary").findings
    interval, value = found.intervals["roc_auc"], found.metrics["roc_auc"]
    said = told().expect
    assert said.startswith(
        f"roc_auc {value:.4f} ({interval.low:.4f} to {interval.high:.4f}) on 400 held-out rows"
    )
    assert "always answering 'nein' would be right in" in said


def test_for_numbers_it_says_what_the_mean_would_err():
    assert "always answering the mean would err by 1" in told("regression").expect


def test_it_says_what_it_costs():
    costs = {"p99_ms": 0.312, "size_mb": 1.234, "train_minutes": 0.4, "rows_per_second": 52_345.6}
    assert told(costs=costs).cost == (
        "0.312 ms for one row (p99), 52,346 rows a second in batches, 1.23 MB, 0.4 minutes to train"
    )


def test_costs_that_were_not_measured_are_not_told():
    assert told().cost == ""
    assert not any(line.startswith("costs") for line in told().lines)


def test_it_says_which_columns_matter():
    assert told("regression").matters.startswith("count (")


def test_it_says_what_to_watch_and_what_the_data_is_like():
    found = told(data=["11 cells were read as missing"], notes=["a leak was dropped"])
    assert found.watch == ("a leak was dropped", *report("binary").watch)
    assert found.lines[-1] == "data:       11 cells were read as missing"


def test_the_summary_ends_with_the_gate_the_version_and_the_link():
    lines = list(
        summary(
            "churn version 3", "None", Verdict(False, "fail: p99_ms < 5 (is 6.2 ms)"),
            told=told(), link="http://here",
        )
    )  # fmt: skip
    assert lines[-4:] == [
        "gate:       fail: p99_ms < 5 (is 6.2 ms)",
        "registered: churn version 3, stage None",
        "look at:    http://here",
        "churn version 3 stays in no stage: the gate says fail: p99_ms < 5 (is 6.2 ms)",
    ]
