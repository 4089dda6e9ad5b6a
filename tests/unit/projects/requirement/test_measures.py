"""Bounds, horizons and loads are read from a sentence, and nothing else is taken for one."""

import pytest

from projects.errors import BadInput
from projects.evaluation.gate import parse_gate
from projects.requirement.capacity import read_deployment
from projects.requirement.horizon import find_horizon
from projects.requirement.measures import find_measures
from projects.requirement.target_metric import read_target_metric
from projects.requirement.words import tokens


def clauses(text):
    return [measure.clause for measure in find_measures(tokens(text))]


@pytest.mark.parametrize(
    ("text", "clause"),
    [
        ("AUC > 0.85", "roc_auc > 0.85"),
        ("with AUC above 0.85", "roc_auc > 0.85"),
        ("an accuracy of at least 90%", "accuracy >= 0.9"),
        ("accuracy over 90", "accuracy > 0.9"),
        ("at least 80% recall", "recall >= 0.8"),
        ("macro F1 of at least 0.8", "f1_macro >= 0.8"),
        ("weighted F1 over 70%", "f1_weighted > 0.7"),
        ("accuracy of 80% or more", "accuracy >= 0.8"),
        ("an R² of 0.7", "r2 >= 0.7"),
        ("R squared above 0.8", "r2 > 0.8"),
        ("error below 500", "rmse < 500"),
        ("average error no more than 300", "mae <= 300"),
        ("mean absolute error under 8,000 dollars", "mae < 8000"),
        ("MAPE under 10%", "mape < 0.1"),
        ("error under 10%", "mape < 0.1"),
        ("RMSE at most 30000", "rmse <= 30000"),
        ("AUC must exceed 0.7", "roc_auc > 0.7"),
        ("latency below 20 ms", "p99_ms < 20"),
        ("latency under 2 seconds", "p99_ms < 2000"),
        ("90% accurate", "accuracy >= 0.9"),
    ],
)
def test_a_bound_becomes_a_clause(text, clause):
    assert clauses(text) == [clause]
    assert str(parse_gate(clause)[0]) == clause


def test_two_bounds_are_two_clauses():
    assert clauses("AUC over 0.65 and precision over 0.5") == ["roc_auc > 0.65", "precision > 0.5"]


@pytest.mark.parametrize(
    "text",
    [
        "predict recall",
        "the precision of the instrument",
        "houses with size over 100",
        "mistakes and errors",
        "a score of 3",
        "value above 5",
    ],
)
def test_a_word_alone_is_no_metric(text):
    assert find_measures(tokens(text)) == ()


@pytest.mark.parametrize(
    "text", ["optimise for recall", "recall matters most", "maximize the recall", "metric: recall"]
)
def test_a_metric_may_be_asked_for_without_a_bound(text):
    (found,) = find_measures(tokens(text))
    assert (found.metric, found.clause) == ("recall", "")


def test_what_a_plain_error_is_taken_for_is_said():
    assert "a plain error being the rmse" in find_measures(tokens("error below 500"))[0].reason


def test_an_impossible_bound_is_refused():
    with pytest.raises(BadInput, match="can never be met"):
        find_measures(tokens("AUC above 250"))


@pytest.mark.parametrize(
    ("text", "days"),
    [
        ("in the next 30 days", 30),
        ("next month", 30),
        ("next month's demand", 30),
        ("within two weeks", 14),
        ("tomorrow", 1),
        ("over the next 24 hours", 1),
        ("next quarter", 91),
        ("in 6 months", 180),
        ("the coming fortnight", 14),
        ("one hour ahead", 1 / 24),
        ("7 days ahead", 7),
        ("in next 30 days", 30),
        ("a week from now", 7),
        ("next year", 365),
        ("30-day horizon", None),
        ("in the last 30 days", None),
        ("per month", None),
        ("for 12 months", None),
        ("every day", None),
        ("monthly charges", None),
        ("contract of two years", None),
    ],
)
def test_only_what_looks_ahead_is_a_horizon(text, days):
    found = find_horizon(tokens(text))
    assert (found.days if found else None) == days


@pytest.mark.parametrize(
    ("text", "per_day"),
    [
        ("Production API serving 100k requests/day", 100_000),
        ("1M calls a day", 1_000_000),
        ("50 rps", 4_320_000),
        ("2 million predictions per month", 2_000_000 / 30),
        ("10,000 requests per minute", 14_400_000),
        ("1,000,000+ API calls a day", 1_000_000),
        ("100k daily requests", 100_000),
        ("20 requests/s", 1_728_000),
        ("half a million calls per week", 500_000 / 7),
        ("internal dashboard", None),
        ("used by 8 people", None),
        ("99.9% uptime", None),
        ("", None),
    ],
)
def test_a_load_becomes_requests_a_day(text, per_day):
    assert read_deployment(text).requests_per_day == pytest.approx(per_day)


@pytest.mark.parametrize(
    ("text", "ms"),
    [
        ("under 20 ms", 20),
        ("p99 < 5ms", 5),
        ("response within 1.5 seconds", 1500),
        ("sub-10ms latency", 10),
        ("20 requests/s", None),
        ("every 5 seconds", None),
    ],
)
def test_a_latency_becomes_a_clause(text, ms):
    found = read_deployment(text)
    assert found.p99_ms == ms
    assert [clause.metric.name for clause in parse_gate(found.clause)] == (["p99_ms"] if ms else [])


def test_a_batch_needs_no_endpoint():
    found = read_deployment("batch nightly")
    assert (found.is_batch, found.schedule) == (True, "nightly")
    assert not read_deployment("Production API with a batch door").is_batch


def test_what_is_read_of_a_deployment_is_said():
    assert read_deployment("100k requests/day").reasons == (
        "'100k requests / day' is 100,000 requests a day, 1.16 a second on average",
    )


@pytest.mark.parametrize(
    ("text", "clause", "metric"),
    [
        ("AUC > 0.85", ["roc_auc > 0.85"], "roc_auc"),
        ("p99_ms < 5 and recall >= 0.6", ["p99_ms < 5", "recall >= 0.6"], "recall"),
        ("it should have an error below 500", ["rmse < 500"], "rmse"),
        ("AUC", [], "roc_auc"),
        ("maximize recall", [], "recall"),
        ("", [], ""),
    ],
)
def test_a_target_metric_is_a_gate_a_sentence_or_a_metric(text, clause, metric):
    found = read_target_metric(text)
    assert [str(each) for each in found.clauses] == clause
    assert found.metric == metric
