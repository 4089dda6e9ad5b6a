"""When quality is bad, and what is said of it."""

import pytest

from monitoring.quality.figures import Estimate, Figure, Quality
from monitoring.quality.measure import measure
from monitoring.quality.verdict import is_bad, is_estimate_bad, promised, read_clauses
from tests.unit.monitoring.quality.scored_rows import scored_rows


def quality(name: str, value: float, half: float, used: int = 500) -> Quality:
    return Quality("binary", {name: Figure(value, value - half, value + half)}, used, used, used)


def test_a_clause_is_broken_where_the_whole_interval_is_below() -> None:
    found = is_bad(quality("roc_auc", 0.7, 0.05), clauses=["roc_auc >= 0.8"])
    assert found == (
        True,
        "roc_auc is 0.7 (0.65 to 0.75) on 500 rows with outcomes, and the policy wants roc_auc >= 0.8",
    )


def test_a_clause_that_chance_may_explain_holds() -> None:
    assert is_bad(quality("roc_auc", 0.78, 0.05), clauses=["roc_auc >= 0.8"]) == (False, "")


def test_a_clause_from_above_is_broken_above() -> None:
    assert is_bad(quality("rmse", 12.0, 1.0), clauses=["rmse <= 10"])[0]
    assert not is_bad(quality("rmse", 9.0, 1.0), clauses=["rmse < 10"])[0]


def test_few_outcomes_are_not_judged() -> None:
    assert is_bad(quality("roc_auc", 0.1, 0.01, used=29), clauses=["roc_auc >= 0.8"]) == (False, "")
    assert is_bad(None, clauses=["roc_auc >= 0.8"]) == (False, "")


def test_a_promise_is_broken_beyond_chance_and_tolerance() -> None:
    found = is_bad(quality("accuracy", 0.80, 0.02), promised=("accuracy", 0.90))
    assert found[1] == (
        "accuracy is 0.8 (0.78 to 0.82) on 500 rows with outcomes, and was 0.9 on the held-out rows"
    )


@pytest.mark.parametrize(("value", "half"), [(0.87, 0.001), (0.80, 0.12), (0.99, 0.001)])
def test_a_promise_holds_within_tolerance_within_chance_and_above(value: float, half: float) -> None:
    assert not is_bad(quality("accuracy", value, half), promised=("accuracy", 0.90))[0]


def test_a_promise_made_on_few_held_out_rows_is_held_to_less() -> None:
    lucky = quality("accuracy", 0.90, 0.09)
    assert is_bad(quality("accuracy", 0.83, 0.02), promised=("accuracy", 0.90))[0]
    assert not is_bad(quality("accuracy", 0.83, 0.02), promised=("accuracy", 0.90), held_out=lucky)[0]


def test_an_error_is_worse_when_it_grows() -> None:
    assert is_bad(quality("rmse", 12.0, 1.0), promised=("rmse", 10.0))[0]
    assert not is_bad(quality("rmse", 8.0, 1.0), promised=("rmse", 10.0))[0]


def test_an_estimate_is_judged_likewise_and_says_that_it_is_one() -> None:
    estimate = Estimate({"roc_auc": Figure(0.7, 0.65, 0.75)}, 1_000, "")
    assert is_estimate_bad(estimate, clauses=["roc_auc >= 0.8"])[1] == (
        "roc_auc is 0.7 (0.65 to 0.75) estimated on 1000 rows, and the policy wants roc_auc >= 0.8"
    )
    assert is_estimate_bad(None) == (False, "")


def test_clauses_that_cannot_be_read_are_told_and_passed_over() -> None:
    clauses, problems = read_clauses(["roc_auk >= 0.8", "as good as can be", "f1 > 1.2.3", "f1 >= 0.5"])
    assert [str(clause) for clause in clauses] == ["f1 >= 0.5"]
    assert problems == (
        "min_quality names 'roc_auk', which no outcome measures; did you mean 'roc_auc'?",
        "min_quality must be like 'roc_auc >= 0.8', not 'as good as can be'",
        "min_quality must be like 'roc_auc >= 0.8', not 'f1 > 1.2.3'",
    )


def test_a_clause_that_cannot_be_read_is_told_and_makes_nothing_bad() -> None:
    sentence = "min_quality must be like 'roc_auc >= 0.8', not 'good'"
    assert is_bad(quality("roc_auc", 0.9, 0.01), clauses=["good"]) == (False, sentence)
    assert is_bad(None, clauses=["good"]) == (False, sentence)


@pytest.mark.parametrize(
    ("tags", "found"),
    [
        ({"penstock.metric": "roc_auc", "penstock.score": "0.91"}, ("roc_auc", 0.91)),
        ({"penstock.metric": "roc_auc", "penstock.score": "nan"}, None),
        ({"penstock.metric": "p99_ms", "penstock.score": "3"}, None),
        ({}, None),
    ],
)
def test_a_promise_is_read_from_a_versions_tags(tags: dict[str, str], found: object) -> None:
    assert promised(tags) == found


def measured(rows: int, seed: int, flipped: float = 0.0) -> Quality:
    answers = scored_rows(rows, seed, flipped=flipped).drop_columns("probabilities")
    found = measure(answers, task="binary", classes=(0, 1), seed=0)
    assert found is not None
    return found


def verdicts(flipped: float) -> list[bool]:
    """Windows of 500 outcomes against promises of 1,000 held-out rows, each its own."""
    found = []
    for seed in range(60):
        held_out = measured(1_000, seed)
        promise = ("accuracy", held_out.values["accuracy"])
        window = measured(500, 1_000 + seed, flipped)
        found.append(is_bad(window, promised=promise, held_out=held_out)[0])
    return found


def test_quality_that_is_as_promised_is_seldom_called_bad() -> None:
    assert sum(verdicts(0.0)) <= 3


def test_a_loss_of_a_tenth_is_mostly_found() -> None:
    assert sum(verdicts(0.18)) >= 54
