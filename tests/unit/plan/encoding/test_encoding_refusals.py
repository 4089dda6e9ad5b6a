"""What cannot be encoded, written or read is refused with the reason."""

import copy
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn.compose import ColumnTransformer
from sklearn.impute import SimpleImputer
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import FunctionTransformer, MinMaxScaler, OneHotEncoder, StandardScaler

from projects.transformers.apply_function import ApplyFunction
from projects.transformers.date_parts import DateParts
from serving.plan.encoding.load import load_encoder
from serving.plan.encoding.write import write_encoder
from serving.plan.model import Column, PlanInputError, PlanUnsupported
from tests.unit.plan.encoding.encoding_fixtures import COLUMNS, prepared

REPO = Path(__file__).parents[4]
FRAME = pd.DataFrame({"a": [1.0, 2.0, np.nan], "b": pd.Series(["x", None, "y"], dtype=object)})
PAIR = (Column("a", "double", required=False), Column("b", "string", required=False))
ROW = (1.0, "Oslo", 2.0, "Clerk", "note", "2020-01-01", "2020-02-01")


def refused(steps, match, names=("a",)):
    columns = ColumnTransformer([("part", Pipeline(steps), list(names))]).fit(FRAME)
    with pytest.raises(PlanUnsupported, match=match):
        write_encoder([columns], PAIR)


@pytest.mark.parametrize(
    ("place", "cell", "sentence"),
    [
        (0, "abc", "column 'size' must be a number; row 0 has 'abc'"),
        (0, [1], r"column 'size' must be a number; row 0 has \[1\]"),
        (2, float("inf"), "column 'count' must be a finite number; row 0 has inf"),
        (2, 10**400, "column 'count' must be a number; row 0 has 1000"),
        (1, ["Oslo"], r"column 'city' must be text; row 0 has \['Oslo'\]"),
        (3, {}, r"column 'title' must be text; row 0 has \{\}"),
    ],
)
@pytest.mark.parametrize("rows", [1, 5, 60])
def test_a_cell_that_its_column_cannot_take_is_named(place, cell, sentence, rows):
    bad = tuple(cell if at == place else each for at, each in enumerate(ROW))
    with pytest.raises(PlanInputError, match=sentence):
        prepared("defaults", "linear", "binary").encoder.encode([bad, *[ROW] * (rows - 1)])


def test_the_row_of_a_bad_cell_is_named_among_many():
    with pytest.raises(PlanInputError, match="column 'count' must be a finite number; row 77 has -inf"):
        prepared("stored", "trees", "binary").encoder.encode(
            [*[ROW] * 77, (*ROW[:2], float("-inf"), *ROW[3:])]
        )


def test_a_bad_cell_of_columns_is_named():
    columns = [list(column) for column in zip(*[ROW] * 40, strict=True)]
    columns[0][31] = "much"
    with pytest.raises(PlanInputError, match="column 'size' must be a number; row 31 has 'much'"):
        prepared("defaults", "trees", "binary").encoder.encode_columns(columns)


@pytest.mark.parametrize("rows", [1, 4, 40])
def test_a_row_of_another_length_is_refused(rows):
    with pytest.raises(PlanInputError, match=rf"row {rows - 1} must have 7 values, not 6"):
        prepared("defaults", "linear", "binary").encoder.encode([*[ROW] * (rows - 1), ROW[:6]])


def test_no_rows_are_refused():
    encoder = prepared("defaults", "linear", "binary").encoder
    with pytest.raises(PlanInputError, match="at least one row is needed"):
        encoder.encode([])
    with pytest.raises(PlanInputError, match="at least one row is needed"):
        encoder.encode_columns([[]] * 7)


def test_columns_too_few_or_of_other_lengths_are_refused():
    encoder = prepared("defaults", "linear", "binary").encoder
    with pytest.raises(PlanInputError, match="7 columns are needed, not 2"):
        encoder.encode_columns([[1.0], ["x"]])
    with pytest.raises(PlanInputError, match=r"all columns must be as long; there are \[1, 2\]"):
        encoder.encode_columns([[1.0], *[["x", "y"]] * 6])


def test_numbers_as_texts_and_truths_are_read_as_numbers():
    encoder = prepared("defaults", "linear", "binary").encoder
    plain, spelt = (1.0, *ROW[1:]), ("1.0", *ROW[1:])
    for rows in (1, 40):
        assert encoder.encode([spelt] * rows).tolist() == encoder.encode([plain] * rows).tolist()
        assert encoder.encode([(True, *ROW[1:])] * rows).tolist() == encoder.encode([plain] * rows).tolist()


def test_a_custom_function_is_code():
    step = ApplyFunction("copy.copy").fit(FRAME)
    columns = ColumnTransformer([("part", SimpleImputer(), ["a"])]).fit(FRAME)
    with pytest.raises(PlanUnsupported, match=r"the feature function 'copy\.copy' is code"):
        write_encoder([step, columns], PAIR)


def test_what_is_no_column_transformer_is_refused():
    with pytest.raises(PlanUnsupported, match="only a pipeline of a ColumnTransformer and an estimator"):
        write_encoder([StandardScaler()], PAIR)


def test_an_unknown_step_is_named():
    refused(
        [("fill", SimpleImputer()), ("own", FunctionTransformer())], r"\(SimpleImputer, FunctionTransformer\)"
    )


def test_numbers_with_gaps_are_refused():
    refused([("parts", DateParts())], "it must be filled or encoded", names=("b",))


def test_gaps_that_are_a_number_are_refused():
    filled = FRAME.fillna({"a": 0.0})
    columns = ColumnTransformer([("part", SimpleImputer(missing_values=-1), ["a"])]).fit(filled)
    with pytest.raises(PlanUnsupported, match="must fill gaps, not cells of -1"):
        write_encoder([columns], PAIR)


def test_a_scaler_that_clips_is_refused():
    refused([("fill", SimpleImputer()), ("scale", MinMaxScaler(clip=True))], "a MinMaxScaler that clips")


def test_a_second_scaler_is_refused():
    refused(
        [("fill", SimpleImputer()), ("one", MinMaxScaler()), ("two", StandardScaler())],
        "cannot be scaled here",
    )


def test_unfilled_texts_are_refused():
    encode = OneHotEncoder(handle_unknown="ignore", sparse_output=False)
    made = ColumnTransformer([("part", encode, ["b"])]).fit(FRAME.dropna())
    with pytest.raises(PlanUnsupported, match="gaps must be filled before texts are one-hot"):
        write_encoder([made], PAIR)


def test_a_remainder_that_passes_is_refused():
    made = ColumnTransformer([("part", SimpleImputer(), ["a"])], remainder="passthrough").fit(FRAME)
    with pytest.raises(PlanUnsupported, match="remainder"):
        write_encoder([made], PAIR)


def changed(path, value):
    document = copy.deepcopy(prepared("stored", "linear", "binary").document)
    place = document
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] = value
    return document


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("width",), 3), (("width",), "46"), (("width",), True), (("numbers", 0, "sources", 0), 99),
        (("numbers", 0, "sources", 0), -1), (("numbers", 0, "fills", 0), float("nan")),
        (("numbers", 0, "scaling"), "up"), (("numbers", 0, "start"), 10**6), (("numbers", 0, "a"), []),
        (("one_hot", 0, "missing"), 10**6), (("one_hot", 0, "positions"), {"x": -1}),
        (("tables", 0, "rows"), []), (("tables", 0, "unseen"), 99999), (("ngrams", 0, "matrix"), "AAAA"),
        (("ngrams", 0, "idf"), "not base64"), (("ngrams", 0, "analyzer"), "code"),
        (("ngrams", 0, "sizes"), [3, 1]),
        (("derived", 0, "kind"), "exec"), (("derived", 0, "indices"), [10**6]), (("derived",), None),
    ],
)  # fmt: skip
def test_a_document_that_is_not_whole_is_refused(path, value):
    with pytest.raises((KeyError, TypeError, ValueError)):
        load_encoder(changed(path, value), COLUMNS)


def test_encoding_needs_neither_scikit_learn_nor_pandas(tmp_path):
    document = prepared("stored", "linear", "binary").document
    wanted = prepared("stored", "linear", "binary").encoder.encode([ROW]).tolist()
    (tmp_path / "encoder.json").write_text(json.dumps(document))
    code = f"""
import json, sys
for name in ("sklearn", "pandas", "scipy", "projects"):
    sys.modules[name] = None
from serving.plan.encoding.load import load_encoder
from serving.plan.model import Column
columns = [Column(f"c{{n}}", "double" if n in (0, 2) else "string", required=False) for n in range(7)]
encoder = load_encoder(json.load(open({str(tmp_path / "encoder.json")!r})), columns)
print(encoder.encode([{ROW!r}]).tolist() == {wanted!r})
"""
    done = subprocess.run([sys.executable, "-c", code], cwd=REPO, capture_output=True, text=True, check=False)
    assert done.stdout.strip() == "True", done.stderr
