"""What is wrong with the data is said, and nothing where nothing is."""

import numpy as np

from tests.unit.monitoring.drift.drift_frames import drift_of, rows

REFERENCE = rows(1_000, 0)


def told(window, **options) -> tuple[str, ...]:
    return drift_of(REFERENCE, window, **options).findings


def test_nothing_is_said_of_a_window_like_the_reference():
    assert [told(rows(400, seed)) for seed in range(1, 11)] == [()] * 10


def test_gaps_are_said():
    window = rows(400, 1)
    window.loc[:99, "age"] = np.nan
    assert told(window) == ("'age': 25.0% of the rows lack a value, and 0.0% in the reference",)


def test_gaps_in_categories_are_said():
    window = rows(400, 1)
    window.loc[:39, "plan"] = None
    assert told(window) == ("'plan': 10.0% of the rows lack a value, and 0.0% in the reference",)


def test_a_gap_in_one_of_many_rows_is_not_said():
    window = rows(400, 1)
    window.loc[0, "age"] = np.nan
    assert told(window) == ()


def test_unseen_categories_are_named():
    window = rows(400, 1)
    window.loc[:39, "plan"] = "gold"
    assert told(window) == (
        "'plan': 10.0% of the values are of categories that the reference does not have ('gold')",
    )


def test_names_with_braces_are_said_as_they_are():
    window = rows(400, 1)
    window.loc[:39, "plan"] = "{gold}"
    assert told(window)[0].endswith("('{gold}')")


def test_values_out_of_range_are_said():
    window = rows(400, 1)
    window["age"] = 40.0
    window.loc[:99, "age"] = 500.0
    (finding,) = told(window)
    assert finding.startswith("'age': 25.0% of the values lie outside the reference's range (")


def test_words_among_numbers_are_said():
    window = rows(400, 1).astype({"age": object})
    window["age"] = window["age"].astype(str)
    window.loc[:99, "age"] = "old"
    assert "'age': 25.0% of the values are no number, and 0.0% in the reference" in told(window)


def test_infinite_values_are_said():
    window = rows(400, 1)
    window.loc[:99, "age"] = np.inf
    assert told(window) == ("'age': 25.0% of the values are infinite, and 0.0% in the reference",)


def test_a_column_that_is_gone_is_said():
    assert told(rows(400, 1).drop(columns="age")) == ("'age' is gone: no row of the window has the column",)


def test_an_empty_column_is_said():
    assert told(rows(400, 1).assign(age=np.nan)) == ("'age' is empty: all 400 rows lack a value",)


def test_a_column_of_infinities_is_said():
    assert told(rows(400, 1).assign(age=np.inf)) == ("'age' has no finite number in 400 rows",)


def test_a_column_of_another_type_is_said():
    assert told(rows(400, 1).assign(age="old")) == ("'age' has no number: 400 of 400 rows have another type",)


def test_a_new_column_is_said():
    assert told(rows(400, 1).assign(extra=1)) == (
        "'extra' is new: 400 rows have it, and the reference does not know it",
    )


def test_a_column_that_the_reference_has_no_values_of_is_said():
    findings = drift_of(REFERENCE.assign(age=np.nan), rows(400, 1)).findings
    assert findings == ("'age' has values now, and the reference has none: it is not judged",)


def test_hidden_columns_are_not_spoken_of():
    assert told(rows(400, 1).drop(columns="age"), hidden=frozenset({"age"})) == ()


def test_long_names_are_cut():
    name = "x" * 500
    findings = drift_of(REFERENCE.rename(columns={"age": name}), rows(400, 1).drop(columns="age")).findings
    assert len(findings[0]) < 120
