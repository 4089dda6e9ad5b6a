"""What the command makes of its words before it does anything."""

from pathlib import Path

import pytest

from projects.errors import BadInput
from projects.predict import default_output, main


@pytest.mark.parametrize(
    ("data", "output"),
    [
        ("a/day.csv.gz", "a/day.predictions.csv"),
        ("a/my day.tsv", "a/my_day.predictions.tsv"),
        ("x.json", "x.predictions.csv"),
        ("x.jsonl", "x.predictions.jsonl"),
        ("a/book.xlsx", "a/book.predictions.csv"),
        ("a/days", "a/days.predictions.csv"),
        ("a/*.parquet", "a/rows.predictions.parquet"),
        ("s3://bucket/in/day.parquet", "day.predictions.parquet"),
        ("postgresql://user:word@host/shop#orders", "shop_orders.predictions.csv"),
        ("sklearn:iris", "iris.predictions.csv"),
    ],
)
def test_the_output_is_named_after_the_data(data, output):
    assert default_output(data) == Path(output)


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ([], "name the rows to predict with -P data=FILE"),
        (["--data", "x.csv", "--chunk-rows", "many"], "chunk_rows must be a whole number above 0, or auto"),
        (
            ["--data", "x.csv", "--overwrite", "yess"],
            "overwrite must be yes or no, not 'yess'; did you mean 'yes'",
        ),
        (["--data", "x.csv", "--output", "x.xlsx"], "the output 'x.xlsx' must end in .csv"),
        (["--data", "x.csv", "--output", "no/x.csv"], "there is no folder 'no' for the output"),
    ],
)
def test_wrong_words_are_one_sentence_and_exit_code_two(arguments, sentence, capsys):
    assert main(arguments) == 2
    assert sentence in capsys.readouterr().err


def test_a_schema_that_is_not_whole_is_refused(tmp_path):
    from projects.batch.source import known_of

    (tmp_path / "schema.json").write_text('{"table": "x"}')
    with pytest.raises(BadInput, match="is no folder of clean rows"):
        known_of(tmp_path / "schema.json")
