"""A gate is read as a person writes it, and judged clause by clause."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from projects.errors import BadInput
from projects.evaluation.gate import check_gate, judge, parse_gate

SCORES = {"roc_auc": 0.9, "recall": 0.5, "rmse": 3.0, "r2": 0.7}


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("AUC > 0.85", ["roc_auc > 0.85"]),
        ("ROC-AUC>=.85", ["roc_auc >= 0.85"]),
        ("roc auc > 85%", ["roc_auc > 0.85"]),
        ("F1 > 0.5 and log loss < 0.3", ["f1 > 0.5", "log_loss < 0.3"]),
        ("RMSE<=10, R2 > 0.5 AND mae < 1e3", ["rmse <= 10", "r2 > 0.5", "mae < 1000"]),
        ("R\N{SUPERSCRIPT TWO} > 0.5", ["r2 > 0.5"]),
        ("", []),
        ("   ", []),
    ],
)
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
        ("", "pass"),
    ],
)
def test_the_verdict_names_the_clauses_that_failed(text, sentence):
    verdict = judge(parse_gate(text), SCORES)
    assert (verdict.sentence, verdict.has_passed) == (sentence, sentence == "pass")


@given(st.floats(allow_nan=False, allow_infinity=False), st.sampled_from([">", ">=", "<", "<="]))
def test_a_clause_reads_back_as_itself(bound, sign):
    (clause,) = parse_gate(f"auc {sign} {bound!r}")
    assert (clause.operator, clause.bound) == (sign, bound)


@pytest.mark.parametrize(
    ("text", "match"),
    [
        ("aucc > 0.5", r"there is no metric 'aucc'; did you mean"),
        ("goodness > 0.5", "there is no metric 'goodness'; there are roc_auc, average_precision, accuracy"),
        ("auc", "the gate's clause 'auc' cannot be read; write it like 'AUC > 0.85"),
        ("auc > 0.5 and", "the gate's clause '' cannot be read"),
        ("auc > high", "the gate's bound 'high' must be a number"),
        ("auc > 0,85", "the gate's bound '0,85' must be a number"),
        ("auc > nan", "the gate's bound must be a number, not NaN"),
        ("auc = 0.5", "the gate's clause 'auc = 0.5' cannot be read"),
    ],
)
def test_what_cannot_be_read_is_refused(text, match):
    with pytest.raises(BadInput, match=match):
        parse_gate(text)


def test_a_metric_without_meaning_for_the_task_is_refused():
    with pytest.raises(BadInput, match="roc_auc has no meaning for regression; use one of rmse, r2, mae"):
        check_gate(parse_gate("auc > 0.5"), "regression")
