"""What is worked out of a reference once."""

import numpy as np
import pyarrow as pa
import pytest

from monitoring.columns import columns_of
from tests.unit.monitoring.drift.drift_frames import column, drift_of, referred, rows


def test_rows_beyond_the_most_are_sampled_in_rows_and_table_alike():
    reference = referred(rows(500, 0), max_rows=100)
    assert len(reference.rows) == reference.table.num_rows == 100
    assert reference.rows["age"].tolist() == reference.table["age"].to_pylist()


def test_a_column_without_values_has_no_base():
    assert "age" not in referred(rows(50, 0).assign(age=np.nan)).bases


def test_prediction_weighs_as_much_as_all():
    reference = referred(rows(50, 0), importance={"age": 0.7})
    assert [reference.weight(name) for name in ("age", "income", "prediction")] == [0.7, 0.0, 1.0]


def test_probabilities_are_no_column():
    table = pa.table({"x": [1.0], "probabilities": [[0.2, 0.8]], "label": [1], "prediction": [1]})
    assert columns_of(table).names == ("x", "prediction")


IDS = [f"{i:04d}-{'ABCDEFGHIJ'[i % 10] * 5}" for i in range(1_000)]


def test_identifiers_are_compared_by_their_shape():
    reference = rows(500, 0).assign(who=IDS[:500])
    drift = drift_of(reference, rows(400, 1).assign(who=IDS[500:900]))
    assert (column(drift, "who").distance, column(drift, "who").unseen_share) == (0.0, 0.0)


def test_identifiers_of_another_shape_have_drifted():
    reference = rows(500, 0).assign(who=IDS[:500])
    assert column(drift_of(reference, rows(400, 1).assign(who=range(400))), "who").is_drifted


@pytest.mark.parametrize(
    ("cells", "kind"),
    [
        ([f"the note number {i} says this" for i in range(100)], "text"),
        ([f"2024-01-{i % 28 + 1:02d}T{i % 24:02d}:{i % 60:02d}" for i in range(200)], "none"),
        ([f"name {i % 50}" for i in range(400)], "categorical"),
        ([f"name {i % 60}" for i in range(400)], "categorical"),
    ],
)
def test_texts_dates_and_categories_are_told_apart(cells, kind):
    columns = columns_of(pa.table({"x": cells}))
    assert (columns.kind("x") if "x" in columns.names else "none") == kind
