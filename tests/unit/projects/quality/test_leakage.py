"""Columns that give the target away, and columns that only predict it well."""

import time
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pandas as pd
import pytest

from projects.quality.leakage import certain_columns, suspects
from projects.quality.model import Suspect
from projects.quality.truth import Task
from projects.sampling.frame import frame_of

ROWS = 2000
RNG = np.random.default_rng(11)
BASE = pd.DataFrame(
    {
        "amount": RNG.normal(size=ROWS),
        "label": pd.Series(RNG.choice(["u", "v", "w"], ROWS), dtype=object),
    }
)
CLASS = (RNG.random(ROWS) < 0.3).astype(int)
WORDS = np.where(CLASS == 1, "Yes", "No").astype(object)
PRICE = RNG.gamma(2, 100, ROWS)


def with_leak(cells: Any) -> pd.DataFrame:
    values = np.asarray(cells)
    column = pd.Series(values, dtype=object if values.dtype.kind in "OU" else np.float64)
    return BASE.assign(leak=column)


def found_in(frame: pd.DataFrame, target: Any, task: Task) -> tuple[Suspect, ...]:
    return suspects(frame, target, task, seed=3)


@pytest.mark.parametrize(
    ("leak", "target", "why"),
    [
        (CLASS, CLASS, "it equals the target"),
        (np.where(CLASS == 1, " YES", "no"), WORDS, "it equals the target"),
        (CLASS + 10, WORDS, "each of its values goes with one class: it is the target renamed"),
        (CLASS + RNG.normal(0, 0.05, ROWS), CLASS, "rounded it is the target"),
        (
            np.where(CLASS == 1, 5.0, np.nan),
            WORDS,
            "it is filled in the rows of class 'yes' and empty in all others",
        ),
        (
            np.where(CLASS == 1, np.nan, PRICE),
            CLASS,
            "it is empty in the rows of class '1' and filled in all others",
        ),
        (np.where(PRICE > 60, CLASS, np.nan), CLASS, "it equals the target, in the 89% of the rows"),
    ],
)
def test_the_class_in_other_clothes_is_certain(leak: Any, target: Any, why: str) -> None:
    (suspect,) = found_in(with_leak(leak), target, "binary")
    assert (suspect.columns, suspect.certainty) == (("leak",), "certain")
    assert suspect.why.startswith(why)


@pytest.mark.parametrize(
    ("leak", "why"),
    [
        (PRICE, "it equals the target"),
        (PRICE * 1.5 + 30, "the target is 0.6667 times it - 20: the same in another unit"),
        (np.round(PRICE), "it is the target but for small differences"),
        (np.log(PRICE), "it grows or falls exactly as the target does, value for value"),
        (-PRICE, "the target is -1 times it: the same in another unit"),
    ],
)
def test_the_amount_in_other_clothes_is_certain(leak: Any, why: str) -> None:
    (suspect,) = found_in(with_leak(leak), PRICE, "regression")
    assert (suspect.columns, suspect.certainty) == (("leak",), "certain")
    assert suspect.why.startswith(why)


@pytest.mark.parametrize(
    ("leak", "target", "task", "why"),
    [
        (np.where((CLASS == 1) & (PRICE > 100), 1.0, np.nan), CLASS, "binary", "all "),
        (CLASS + RNG.normal(0, 0.05, ROWS), WORDS, "binary", "it alone predicts the target almost"),
        (PRICE * 2 + RNG.normal(0, 3, ROWS), PRICE, "regression", "it alone predicts the target almost"),
    ],
)
def test_what_predicts_almost_without_error_is_suspected(
    leak: Any, target: Any, task: Task, why: str
) -> None:
    (suspect,) = found_in(with_leak(leak), target, task)
    assert (suspect.columns, suspect.certainty) == (("leak",), "suspected")
    assert suspect.why.startswith(why)


def test_a_bound_on_a_measurement_is_a_rule_and_only_suspected() -> None:
    (suspect,) = found_in(BASE, np.where(BASE["amount"] > 0, "high", "low"), "binary")
    assert (suspect.columns, suspect.certainty) == (("amount",), "suspected")


@pytest.mark.parametrize(
    ("leak", "target", "task"),
    [
        (np.where(RNG.random(ROWS) < 0.05, 1 - CLASS, CLASS), CLASS, "binary"),
        (CLASS + RNG.normal(0, 1, ROWS), CLASS, "binary"),
        (PRICE + RNG.normal(0, 20, ROWS), PRICE, "regression"),
        (RNG.permutation(ROWS), CLASS, "binary"),
        ([f"text {at}" for at in range(ROWS)], CLASS, "binary"),
        (np.where(RNG.random(ROWS) < 0.9, 1.0, np.nan), CLASS, "binary"),
        (np.zeros(ROWS), PRICE, "regression"),
        (np.full(ROWS, np.nan), CLASS, "binary"),
    ],
)
def test_a_good_predictor_and_noise_are_no_leak(leak: Any, target: Any, task: Task) -> None:
    assert found_in(with_leak(leak), target, task) == ()


def test_parts_that_add_up_to_the_target_are_certain() -> None:
    parts = BASE.assign(one=np.round(PRICE, 2), two=RNG.integers(0, 90, ROWS).astype(float))
    (suspect,) = found_in(parts, np.round(parts["one"] + parts["two"], 2), "regression")
    assert suspect == Suspect(("one", "two"), "they add up to the target: it is 'one' + 'two'", "certain")


def test_a_product_is_a_formula_and_only_suspected() -> None:
    frame = BASE.assign(price=PRICE, quantity=RNG.integers(1, 9, ROWS).astype(float))
    (suspect,) = found_in(frame, np.round(frame["price"] * frame["quantity"], 2), "regression")
    assert suspect.certainty == "suspected"
    assert suspect.why == "the target is proportional to 'price' * 'quantity'; no model is needed for that"


def test_a_weighted_sum_is_a_formula_and_only_suspected() -> None:
    frame = BASE.assign(a=RNG.normal(size=ROWS), b=RNG.normal(size=ROWS))
    (suspect,) = found_in(frame, 3 * frame["a"] - 2 * frame["b"] + 1, "regression")
    assert suspect.certainty == "suspected"
    assert suspect.why.startswith("the target is a formula of them: 3 * 'a' - 2 * 'b' + 1")


def test_flags_that_together_mark_a_class_are_certain() -> None:
    flags = BASE.assign(
        heat=((CLASS == 1) & (PRICE > 150)).astype(float), wear=((CLASS == 1) & (PRICE < 180)).astype(float)
    )
    (suspect,) = found_in(flags, CLASS, "binary")
    assert (set(suspect.columns), suspect.certainty) == ({"heat", "wear"}, "certain")


def test_row_numbers_of_a_table_sorted_by_class_are_certain() -> None:
    frame = pd.DataFrame({"id": np.arange(150.0), "x": RNG.normal(size=150)})
    (suspect,) = found_in(frame, np.repeat(["a", "b", "c"], 50), "multiclass")
    assert (suspect.columns, suspect.certainty) == (("id",), "certain")
    assert suspect.why == "it numbers the rows, and the rows lie in the order of the classes"


def test_nothing_is_certain_in_a_handful_of_rows() -> None:
    frame = pd.DataFrame({"copy": [0.0, 1, 0, 1, 1, 0], "x": [1.0, 2, 3, 4, 5, 6]})
    found = found_in(frame, [0, 1, 0, 1, 1, 0], "binary")
    assert all(suspect.certainty == "suspected" for suspect in found)


def test_missing_targets_are_passed_over() -> None:
    target = np.where(RNG.random(ROWS) < 0.2, None, WORDS)
    (suspect,) = found_in(with_leak(CLASS), target, "binary")
    assert suspect.certainty == "certain"


def test_certain_columns_are_kept_where_no_other_would_be_left() -> None:
    found = (Suspect(("a",), "it equals the target", "certain"), Suspect(("b",), "maybe", "suspected"))
    assert certain_columns(found, ["a", "b"]) == ("a",)
    assert certain_columns(found, ["a"]) == ()


TABLES: tuple[tuple[str, str, Task], ...] = (
    ("telco_customer_churn.csv", "Churn", "binary"),
    ("bank_semicolon.csv", "y", "binary"),
    ("german_credit_named.csv", "credit_risk", "binary"),
    ("titanic_train.csv", "Survived", "binary"),
    ("credit_card_default.csv.gz", "default.payment.next.month", "binary"),
    ("cpu_act.tsv.gz", "target", "regression"),
    ("employee_salaries.csv.gz", "current_annual_salary", "regression"),
)


def read(shared_data: Path, name: str, folder: Path) -> pd.DataFrame:
    path = folder / "rows.parquet"
    duckdb.sql(f"SELECT * FROM read_csv('{shared_data / 'tabular' / name}')").write_parquet(str(path))
    return frame_of(path)


@pytest.mark.parametrize(("name", "target", "task"), TABLES)
def test_honest_tables_raise_no_alarm(
    shared_data: Path, tmp_path: Path, name: str, target: str, task: Task
) -> None:
    frame = read(shared_data, name, tmp_path)
    assert found_in(frame.drop(columns=target), frame[target].to_numpy(), task) == ()


def test_the_bicycles_casual_and_registered_riders_are_certain(shared_data: Path, tmp_path: Path) -> None:
    frame = read(shared_data, "bike_sharing_hour.csv.gz", tmp_path)
    (suspect,) = found_in(frame.drop(columns="cnt"), frame["cnt"].to_numpy(), "regression")
    assert (suspect.columns, suspect.certainty) == (("casual", "registered"), "certain")


@pytest.mark.slow
def test_100000_rows_of_50_columns_take_seconds() -> None:
    rows = 100_000
    levels = np.array([f"v{at}" for at in range(50)], dtype=object)
    frame = pd.DataFrame(
        {f"n{at}": RNG.normal(size=rows) for at in range(35)}
        | {f"t{at}": pd.Series(levels[RNG.integers(0, 50, rows)], dtype=object) for at in range(15)}
    )
    started = time.process_time()
    suspects(frame, (RNG.random(rows) < 0.2).astype(int), "binary", seed=1)
    assert time.process_time() - started < 4
