"""A batch answers every row as the plan does, in every format, whole or not at all."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from projects.batch import default_output, predict_file
from projects.errors import BadInput
from projects.scorer import PlanScorer, Version, rows_of
from tests.unit.plan.plan_fixtures import fitted, table

FORMATS = (".csv", ".tsv", ".parquet", ".jsonl")


def version(kind="texts"):
    return Version("demo", "3", PlanScorer(fitted("lightgbm", kind).plan), "scoring plan")


def save(frame, path):
    if path.suffix == ".parquet":
        frame.to_parquet(path)
    elif path.suffix == ".jsonl":
        frame.to_json(path, orient="records", lines=True)
    else:
        frame.to_csv(path, index=False, sep="\t" if path.suffix == ".tsv" else ",")
    return path


def load(path):
    if path.suffix == ".parquet":
        return pd.read_parquet(path)
    if path.suffix == ".jsonl":
        return pd.read_json(path, lines=True)
    return pd.read_csv(path, sep="\t" if path.suffix == ".tsv" else ",")


def predict(data, output, kind="texts", chunk_rows=7):
    return predict_file(version(kind), data, output, chunk_rows=chunk_rows, say=lambda _line: None)


@pytest.mark.parametrize("source", FORMATS)
@pytest.mark.parametrize("sink", FORMATS)
def test_every_format_gives_the_plans_answers(tmp_path, source, sink):
    data, output = save(table(30), tmp_path / f"in{source}"), tmp_path / f"out{sink}"
    assert predict(data, output) == 30
    scores = fitted("lightgbm", "texts").plan.score(rows_of(table(30)))
    found = load(output)
    assert found["prediction"].tolist() == scores.predictions
    np.testing.assert_allclose(found[["probability_ja", "probability_nein"]], scores.probabilities)
    assert found["model_version"].unique().tolist() == ["demo/3"]


def test_other_columns_stay_as_they_are(tmp_path):
    data = save(table(9).assign(id=["007"] * 9), tmp_path / "in.csv")
    predict(data, tmp_path / "out.csv")
    assert (tmp_path / "out.csv").read_text("utf-8").splitlines()[1].split(",")[4] == "007"


def test_a_regression_answers_numbers_only(tmp_path):
    predict(save(table(9), tmp_path / "in.jsonl"), tmp_path / "out.jsonl", "regression")
    record = json.loads((tmp_path / "out.jsonl").read_text("utf-8").splitlines()[0])
    assert isinstance(record["prediction"], float)
    assert not any(name.startswith("probability") for name in record)


def test_blank_cells_and_truths_are_read_as_in_training(tmp_path):
    (tmp_path / "in.csv").write_text("größe,city,count,colour\n ,Oslo,True,red\n?,Oslo,1,red\n", "utf-8")
    predict(tmp_path / "in.csv", tmp_path / "out.csv")
    found = load(tmp_path / "out.csv")
    assert len(set(found["probability_ja"])) == 1


def test_an_optional_column_may_be_absent(tmp_path):
    data = save(table(5).drop(columns="city"), tmp_path / "in.csv")
    assert predict(data, tmp_path / "out.csv") == 5


def refused(data, output, match):
    with pytest.raises(BadInput, match=match):
        predict(data, output)


def test_a_required_column_that_is_missing_is_named(tmp_path):
    data = save(table(5).drop(columns=["count", "colour"]), tmp_path / "in.csv")
    refused(data, tmp_path / "out.csv", "the table lacks 'count', 'colour'; it has größe, city")


def test_a_text_in_a_number_column_is_refused_with_its_row(tmp_path):
    frame = table(20).astype({"count": object})
    frame.loc[11, "count"] = "many"
    refused(save(frame, tmp_path / "in.csv"), tmp_path / "out.csv",
            "column 'count' must hold finite numbers; row 11 has 'many'")  # fmt: skip


def test_a_refused_batch_leaves_the_old_output_and_no_half_one(tmp_path):
    (tmp_path / "out.csv").write_text("old")
    frame = table(20).astype({"count": object})
    frame.loc[19, "count"] = "inf"
    refused(save(frame, tmp_path / "in.csv"), tmp_path / "out.csv", "row 19 has 'inf'")
    assert (tmp_path / "out.csv").read_text() == "old"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["in.csv", "out.csv"]


def test_a_column_that_the_answer_would_hide_is_refused(tmp_path):
    data = save(table(5).assign(prediction=1), tmp_path / "in.csv")
    refused(data, tmp_path / "out.csv", "the table already has a column 'prediction'")


def test_a_header_without_rows_is_refused(tmp_path):
    (tmp_path / "in.csv").write_text("größe,city,count,colour\n", "utf-8")
    refused(tmp_path / "in.csv", tmp_path / "out.csv", "has a header but no rows")


def test_an_unknown_output_format_is_refused(tmp_path):
    refused(
        save(table(5), tmp_path / "in.csv"), tmp_path / "out.xlsx", r"the output 'out.xlsx' must end in \.csv"
    )


def test_a_missing_folder_for_the_output_is_refused(tmp_path):
    refused(save(table(5), tmp_path / "in.csv"), tmp_path / "no" / "out.csv", "there is no folder")


def test_a_broken_json_line_is_refused_with_its_number(tmp_path):
    (tmp_path / "in.jsonl").write_text('{"count": 1, "colour": "red"}\n{"count": \n', "utf-8")
    refused(tmp_path / "in.jsonl", tmp_path / "out.csv", "one JSON object a line; line 2 is")


@pytest.mark.parametrize(
    ("data", "output"), [("a/day.csv.gz", "a/day.predictions.csv"), ("x.json", "x.predictions.jsonl")]
)
def test_the_output_is_named_after_the_data(data, output):
    assert default_output(Path(data)) == Path(output)
