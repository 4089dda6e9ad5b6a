"""A batch answers every row as the plan does, in every format, whole or not at all."""

import json
import sqlite3
import threading

import numpy as np
import pandas as pd
import pytest

from projects.batch.run import check_output, rows_at_once
from projects.batch.source import Known, known_of
from projects.errors import BadInput
from projects.ingest.convert import Conversion
from projects.ingest.run import ingest
from projects.requirement.sections import Tables
from projects.scorer import PlanScorer, Version, rows_of
from tests.unit.plan.plan_fixtures import CITIES, table
from tests.unit.projects.batch.batch_fixtures import KNOWN, column, known, load, plan, predict, save

SOURCES = (".csv", ".tsv", ".parquet", ".jsonl", ".xlsx")
SINKS = (".csv", ".tsv", ".parquet", ".jsonl")


@pytest.mark.parametrize("source", SOURCES)
@pytest.mark.parametrize("sink", SINKS)
def test_every_format_gives_the_plans_answers(tmp_path, source, sink):
    data, output = save(table(30), tmp_path / f"in{source}"), tmp_path / f"out{sink}"
    assert predict(data, output).rows == 30
    scores = plan().score(rows_of(table(30)))
    found = load(output)
    assert found["prediction"].tolist() == scores.predictions
    np.testing.assert_allclose(
        found[["probability_ja", "probability_nein"]], scores.probabilities, atol=1e-12
    )
    assert set(zip(found["model"], found["version"].astype(str), strict=True)) == {("demo", "3")}


@pytest.mark.parametrize("how", [KNOWN, Known()], ids=["as in training", "by the signature"])
def test_rows_keep_their_order_across_threads(tmp_path, how):
    frame = table(500).assign(n=range(500))
    predict(save(frame, tmp_path / "in.csv"), tmp_path / "out.csv", how=how)
    found = load(tmp_path / "out.csv")
    assert found["n"].tolist() == list(range(500))
    assert found["prediction"].tolist() == plan().score(rows_of(table(500))).predictions


@pytest.mark.parametrize("sink", [".csv", ".tsv"])
def test_cells_of_a_delimited_output_stay_as_they_were_written(tmp_path, sink):
    cells = ["007", "1.50", " a ", 'say "hi"', "a,b", "c\td", "two\nlines", "null", "=1+1"]
    data = save(table(9).assign(id=cells), tmp_path / "in.csv")
    predict(data, tmp_path / f"out{sink}")
    found = load(tmp_path / f"out{sink}", dtype=str, keep_default_na=False)
    assert found["id"].tolist() == cells


def test_only_cells_that_need_quotes_have_them(tmp_path):
    data = save(table(2).assign(id=["a,b", "c"]), tmp_path / "in.csv")
    predict(data, tmp_path / "out.csv", keep="id")
    lines = (tmp_path / "out.csv").read_text("utf-8").splitlines()
    assert lines[0] == "id,prediction,probability_ja,probability_nein,model,version"
    assert lines[1].startswith('"a,b",')
    assert lines[2].startswith("c,")


@pytest.mark.parametrize("sink", [".parquet", ".jsonl"])
def test_typed_outputs_hold_the_models_numbers_as_numbers(tmp_path, sink):
    predict(save(table(12).assign(id="007"), tmp_path / "in.csv"), tmp_path / f"out{sink}")
    found = load(tmp_path / f"out{sink}")
    np.testing.assert_allclose(found["größe"], table(12)["größe"])
    if sink == ".parquet":
        assert set(found["id"]) == {"007"}


def test_a_gap_is_null_in_json(tmp_path):
    predict(save(table(3), tmp_path / "in.parquet"), tmp_path / "out.jsonl")
    record = json.loads((tmp_path / "out.jsonl").read_text("utf-8").splitlines()[0])
    assert record["größe"] is None
    assert record["city"] is None


def test_a_regression_answers_numbers_only(tmp_path):
    predict(save(table(9), tmp_path / "in.jsonl"), tmp_path / "out.jsonl", "regression")
    record = json.loads((tmp_path / "out.jsonl").read_text("utf-8").splitlines()[0])
    assert isinstance(record["prediction"], float)
    assert not any(name.startswith("probability") for name in record)


@pytest.mark.parametrize(("kind", "label"), [("booleans", bool), ("whole", int), ("multiclass", str)])
def test_labels_keep_their_kind(tmp_path, kind, label):
    predict(save(table(40), tmp_path / "in.csv"), tmp_path / "out.jsonl", kind)
    records = [json.loads(line) for line in (tmp_path / "out.jsonl").read_text("utf-8").splitlines()]
    assert [record["prediction"] for record in records] == plan(kind).score(rows_of(table(40))).predictions
    assert {type(record["prediction"]) for record in records} == {label}


@pytest.mark.parametrize("how", [KNOWN, Known()], ids=["as in training", "by the signature"])
def test_blank_cells_are_read_as_in_training(tmp_path, how):
    (tmp_path / "in.csv").write_text("größe,city,count,colour\n ,Oslo,1,red\n?,Oslo,1,red\n", "utf-8")
    predict(tmp_path / "in.csv", tmp_path / "out.csv", how=how)
    assert len(set(load(tmp_path / "out.csv")["probability_ja"])) == 1


def test_an_optional_column_may_be_absent(tmp_path):
    data = save(table(5).drop(columns="city"), tmp_path / "in.csv")
    assert predict(data, tmp_path / "out.csv").rows == 5


def test_the_truth_may_be_among_the_columns(tmp_path):
    data = save(table(5).assign(outcome="ja"), tmp_path / "in.csv")
    predict(data, tmp_path / "out.csv")
    assert set(load(tmp_path / "out.csv")["outcome"]) == {"ja"}


@pytest.mark.parametrize(
    ("keep", "kept"),
    [("all", ["größe", "city", "count", "colour"]), ("none", []), ("colour, city", ["colour", "city"])],
)
def test_the_columns_to_keep_can_be_chosen(tmp_path, keep, kept):
    predict(save(table(5), tmp_path / "in.csv"), tmp_path / "out.csv", keep=keep)
    names = list(load(tmp_path / "out.csv").columns)
    assert names == [*kept, "prediction", "probability_ja", "probability_nein", "model", "version"]


def refused(data, output, match, **asked):
    with pytest.raises(BadInput, match=match):
        predict(data, output, **asked)


def test_a_column_to_keep_that_is_not_there_is_refused(tmp_path):
    refused(save(table(5), tmp_path / "in.csv"), tmp_path / "out.csv",
            "there is no column 'color' to keep; did you mean 'colour'", keep="color")  # fmt: skip


def test_all_required_columns_that_are_missing_are_named(tmp_path):
    data = save(table(5).drop(columns=["count", "colour"]), tmp_path / "in.csv")
    refused(data, tmp_path / "out.csv", "the table lacks 'count', 'colour'; it has größe, city")


def test_a_required_column_of_another_name_is_hinted_at(tmp_path):
    data = save(table(5).rename(columns={"count": "counts"}), tmp_path / "in.csv")
    refused(data, tmp_path / "out.csv", "the table lacks 'count'; did you mean 'counts'")


@pytest.mark.parametrize("how", [KNOWN, Known()], ids=["as in training", "by the signature"])
@pytest.mark.parametrize("cell", ["many", "inf"])
def test_a_text_in_a_number_column_is_refused_with_its_row(tmp_path, how, cell):
    frame = table(20).astype({"count": object})
    frame.loc[11, "count"] = cell
    refused(save(frame, tmp_path / "in.csv"), tmp_path / "out.csv",
            f"column 'count' must hold finite numbers; row 11 has '{cell}'", how=how)  # fmt: skip


def test_one_odd_cell_in_a_thousand_is_a_gap_as_in_training_and_told(tmp_path):
    frame = table(2500).astype({"count": object})
    frame.loc[[12, 2000], "count"] = "many"
    done = predict(save(frame, tmp_path / "in.csv"), tmp_path / "out.csv", chunk_rows=1250)
    assert [(odd.column, odd.count, odd.row, odd.cell) for odd in done.odd] == [("count", 2, 12, "'many'")]
    without = rows_of(frame.replace({"count": {"many": np.nan}}).astype({"count": float}))
    assert load(tmp_path / "out.csv")["prediction"].tolist() == plan().score(without).predictions


def test_a_columns_own_marks_are_gaps(tmp_path):
    marked = known(column("count", Conversion("number", whole=True, missing=("", "-999"))))
    (tmp_path / "in.csv").write_text("größe,city,count,colour\n1,Oslo,-999,red\n1,Oslo,,red\n", "utf-8")
    assert predict(tmp_path / "in.csv", tmp_path / "out.csv", how=marked).odd == ()
    assert len(set(load(tmp_path / "out.csv")["probability_ja"])) == 1


def test_a_refused_batch_leaves_the_old_output_and_no_half_one(tmp_path):
    (tmp_path / "out.csv").write_text("old")
    frame = table(5).astype({"count": object})
    frame.loc[4, "count"] = "inf"
    refused(save(frame, tmp_path / "in.csv"), tmp_path / "out.csv", "row 4 has 'inf'", overwrite=True)
    assert (tmp_path / "out.csv").read_text() == "old"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["in.csv", "out.csv"]


def test_an_output_that_exists_is_not_replaced_unasked(tmp_path):
    data = save(table(5), tmp_path / "in.csv")
    predict(data, tmp_path / "out.csv")
    refused(data, tmp_path / "out.csv", r"out.csv' exists; name another .* or say -P overwrite=yes")
    assert predict(data, tmp_path / "out.csv", overwrite=True).rows == 5


@pytest.mark.parametrize("name", ["prediction", "probability_ja", "model", "version"])
def test_a_column_that_the_answer_would_hide_is_refused(tmp_path, name):
    data = save(table(5).assign(**{name: 1}), tmp_path / "in.csv")
    refused(data, tmp_path / "out.csv", f"the table already has a column '{name}'")
    assert predict(data, tmp_path / "out.csv", keep="city").rows == 5


def test_a_header_without_rows_is_refused(tmp_path):
    (tmp_path / "in.csv").write_text("größe,city,count,colour\n", "utf-8")
    refused(tmp_path / "in.csv", tmp_path / "out.csv", "has a header but no rows")


def test_an_unknown_output_format_is_refused(tmp_path):
    with pytest.raises(BadInput, match=r"the output 'out.xlsx' must end in \.csv, \.tsv, \.parquet"):
        check_output(tmp_path / "out.xlsx", overwrite=False)


def test_a_missing_folder_for_the_output_is_refused(tmp_path):
    with pytest.raises(BadInput, match="there is no folder"):
        check_output(tmp_path / "no" / "out.csv", overwrite=False)


def test_a_folder_as_output_is_refused(tmp_path):
    (tmp_path / "out.csv").mkdir()
    with pytest.raises(BadInput, match="is a folder; name a file"):
        check_output(tmp_path / "out.csv", overwrite=True)


def test_a_broken_json_line_is_refused_with_its_number(tmp_path):
    (tmp_path / "in.jsonl").write_text('{"count": 1, "colour": "red"}\n{"count": \n', "utf-8")
    refused(tmp_path / "in.jsonl", tmp_path / "out.csv", "one JSON object a line; line 2 is")


def test_wide_tables_have_fewer_rows_at_once():
    assert [rows_at_once(columns) for columns in (1, 20, 1000, 100_000)] == [65_536, 50_000, 1000, 100]


def test_no_more_batches_are_held_than_there_are_workers_and_two(tmp_path):
    held, most, lock = 0, 0, threading.Lock()

    class Slow(PlanScorer):
        def score(self, cells):
            nonlocal held, most
            with lock:
                held += 1
                most = max(most, held)
            try:
                return super().score(cells)
            finally:
                with lock:
                    held -= 1

    served = Version("demo", "3", Slow(plan()), "scoring plan", {})
    predict(save(table(300), tmp_path / "in.csv"), tmp_path / "out.csv", version=served)
    assert 1 <= most <= served.scorer.threads


def test_files_of_a_folder_are_predicted_in_the_order_of_their_names(tmp_path):
    folder = tmp_path / "days"
    folder.mkdir()
    for name, start in (("b.csv", 20), ("a.csv", 0), ("c.csv", 40)):
        save(table(60).iloc[start : start + 20].assign(n=range(start, start + 20)), folder / name)
    assert predict(folder, tmp_path / "out.csv").rows == 60
    assert load(tmp_path / "out.csv")["n"].tolist() == list(range(60))


def test_files_without_the_models_columns_are_left_out_and_told(tmp_path):
    folder, said = tmp_path / "days", []
    folder.mkdir()
    save(table(20), folder / "rows.csv")
    save(pd.DataFrame({"x": [1.5, 2.5]}), folder / "other.csv")
    assert predict(folder, tmp_path / "out.csv", said=said).rows == 20
    assert any("left out other: it lacks 'count', 'colour'" in line for line in said)


def test_a_compressed_file_is_read(tmp_path):
    table(20).to_csv(tmp_path / "in.csv.gz", index=False)
    assert predict(tmp_path / "in.csv.gz", tmp_path / "out.csv").rows == 20


def test_a_database_table_is_read(tmp_path):
    with sqlite3.connect(tmp_path / "shop.db") as connection:
        table(20).to_sql("orders", connection, index=False)
    connection.close()
    assert predict(f"sqlite:///{tmp_path}/shop.db#orders", tmp_path / "out.csv").rows == 20


def test_a_database_without_a_table_is_refused(tmp_path):
    refused(
        f"sqlite:///{tmp_path}/shop.db", tmp_path / "out.csv", "say which table of the database, behind a #"
    )


def test_styled_numbers_and_renamed_columns_are_read_as_in_training(tmp_path):
    styled = known(column("count", Conversion("number", "styled"), original="The Count"))
    (tmp_path / "styled.csv").write_text('größe,city,The Count,colour\n1,Oslo,"$1,325.0",red\n', "utf-8")
    (tmp_path / "plain.csv").write_text("größe,city,count,colour\n1,Oslo,1325,red\n", "utf-8")
    for name in ("styled", "plain"):
        predict(tmp_path / f"{name}.csv", tmp_path / f"{name}.out.csv", how=styled, keep="none")
    as_styled, as_plain = ((tmp_path / f"{name}.out.csv").read_bytes() for name in ("styled", "plain"))
    assert as_styled == as_plain


def test_tables_that_training_joined_are_joined_again(tmp_path):
    whole = table(120).assign(order_id=[f"o{n}" for n in range(120)], city_id=[n % 40 for n in range(120)])
    cities = pd.DataFrame({"city_id": range(40), "city": [CITIES[n % 6] for n in range(40)]})
    whole["city"] = whole["city_id"].map(cities.set_index("city_id")["city"])
    (tmp_path / "shop").mkdir()
    save(whole.drop(columns="city"), tmp_path / "shop" / "orders.csv")
    save(cities, tmp_path / "shop" / "cities.csv")
    ingest(tmp_path / "shop", tmp_path / "clean", tables=Tables(main="orders"), say=str)
    joined = known_of(tmp_path / "clean" / "schema.json")
    predict(tmp_path / "shop", tmp_path / "out.csv", how=joined)
    found = load(tmp_path / "out.csv")
    assert found["order_id"].tolist() == whole["order_id"].tolist()
    rows = rows_of(whole[["größe", "city", "count", "colour"]])
    assert found["prediction"].tolist() == plan().score(rows).predictions


def test_an_optional_column_that_is_absent_is_told(tmp_path):
    said = []
    predict(save(table(5).drop(columns="city"), tmp_path / "in.csv"), tmp_path / "out.csv", said=said)
    assert "no column 'city': such cells count as missing" in said
