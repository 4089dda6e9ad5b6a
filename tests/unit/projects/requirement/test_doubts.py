"""What a sentence does not say for certain is asked about: nothing is taken for want of a better one."""

import pytest

from projects.errors import BadInput
from projects.requirement.seen import ColumnSeen
from projects.requirement.sentence import infer
from tests.benchmarks.objective_public_tables import PUBLIC_TABLES
from tests.benchmarks.objective_tables import TABLES

SEEN = TABLES | PUBLIC_TABLES


def refusal(table, sentence):
    with pytest.raises(BadInput) as caught:
        infer(sentence, SEEN[table])
    return caught.value


@pytest.mark.parametrize(
    ("table", "sentence"),
    [
        ("bank", "Will the client complain?"),
        ("bank", "Predict house prices"),
        ("cpu", "Predict the price of the server"),
        ("elec", "Will blackout happen?"),
        ("weather", "Predict temperature"),
        ("bank", "Which customers will buy a car next year?"),
    ],
)
def test_a_column_called_target_is_not_the_answer_to_everything(table, sentence):
    assert refusal(table, sentence).code in {"no_target", "target_does_not_fit"}


@pytest.mark.parametrize(
    ("table", "sentence", "target"),
    [
        ("bank", "Will the client subscribe to a term deposit?", "y"),
        ("weather", "Will it rain tomorrow?", "target"),
        ("cpu", "Predict CPU usage", "target"),
        ("mushrooms", "Is this mushroom poisonous or edible?", "class"),
    ],
)
def test_it_is_one_to_what_its_table_is_about(table, sentence, target):
    found = infer(sentence, SEEN[table])
    assert found.target == target
    assert "it is called as answers are, and its table is about '" in found.reasons[0]


def test_who_is_asked_sees_the_likely_columns_first():
    error = refusal("weather", "Will we have a storm surge?")
    assert "likely is target (2 distinct numbers, such as '0', '1'), of feat_1" in str(error)
    assert error.fix == "say which with -P target=target (or the target of the requirement)"


@pytest.mark.parametrize(
    ("table", "sentence", "word"),
    [
        ("german", "Predict the interest rate", "interest"),
        ("spaceflights", "Predict house prices", "house"),
        ("bikes", "electricity demand tomorrow", "electricity"),
        ("telco", "predict churn of employees", "employees"),
        ("bank", "Will the client default or subscribe?", "subscribe"),
        ("retail", "total price of an order", "total"),
        ("telco", "increase in MonthlyCharges", "increase"),
        ("german", "Predict the value of the property", "value"),
        ("bank", "How many days since last contact?", "since"),
    ],
)
def test_a_word_that_makes_another_thing_of_the_match_is_asked_about(table, sentence, word):
    error = refusal(table, sentence)
    assert error.code == "doubtful_target"
    assert f"nothing in the data is about '{word}'" in error.cause


@pytest.mark.parametrize(
    ("sentence", "code"),
    [
        ("Predict churn or contract type", "ambiguous_target"),
        ("Will MonthlyCharges be above 70?", "target_does_not_fit"),
        ("Number of customers who will churn next month", "target_does_not_fit"),
        ("When will a customer churn?", "target_does_not_fit"),
        ("Make clusters of our subscribers", "no_prediction"),
        ("Recommend a contract to each customer", "no_prediction"),
        ("Churn, aber ohne gender", "no_target"),
        ("предскажи Churn", "no_target"),
        ("predict churn without using age", "unknown_exclusion"),
        ("predict churn, gender is a leak, no use of gender", "unclear_exclusion"),
        ("predict churn with gini above 0.5", "unknown_metric"),
    ],
)
def test_what_would_be_half_understood_is_refused(sentence, code):
    assert refusal("telco", sentence).code == code


def test_a_column_that_narrows_another_word_is_asked_about():
    error = refusal("bikes", "estimate casual rentals")
    assert "may ask for cnt (869 distinct numbers" in str(error)
    assert "or casual (322 distinct numbers" in str(error)


def test_a_name_that_is_said_in_full_beats_a_part_of_it():
    assert infer("predict employment duration", SEEN["german"]).target == "employment_duration"


def test_what_is_no_prediction_is_named():
    assert "asks for clusters, which is no prediction of a column; there are" in str(
        refusal("telco", "cluster my customers")
    )


def test_what_is_to_be_left_out_and_is_no_column_is_named():
    assert "'age' is to be left out, and no column is called so" in str(
        refusal("telco", "predict churn without age")
    )


@pytest.mark.parametrize(
    ("said", "metric"),
    [
        ("don't miss leavers", "recall"),
        ("false alarms are expensive", "precision"),
        ("false alarms are fine", "recall"),
        ("avoid false negatives", "recall"),
        ("missing a leaver is worse than a false alarm", "recall"),
        ("precision first", "precision"),
        ("the recall is key", "recall"),
    ],
)
def test_which_mistake_hurts_is_the_metric(said, metric):
    found = infer(f"Predict churn; {said}.", SEEN["telco"])
    assert (found.target, found.metric, found.gate_clauses) == ("Churn", metric, ())


@pytest.mark.parametrize(
    "said",
    [
        "gender and Partner are not allowed",
        "exclude gender and Partner",
        "w/o gender and Partner",
        "the columns gender and Partner are forbidden",
        "leave gender and Partner out of it",
    ],
)
def test_columns_are_left_out_in_many_words(said):
    assert infer(f"Predict churn, AUC over 0.5, {said}", SEEN["telco"]).left_out == ("gender", "Partner")


@pytest.mark.parametrize("word", ["change", "cause", "horse", "older", "start", "process", "security"])
def test_a_common_word_is_no_typo(word):
    columns = [ColumnSeen(name, "t", "number", 90, 100, ("1.5",)) for name in ("charge", "case", "house")]
    with pytest.raises(BadInput):
        infer(f"predict the {word}", columns)


@pytest.mark.parametrize(
    ("said", "clause"),
    [
        ("R2 > 0,5", "r2 > 0.5"),
        ("R2 > .5", "r2 > 0.5"),
        ("MAE no worse than $5k", "mae <= 5000"),
        ("MAE below 1,500", "mae < 1500"),
        ("MAE below 12,5", "mae < 12.5"),
        ("MAE below 50, exclude gender", "mae < 50"),
    ],
)
def test_numbers_are_read_as_people_write_them(said, clause):
    assert infer(f"Predict MonthlyCharges, {said}", SEEN["telco"]).gate_clauses == (clause,)
