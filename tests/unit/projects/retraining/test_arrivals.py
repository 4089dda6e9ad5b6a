"""Labelled rows as they were logged become clean rows as training read its own."""

import numpy as np
import pandas as pd
import pytest

from projects.errors import BadInput
from projects.ingest.convert import Conversion
from projects.ingest.schema import ColumnSchema
from projects.requirement.sections import Rule
from projects.retraining.arrivals import DIGEST, LEARNED, TIME, Wanted, read_arrivals

KINDS = {"size": "number", "city": "text", "member": "boolean", "opened": "date", "kept": "text"}


def column(name, kind, **options):
    conversion = Conversion(kind, "iso" if kind == "date" else "plain", **options)
    return ColumnSchema(
        name, name, "t", conversion.type, conversion.sql_type, conversion, 0, 0, {}, (), ()
    )  # fmt: skip


def wanted(**more):
    columns = [column(name, kind) for name, kind in KINDS.items()]
    return Wanted(columns, "kept", ("no", "yes"), **more)


def rows(count=10):
    return pd.DataFrame(
        {
            "size": np.arange(count) + 0.5,
            "city": ["Oslo", None] * (count // 2),
            "member": [1.0, 0.0] * (count // 2),
            "opened": ["2024-05-31"] * count,
            "kept": ["yes", "no"] * (count // 2),
            TIME: pd.to_datetime(1.7e9 + np.arange(count), unit="s", utc=True),
        }
    )


@pytest.fixture
def read(tmp_path):
    def reading(frame, asked=None):
        frame.to_parquet(tmp_path / "rows.parquet", index=False)
        said = []
        place = str(tmp_path / "rows.parquet")
        found = read_arrivals(place, asked or wanted(), tmp_path / "clean.parquet", said.append)
        return pd.read_parquet(found.parquet), found, said

    return reading


def test_cells_are_of_the_types_of_the_clean_table(read):
    frame, found, said = read(rows())
    assert (found.rows, found.lacking, said) == (10, (), [])
    assert frame["member"].tolist() == [True, False] * 5
    assert str(frame["opened"].iloc[0])[:10] == "2024-05-31"
    assert frame[TIME].tolist() == (1.7e9 + np.arange(10)).tolist()


def test_rows_are_the_oldest_first(read):
    frame, _, _ = read(rows().sample(frac=1, random_state=1))
    assert frame["size"].tolist() == (np.arange(10) + 0.5).tolist()


def test_rows_without_a_label_do_not_count(read):
    given = rows()
    given.loc[3, "kept"] = None
    assert read(given)[1].rows == 9


@pytest.mark.parametrize(("conversion", "classes", "labels"), [
    ("number", (0, 1), ["1", "0"]), ("number", (0, 1), [1.0, 0.0]), ("number", (0, 1), [True, False]),
    ("text", ("0", "1"), [1.0, 0.0]), ("text", ("0", "1"), [1, 0]), ("boolean", (False, True), [1, 0]),
    ("boolean", (False, True), ["true", "false"]), ("boolean", (False, True), [True, False]),
    ("number", None, ["1.5", "2"]),
])  # fmt: skip
def test_labels_of_another_type_are_read_alike(read, conversion, classes, labels):
    columns = [column("size", "number"), column("kept", conversion)]
    given = rows().assign(kept=labels * 5)
    assert read(given, Wanted(columns, "kept", classes))[1].rows == 10


def test_a_few_unknown_labels_are_left_out_and_told_of(read):
    given = rows()
    given.loc[3, "kept"] = "maybe"
    _, found, said = read(given)
    assert found.rows == 9
    assert said == ["1 of 10 new rows is left out: the version knows no 'kept' such as 'maybe'"]


def test_many_unknown_labels_are_refused(read):
    with pytest.raises(
        BadInput, match=r"5 of 10 new rows have a 'kept' that the version does not know, such"
    ):
        read(rows().assign(kept=["yes", "maybe"] * 5))


def test_numbers_that_are_not_finite_are_no_labels(read):
    columns = [column("size", "number"), column("kept", "number")]
    given = rows().assign(kept=[np.inf, *range(9)])
    assert read(given, Wanted(columns, "kept", None))[1].rows == 9


def test_a_column_that_none_has_is_told_of(read):
    frame, found, said = read(rows().drop(columns="city"))
    assert found.lacking == ("city",)
    assert frame["city"].isna().all()
    assert said == ["the new rows have no 'city': such cells count as missing"]


def test_a_column_that_nobody_takes_is_told_of(read):
    assert read(rows().assign(colour="red"))[2] == [
        "the new rows have 'colour', which the version does not take"
    ]


def test_the_time_of_the_prediction_stands_in_for_a_time_column(read):
    frame, _, _ = read(rows().drop(columns="opened"), wanted(time_column="opened"))
    assert str(frame["opened"].iloc[0])[:10] == "2023-11-14"


def test_times_may_be_seconds_or_missing(read):
    assert read(rows().assign(**{TIME: 5.0}))[0][TIME].tolist() == [5.0] * 10
    assert read(rows().drop(columns=TIME))[0][TIME].isna().all()


def test_a_number_may_have_decimals_that_training_never_saw(read):
    columns = [column("size", "number", whole=True), column("kept", "text")]
    assert read(rows(), Wanted(columns, "kept", ("no", "yes")))[0]["size"].iloc[0] == 0.5


def test_rows_that_were_learned_are_marked_whatever_their_label(read, tmp_path):
    frame, _, _ = read(rows())
    frame[[DIGEST]].head(4).to_parquet(tmp_path / "known.parquet")
    again = read(rows().assign(kept="no"), wanted(known=tmp_path / "known.parquet"))[0]
    assert again[LEARNED].tolist() == [True] * 4 + [False] * 6


def test_a_rule_that_must_hold_is_held_to(read):
    with pytest.raises(BadInput, match="column 'size' breaks its rule in 1 row"):
        read(rows(), wanted(rules=[Rule(column="size", max=9.0)]))


def test_a_rule_that_drops_drops(read):
    _, _, said = read(rows(), wanted(rules=[Rule(column="size", max=8.0, on_fail="drop")]))
    frame = read(rows(), wanted(rules=[Rule(column="size", max=8.0, on_fail="drop")]))[0]
    assert frame["size"].max() == 7.5
    assert "these rows are dropped" in said[0]


def test_a_rule_of_a_column_that_did_not_come_is_told_of(read):
    said = read(rows(), wanted(rules=[Rule(column="id", unique=True)]))[2]
    assert said == ["the rule of 'id' is not held to: the new rows do not have it"]


def test_rows_without_the_target_are_refused(read):
    with pytest.raises(BadInput, match="have no column 'kept', which is to be learned; did you mean 'kep'"):
        read(rows().rename(columns={"kept": "kep"}))


def test_rows_of_another_table_are_refused(read):
    with pytest.raises(BadInput, match="have none of the columns that are learned from, such as 'size'"):
        read(rows()[["kept", TIME]].assign(other=1))


def test_what_is_no_parquet_is_refused(tmp_path):
    (tmp_path / "rows.parquet").write_text("no", encoding="utf-8")
    with pytest.raises(BadInput, match="must be Parquet that can be read"):
        read_arrivals(str(tmp_path / "rows.parquet"), wanted(), tmp_path / "out.parquet", print)


def test_what_is_not_there_is_refused(tmp_path):
    with pytest.raises(BadInput, match="there are no newly labelled rows at"):
        read_arrivals(str(tmp_path), wanted(), tmp_path / "out.parquet", print)
