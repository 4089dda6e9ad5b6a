"""The scripts of an export, run as a person would run them."""

import ast
import json
import subprocess
import sys
from typing import Any

import numpy as np
import pandas as pd
import pytest

from projects.export.export import export_origin
from projects.export.sources import template
from tests.service.training_fixtures import town
from tests.unit.projects.export.export_fixtures import town_features, town_version

ROWS = 240


@pytest.fixture(scope="module")
def out(warm, tmp_path_factory):
    folder = tmp_path_factory.mktemp("scripts") / "out"
    export_origin(town_version(["xgboost"], "multiclass"), folder, places=warm.for_these)
    return folder


@pytest.fixture(scope="module")
def rows(tmp_path_factory):
    path = tmp_path_factory.mktemp("rows") / "town.csv"
    town(ROWS).to_csv(path, index=False, sep=";")
    return str(path)


def run(folder, *words):
    done = subprocess.run(
        [sys.executable, *words], cwd=folder, capture_output=True, text=True, timeout=300, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_chunks_give_what_the_whole_gives(out, rows, tmp_path):
    for size in ("50", "1000"):
        run(out, "predict.py", rows, "--output", str(tmp_path / f"{size}.csv"), "--chunk-rows", size)
    small, large = (pd.read_csv(tmp_path / f"{size}.csv") for size in ("50", "1000"))
    assert len(small) == ROWS
    pd.testing.assert_frame_equal(small, large)
    assert {"prediction", "probability_0", "probability_2"} <= set(small.columns)


def test_scores_are_exact_over_chunks(out, rows):
    first = json.loads(run(out, "evaluate.py", rows, "--chunk-rows", "70"))
    second = json.loads(run(out, "evaluate.py", rows))
    assert first == second
    assert first["rows"] == ROWS
    assert {"accuracy", "f1", "roc_auc", "confusion_matrix"} <= set(first)


TRAIN_TWICE = """
import json, sys, best_model, train
paths = sys.argv[1:2]
rows, truth = train.read_rows(paths, 60)
models = [best_model.fit(rows, truth), train.train_from_disk(paths, 60)]
train.PREPARE_ROWS = 100
models.append(train.train_from_disk(paths, 60))
told = [model.predict_proba(rows[best_model.FEATURES]).tolist() for model in models]
print(json.dumps([*told, truth.tolist()]))
"""


def test_it_is_trained_from_disk_as_in_memory(out, rows):
    """The same model where the preparation learns from all rows; one as good where it learns from some."""
    memory, disk, some, truth = map(np.array, json.loads(run(out, "-c", TRAIN_TWICE, rows)))
    np.testing.assert_array_equal(disk, memory)
    assert (memory.argmax(axis=1) == truth).mean() > 0.85
    assert (some.argmax(axis=1) == truth).mean() > 0.85


@pytest.fixture(scope="module")
def unlabelled(tmp_path_factory):
    path = tmp_path_factory.mktemp("unlabelled") / "town.csv"
    town(20).assign(level=None).to_csv(path, index=False, sep=";")
    return str(path)


@pytest.mark.slow
def test_a_cluster_reads_the_files(out, rows, unlabelled, tmp_path):
    pytest.importorskip("distributed")
    files = (rows, unlabelled, rows)
    said = run(out, "train.py", *files, "--dask", "local", "--output", str(tmp_path / "model"))
    assert "the model is in" in said


def test_no_labelled_row_at_all_is_a_sentence(out, unlabelled):
    read = "import sys, train; train.joined(train.read_file(sys.argv[1]))"
    done = subprocess.run(
        [sys.executable, "-c", read, unlabelled],
        cwd=out, capture_output=True, text=True, timeout=300, check=False,
    )  # fmt: skip
    assert done.stderr == "no row has a known 'level'\n"


def test_a_file_without_the_target_is_a_sentence(out, tmp_path):
    (tmp_path / "bare.csv").write_text("größe,city\n1,Oslo\n", encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "evaluate.py", str(tmp_path / "bare.csv")],
        cwd=out, capture_output=True, text=True, timeout=300, check=False,
    )  # fmt: skip
    assert done.returncode
    assert "the rows lack the column 'level'" in done.stderr


def test_rows_with_gaps_are_left_out_where_the_search_left_them_out(warm, tmp_path):
    asked = {"cleaning": {"missing_strategy": "drop", "columns": {}}}
    origin = town_version(["decision_tree"], "binary", asked=asked)
    made = export_origin(origin, tmp_path / "out", places=warm.for_these)
    assert made.proof.learned_rows == len(town_features().frame.dropna())
    assert made.proof.learned_difference == 0


def test_sample_rows_may_hold_every_kind_of_line_end(tmp_path):
    """The function alone: its module wants a whole export."""
    code = ast.parse(template("test_predictions.py"))
    known: dict[str, Any] = {"HERE": tmp_path, "json": json, "pd": pd}
    exec(next(ast.unparse(one) for one in code.body if getattr(one, "name", "") == "rows"), known)
    text = "a\u2028b\u2029c\x85d\ne"
    line = json.dumps({"city": text}, ensure_ascii=False)
    (tmp_path / "sample_rows.jsonl").write_text(f"{line}\n{line}\n", encoding="utf-8")
    assert known["rows"]()["city"].tolist() == [text, text]
