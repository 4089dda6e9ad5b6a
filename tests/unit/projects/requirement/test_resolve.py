"""What a requirement leaves open is decided by its sentences, which never overrule its fields."""

import pytest

from projects.errors import BadInput
from projects.requirement.model import Requirement
from projects.requirement.resolve import resolve
from tests.benchmarks.objective_tables import ENERGY, SPACE, TELCO


def gate(resolved):
    return [str(clause) for clause in resolved.gate]


def test_the_six_fields_decide_everything():
    resolved = resolve(
        Requirement(
            objective="Predict which customers will churn in next 30 days",
            target_metric="AUC > 0.85",
            deployment="Production API serving 100k requests/day, under 20 ms",
        ),
        TELCO,
    )
    assert resolved.requirement.target == "Churn"
    assert resolved.requirement.task == "classification"
    assert resolved.requirement.metric == "roc_auc"
    assert resolved.requirement.traffic.requests_per_day == 100_000
    assert gate(resolved) == ["roc_auc > 0.85", "p99_ms < 20"]
    assert resolved.horizon_days == 30


def test_a_field_wins_over_the_sentence():
    asked = Requirement(
        objective="predict churn, AUC above 0.7, optimise for recall",
        target_metric="AUC > 0.9",
        metric="f1",
        target="Partner",
    )
    resolved = resolve(asked, TELCO)
    assert gate(resolved) == ["roc_auc > 0.9"]
    assert (resolved.requirement.metric, resolved.requirement.target) == ("f1", "Partner")


def test_columns_that_the_sentence_leaves_out_are_dropped():
    asked = Requirement.model_validate(
        {"objective": "predict churn without tenure", "features": {"drop": ["gender"]}}
    )
    assert resolve(asked, TELCO).requirement.features.drop == ("gender", "tenure")


def test_the_table_of_the_target_becomes_the_main_one():
    resolved = resolve(Requirement(objective="estimate the price of shuttles with error below 500"), SPACE)
    assert resolved.requirement.tables.main == "shuttles"
    assert gate(resolved) == ["rmse < 500"]


def test_a_forecast_is_split_by_time_unless_a_split_is_asked_for():
    asked = {"objective": "forecast the energy demand of next month"}
    found = resolve(Requirement.model_validate(asked), ENERGY).requirement.split
    assert (found.strategy, found.time_column) == ("time", "timestamp")
    other = Requirement.model_validate(asked | {"split": {"strategy": "random"}})
    assert resolve(other, ENERGY).requirement.split.strategy == "random"


def test_without_a_sentence_only_the_gate_is_read():
    resolved = resolve(Requirement(target="Churn", gate="recall >= 0.6"), TELCO)
    assert (resolved.requirement.target, resolved.requirement.metric) == ("Churn", "recall")
    assert resolved.reasons == ()


def test_clauses_keep_every_digit():
    resolved = resolve(Requirement(target="Churn", gate="AUC > 0.8512345"), TELCO)
    assert resolved.gate[0].bound == 0.8512345
    assert resolve(resolved.requirement, TELCO).gate == resolved.gate


def test_clauses_that_contradict_one_another_are_refused():
    with pytest.raises(BadInput, match="no roc_auc can be both"):
        resolve(Requirement(target="Churn", gate="AUC > 0.9", target_metric="AUC < 0.5"), TELCO)
