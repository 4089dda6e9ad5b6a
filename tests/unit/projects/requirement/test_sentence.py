"""A sentence is understood with its reasons, or asked about; never silently wrong."""

import time

import pandas as pd
import pytest

from projects.errors import BadInput
from projects.requirement.seen import ColumnSeen, see_frame
from projects.requirement.sentence import infer
from tests.benchmarks.objective_sentences import ROUNDS, wrong
from tests.benchmarks.objective_tables import BIKES, ENERGY, LISTINGS, SPACE, TELCO, TITANIC

EVERY = [case for cases in ROUNDS.values() for case in cases]


def refusal(sentence, columns, **named):
    with pytest.raises(BadInput) as caught:
        infer(sentence, columns, **named)
    return caught.value


@pytest.mark.parametrize("case", EVERY, ids=lambda case: f"{case.table}: {case.sentence}")
def test_no_sentence_is_silently_wrong(case):
    assert not wrong(case).startswith("!")


@pytest.mark.parametrize("name", ROUNDS)
def test_most_sentences_are_understood(name):
    cases = ROUNDS[name]
    assert sum(not wrong(case) for case in cases) >= 0.85 * len(cases)


def test_what_was_inferred_is_said():
    found = infer("Predct churn in the next 30 days with AUC > 0.85, without tenure", TELCO)
    assert found.reasons == (
        "'Predct' is read as 'predict'",
        "the target is Churn: 'churn' is in its name",
        "the task is classification: Churn holds texts",
        "'AUC > 0.85' is the gate's clause roc_auc > 0.85",
        "'in the next 30 days' looks 30 days ahead: the data must hold what is known that long before",
        "left out as the sentence says: tenure",
    )


def test_two_that_fit_equally_well_are_asked_about():
    error = refusal("predict the price", LISTINGS)
    assert error.code == "ambiguous_target"
    assert "may ask for list_price" in str(error)
    assert "sale_price" in str(error)
    assert "say which with -P target=list_price" in str(error)


def test_none_that_fits_is_asked_about():
    error = refusal("predict the weather", TELCO)
    assert error.code == "no_target"
    assert "there are gender, SeniorCitizen, Partner" in error.cause
    assert error.fix == "say which with -P target=COLUMN (or the target of the requirement)"


def test_a_class_is_not_made_of_a_number():
    error = refusal("Will the total charges exceed 500?", TELCO)
    assert "asks for classes ('Will' asks for yes or no), and TotalCharges (6530 distinct numbers" in str(
        error
    )


def test_a_metric_of_the_other_task_is_asked_about():
    error = refusal("predict who survived with RMSE below 5", TITANIC)
    assert "asks for rmse, which has no meaning for the classification of Survived" in str(error)


def test_the_named_target_always_wins():
    found = infer("predict churn", TELCO, target="tenure", task="regression")
    assert (found.target, found.task) == ("tenure", "regression")


def test_a_named_target_that_there_is_not_is_refused():
    assert "there is no column 'Chrn' to predict; did you mean 'Churn'" in str(
        refusal("x", TELCO, target="Chrn")
    )


def test_a_target_may_be_named_with_its_table():
    found = infer("predict it", SPACE, target="shuttles.price")
    assert (found.target, found.table) == ("price", "shuttles")


def test_the_same_name_in_two_tables_is_asked_about():
    twice = [ColumnSeen(c.name, table, c.kind, c.distinct, c.rows) for table in ("a", "b") for c in TITANIC]
    assert "say which with -P target=a.Survived" in str(refusal("who survived?", twice))


def test_a_forecast_with_one_date_is_split_by_time():
    assert infer("Forecast energy demand", ENERGY).time_column == "timestamp"
    assert infer("Forecast demand for bikes", BIKES).time_column == "dteday"
    assert infer("predict energy consumption", ENERGY).time_column == ""


@pytest.mark.parametrize(
    "sentence", ["", "?", "...", "12 34", "predict", "and or not", "\N{SNOWMAN} \x00", "из данных"]
)
def test_what_says_nothing_is_asked_about(sentence):
    assert refusal(sentence, TELCO).code == "no_target"


def test_a_book_is_no_sentence():
    assert "at most 2000 marks, not 12000" in str(refusal("predict churn " * 857 + "aa", TELCO))


def test_no_columns_are_said():
    assert "there are no columns" in str(refusal("predict churn", ()))


def test_ten_thousand_columns_take_seconds_at_most():
    many = [ColumnSeen(f"sensor_{n}_reading", "wide", "number", 900, 1000) for n in range(10_000)]
    began = time.thread_time()
    found = infer(
        "predict the yield of the plant", [*many, ColumnSeen("yield_pct", "wide", "number", 900, 1000)]
    )
    assert found.target == "yield_pct"
    assert time.thread_time() - began < 10


def test_columns_that_cannot_be_targets_are_not():
    rows = 1000
    columns = [
        ColumnSeen("order_id", "orders", "number", rows, rows),
        ColumnSeen("order_date", "orders", "date", 300, rows),
        ColumnSeen("order_kind", "orders", "text", 1, rows),
        ColumnSeen("order_value", "orders", "number", 800, rows, ("1.5",)),
    ]
    assert infer("predict the value of an order", columns).target == "order_value"
    assert "'order_id' cannot be predicted: it only names its row" in str(
        refusal("predict order id", columns)
    )
    assert "it holds 300 distinct dates" in str(refusal("predict the order date", columns))


def test_columns_that_are_named_as_inputs_are_no_targets():
    assert infer("predict churn by Contract and TotalCharges", TELCO).target == "Churn"
    assert infer("use TotalCharges, tenure and Contract to predict churn", TELCO).target == "Churn"


def test_columns_are_seen_in_a_frame():
    frame = pd.DataFrame({"a": [1, 2, 2], "b": ["x", None, "y"], "c": [True, False, True]})
    frame["d"] = pd.to_datetime(["2024-01-01"] * 3)
    seen = see_frame(frame, "t")
    assert [(c.name, c.kind, c.distinct, c.rows) for c in seen] == [
        ("a", "number", 2, 3), ("b", "text", 2, 3), ("c", "boolean", 2, 3), ("d", "date", 1, 3),
    ]  # fmt: skip
    assert seen[1].examples == ("x", "y")


@pytest.mark.parametrize(
    ("file", "options", "sentence", "target"),
    [
        ("telco_customer_churn.csv", {}, "I want to predict customer churn from my messy data", "Churn"),
        ("titanic_train.csv", {}, "Which passengers survived?", "Survived"),
        ("german_credit_named.csv", {}, "Which loans will go bad?", "credit_risk"),
        ("bank_semicolon.csv", {"sep": ";"}, "Will the client subscribe to a term deposit?", "y"),
        ("bike_sharing_hour.csv.gz", {}, "How many bikes will be rented?", "cnt"),
        ("employee_salaries.csv.gz", {}, "How much does an employee earn?", "current_annual_salary"),
    ],
)
def test_real_tables_are_understood(shared_data, file, options, sentence, target):
    frame = pd.read_csv(shared_data / "tabular" / file, nrows=2000, **options)
    assert infer(sentence, see_frame(frame, file.partition(".")[0])).target == target


def test_a_short_name_is_found_by_itself():
    found = infer("Predict cnt", BIKES)
    assert found.target == "cnt"


def test_a_county_is_no_count():
    found = infer("Predict the price of each county", SPACE)
    assert not any("is read as" in reason for reason in found.reasons)
