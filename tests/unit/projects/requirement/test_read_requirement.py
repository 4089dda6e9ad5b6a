"""A file, single parameters, or both become one requirement, and every wrong word is named with its place."""

import json

import pytest

from projects.errors import BadInput
from projects.requirement.read import read_requirement

SIX_FIELDS = """project_name: "customer_churn_prediction"
data_source: "/path/to/messy/data/"
objective: "Predict which customers will churn in next 30 days"
data_description: "Customer transaction data, support tickets, usage metrics"
target_metric: "AUC > 0.85"
deployment: "Production API serving 100k requests/day"
"""


@pytest.fixture
def spec(tmp_path):
    def write(text, name="spec.yaml"):
        path = tmp_path / name
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return str(path)

    return write


def refusal(spec_path="", **parameters):
    with pytest.raises(BadInput) as caught:
        read_requirement(spec=spec_path, parameters=parameters)
    return caught.value


def test_the_six_fields_are_accepted_as_they_are(spec):
    requirement = read_requirement(spec=spec(SIX_FIELDS), parameters={})
    assert requirement.registered_name == "customer_churn_prediction"
    assert requirement.data_source == "/path/to/messy/data/"
    assert requirement.target_metric == "AUC > 0.85"


def test_json_is_as_good_as_yaml(spec):
    as_yaml = read_requirement(spec=spec("target: churn\ntuning: {seconds: 5}"))
    as_json = read_requirement(spec=spec(json.dumps({"target": "churn", "tuning": {"seconds": 5}}), "a.json"))
    assert as_yaml == as_json


def test_json_is_recognised_without_its_suffix(spec):
    assert read_requirement(spec=spec('{\n\t"target": "churn"}', "requirement")).target == "churn"


def test_a_parameter_wins_over_the_file(spec):
    found = read_requirement(
        spec=spec("target: a\nseed: 4\nstage: None"), parameters={"seed": "9", "stage": ""}
    )
    assert (found.target, found.seed, found.stage) == ("a", 9, "None")


def test_nothing_at_all_is_the_defaults():
    assert read_requirement().tuning.seconds == 60


def test_the_digest_depends_on_what_is_asked():
    assert read_requirement().sha256 == read_requirement().sha256
    assert read_requirement().sha256 != read_requirement(parameters={"seed": "8"}).sha256


def test_case_and_lists_with_commas_are_taken_as_meant(spec):
    found = read_requirement(
        spec=spec("stage: staging\ncandidates: LightGBM, xgboost\nsampling: {sample_size: 100K}")
    )
    assert (found.stage, found.candidates) == ("Staging", ("LightGBM", "xgboost"))
    assert found.sampling.sample_size == 100_000


def test_a_key_with_nothing_behind_it_is_not_given(spec):
    assert read_requirement(spec=spec("target:\nseed: 3")).target == ""


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("tuning:\n  secnds: 5", "spec.yaml line 2: there is no key tuning.secnds: did you mean 'seconds'?"),
        ("patience: 4", "there is no key patience: did you mean 'tuning.patience'?"),
        (
            "cleaning: {columns: {age: {kep: no}}}",
            "there is no key cleaning.columns.age.kep: did you mean 'keep'?",
        ),
        ("traget: x", "there is no key traget: did you mean 'target'"),
    ],
)
def test_an_unknown_key_is_refused_with_the_nearest(spec, text, sentence):
    error = refusal(spec(text))
    assert sentence in str(error)
    assert error.code == "unknown_key"


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("tuning: {patience: ten}", "tuning.patience must be a whole number above 0, not 'ten'"),
        ("tuning: {seconds: -1}", "tuning.seconds must be a number from 0 to 604800, not -1"),
        ("tuning: {seconds: .nan}", "tuning.seconds must be a number from 0 to 604800, not nan"),
        ("seed: true", "seed must be a whole number from 0 to 2147483647, not 'true'"),
        ("target: 2020", "target must be text, not 2020; write it in quotes: '2020'"),
        (
            "stage: Prod",
            "stage must be one of Staging, Production, None, not 'Prod'; did you mean 'Production'?",
        ),
        ("cleaning: all", "cleaning must be a section with keys such as approve, duplicates"),
        ("candidates: 5", "candidates must be a list of texts, not 5"),
        ("candidates: {a: 1}", "candidates must be a list of texts, not a mapping with the keys a"),
        (
            "sampling: {sample_size: many}",
            "sampling.sample_size must be auto, full or a whole number above 0, not 'many'",
        ),
        ("validation: [{not_null: true}]", "validation[0].column is missing; give text"),
        ("data_source: {url: 'sqlite://'}", "data_source: give either a table or a query, not none"),
    ],
)
def test_a_wrong_value_says_what_was_wanted_and_what_came(spec, text, sentence):
    assert sentence in str(refusal(spec(text)))


def test_several_faults_are_said_at_once(spec):
    error = refusal(spec("seed: x\ntuning: {seconds: y}"))
    assert "seed must be a whole number" in str(error)
    assert "(and there are faults in tuning.seconds)" in str(error)


def test_an_error_is_data_too(spec):
    found = refusal(spec("tuning: {secnds: 5}")).as_data()
    assert found["code"] == "unknown_key"
    assert found["cause"] == "spec.yaml line 1: there is no key tuning.secnds"
    assert found["fix"] == "did you mean 'seconds'?"


def test_an_error_of_any_part_is_split_into_cause_and_fix():
    data = BadInput("'a.csv' is empty; give rows").as_data()
    assert (data["code"], data["cause"], data["fix"]) == ("bad_input", "'a.csv' is empty", "give rows")


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"tune_seconds": "soon"}, "tune_seconds must be a number from 0 to 604800, not 'soon'"),
        ({"tune_seconds": "-1"}, "tune_seconds must be a number from 0"),
        ({"tune_seconds": "nan"}, "tune_seconds must be a number"),
        ({"seed": "1.5"}, "seed must be a whole number"),
        ({"holdout": "0.95"}, "holdout must be a number from 0.01 to 0.9"),
        ({"folds": "1"}, "folds must be a whole number from 2 to 20"),
        ({"compare_rows": "5"}, "compare_rows must be a whole number from 100 on, not '5'"),
        ({"stage": "Prod"}, "stage must be one of Staging, Production, None, not 'Prod'"),
        ({"task": "clustering"}, "task must be one of auto, classification, regression"),
        ({"candidates": "lightgmb"}, "there is no candidate 'lightgmb'; did you mean 'lightgbm'"),
        ({"metric": "acuracy"}, "there is no metric 'acuracy'; did you mean 'accuracy'"),
        ({"gate": "gini > 1"}, "there is no metric 'gini'"),
        ({"name": "team/churn"}, "'team/churn' is no name for a registered model"),
        ({"project": "a:b"}, "'a:b' is no name for a registered model"),
        ({"approve": "later"}, "approve must be one of auto, ask, not 'later'"),
        ({"sample_strategy": "timebased"}, "did you mean 'time_based'?"),
        ({"tune_second": "5"}, "there is no parameter 'tune_second'; did you mean 'tune_seconds'"),
    ],
)
def test_a_wrong_parameter_is_refused(given, sentence):
    assert sentence in str(refusal(**given))


def test_a_whole_number_may_be_written_as_a_float():
    assert read_requirement(parameters={"tune_trials": "5.0"}).tuning.trials == 5


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("hyperparameters: {lgbm: {a: 1}}", "there is no candidate 'lgbm'"),
        ("ensembles: {members: [lightgmb]}", "there is no candidate 'lightgmb'"),
        ("target_metric: niceness above 3", "target_metric: "),
        ("monitoring: {min_quality: 'gini > 0.1'}", "there is no metric 'gini'"),
        ("monitoring: {business_metrics: {won: 'sum('}}", "the business metric 'won' is no expression"),
    ],
)
def test_what_a_type_cannot_say_is_checked_too(spec, text, sentence):
    assert sentence in str(refusal(spec(text)))
