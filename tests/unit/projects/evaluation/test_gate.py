"""A gate is read as a person writes it, and judged clause by clause."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from projects.errors import BadInput
from projects.evaluation.gate import check_gate, cost_bounds, first_score, judge, parse_gate

SCORES = {"roc_auc": 0.9, "recall": 0.5, "rmse": 3.0, "r2": 0.7, "p99_ms": 6.25, "size_mb": 12.0}


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("AUC > 0.85", ["roc_auc > 0.85"]),
        ("ROC-AUC>=.85", ["roc_auc >= 0.85"]),
        ("roc auc > 85%", ["roc_auc > 0.85"]),
        ("F1 > 0.5 and log loss < 0.3", ["f1 > 0.5", "log_loss < 0.3"]),
        ("RMSE<=10, R2 > 0.5 AND mae < 1e3", ["rmse <= 10", "r2 > 0.5", "mae < 1000"]),
        ("R\N{SUPERSCRIPT TWO} > 0.5; PR-AUC > .4", ["r2 > 0.5", "average_precision > 0.4"]),
        ("R^2 above 0.7", ["r2 > 0.7"]),
        ("macro F1 \N{GREATER-THAN OR EQUAL TO} 0.8", ["f1_macro >= 0.8"]),
        ("accuracy of 90%", ["accuracy >= 0.9"]),
        ("accuracy: 90 percent", ["accuracy >= 0.9"]),
        ("at least 90% accuracy", ["accuracy >= 0.9"]),
        ("90% accuracy", ["accuracy >= 0.9"]),
        ("the model should have an AUC of at least 0.85", ["roc_auc >= 0.85"]),
        ("RMSE of 3", ["rmse <= 3"]),
        ("mape below 10%", ["mape < 0.1"]),
        ("p99_ms < 5 and size_mb < 50, train_minutes < 10",
         ["p99_ms < 5", "size_mb < 50", "train_minutes < 10"]),
        ("latency under 5ms", ["p99_ms < 5"]),
        ("p99 < 0.2 s", ["p99_ms < 200"]),
        ("under 5 ms latency", ["p99_ms < 5"]),
        ("model size at most 0.05 GB", ["size_mb <= 50"]),
        ("training time below 2 hours", ["train_minutes < 120"]),
        ("", []),
        ("   ", []),
    ],
)  # fmt: skip
def test_a_gate_is_read(text, read):
    assert [str(clause) for clause in parse_gate(text)] == read


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("auc > 0.85", "pass"),
        ("auc > 0.9", "fail: roc_auc > 0.9 (is 0.9)"),
        ("auc >= 0.9", "pass"),
        ("rmse < 3", "fail: rmse < 3 (is 3)"),
        ("rmse <= 3", "pass"),
        ("auc > 0.8 and recall > 0.6, r2 > 0.8", "fail: recall > 0.6 (is 0.5); r2 > 0.8 (is 0.7)"),
        ("mape < 1", "fail: mape < 1 (it cannot be computed on these rows)"),
        ("p99_ms < 5 and size_mb < 50", "fail: p99_ms < 5 (is 6.25 ms)"),
        ("size_mb < 10", "fail: size_mb < 10 (is 12 MB)"),
        ("train_minutes < 10", "fail: train_minutes < 10 (it was not measured)"),
        ("", "pass"),
    ],
)
def test_the_verdict_names_the_clauses_that_failed(text, sentence):
    verdict = judge(parse_gate(text), SCORES)
    assert (verdict.sentence, verdict.has_passed) == (sentence, sentence == "pass")


@given(
    st.floats(0, 1e300, exclude_min=True),
    st.sampled_from([">", ">=", "<", "<="]),
    st.sampled_from(["rmse", "mae"]),
)
def test_a_clause_reads_back_as_itself(bound, sign, metric):
    (clause,) = parse_gate(f"{metric} {sign} {bound!r}")
    assert (clause.operator, clause.bound) == (sign, bound)


@pytest.mark.parametrize(
    ("text", "match"),
    [
        ("aucc > 0.5", r"there is no metric 'aucc'; did you mean"),
        ("goodness > 0.5", "there is no metric 'goodness'; there are roc_auc, average_precision, accuracy"),
        ("auc", "the gate's clause 'auc' cannot be read; write it like 'AUC > 0.85"),
        ("90%", "the gate's clause '90%' cannot be read"),
        ("auc > 0.5 and", "the gate's clause '' cannot be read"),
        ("auc > high", "the gate's bound 'high' must be a number"),
        ("auc > 0,85", "the gate's bound '0,85' must be a number"),
        ("auc > nan", "the gate's bound must be a number, not NaN"),
        ("auc > 1e999", "the gate's bound '1e999' must be a number that is not infinite"),
        ("auc = 0.5", "the gate's clause 'auc = 0.5' cannot be read"),
        ("rmse < 10 minutes", "the gate's bound '10 minutes' must be a number: rmse takes no unit but %"),
        ("rmse < 10%", "rmse is no share of anything, so '10%' has no meaning; write a plain number"),
        ("p99_ms < 5 MB", "the gate's bound '5 MB' must be a number: p99_ms is in ms"),
    ],
)
def test_what_cannot_be_read_is_refused(text, match):
    with pytest.raises(BadInput, match=match):
        parse_gate(text)


@pytest.mark.parametrize(
    ("text", "match"),
    [
        ("AUC > 1.5", "the gate's clause 'roc_auc > 1.5' can never be met: roc_auc is never above 1$"),
        ("AUC > 1", "can never be met: roc_auc is never above 1"),
        ("AUC > 85", "can never be met: roc_auc is never above 1; for 85 percent write 0.85 or 85%"),
        ("accuracy < 0", "the gate's clause 'accuracy < 0' can never be met: accuracy is never below 0"),
        ("rmse <= -1", "can never be met: rmse is never below 0"),
        ("r2 >= 1.01", "can never be met: r2 is never above 1"),
        ("mcc < -1", "can never be met: mcc is never below -1"),
        ("p99_ms > 5", "the gate's clause 'p99_ms > 5' asks for a high cost; write 'p99_ms < 5'"),
        ("p99_ms < 0", "can never be met: p99_ms is never below 0"),
    ],
)
def test_a_gate_that_no_model_can_pass_is_refused(text, match):
    with pytest.raises(BadInput, match=match):
        parse_gate(text)


@pytest.mark.parametrize(
    "text", ["auc > 0.9 and auc < 0.8", "auc >= 0.9 and auc < 0.9", "auc < 0.5, ROC-AUC > 0.5"]
)
def test_clauses_that_exclude_each_other_are_refused(text):
    with pytest.raises(BadInput, match=r"the gate asks for '.*' and '.*': no roc_auc can be both"):
        parse_gate(text)


@pytest.mark.parametrize(
    "text", ["auc >= 1", "accuracy <= 0", "r2 > -3", "auc >= 0.9 and auc <= 0.9", "auc > 0 and f1 < 1"]
)
def test_a_hard_gate_is_allowed(text):
    assert parse_gate(text)


def test_a_metric_without_meaning_for_the_task_is_refused():
    with pytest.raises(BadInput, match="roc_auc has no meaning for regression; use one of rmse, r2, mae"):
        check_gate(parse_gate("auc > 0.5"), "regression")


@pytest.mark.parametrize("task", ["binary", "multiclass", "regression"])
def test_costs_have_a_meaning_for_every_task(task):
    check_gate(parse_gate("p99_ms < 5 and size_mb < 50 and train_minutes < 10"), task)


def test_the_tightest_bound_of_each_cost_is_the_searchs():
    gate = parse_gate("auc > 0.8 and p99_ms < 5 and p99_ms <= 3 and size_mb < 50")
    assert cost_bounds(gate) == {"p99_ms": 3.0, "size_mb": 50.0}


def test_candidates_are_compared_by_the_first_score_not_by_a_cost():
    metric = first_score(parse_gate("p99_ms < 5 and recall > 0.6 and auc > 0.8"))
    assert metric is not None
    assert metric.name == "recall"
    assert first_score(parse_gate("p99_ms < 5")) is None
