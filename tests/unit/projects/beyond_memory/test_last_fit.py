"""The last fit over all rows: what it learns from, what it gives, and how it goes on."""

import errno
import subprocess
from dataclasses import replace

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from projects.beyond_memory import chunks
from projects.beyond_memory.choice import fit_on_all, with_streaming_candidates
from projects.beyond_memory.place import FOLDER
from projects.beyond_memory.spool import Spool, needed_bytes
from projects.beyond_memory.streaming import STREAMING, kind_of, model_of
from projects.errors import BadInput
from tests.unit.projects.beyond_memory.streamed_fixtures import (
    ROWS,
    all_rows,
    fitted,
    last_fit,
    shop,
    streamed,
)
from tests.unit.projects.compute_parts.small_disk import small_disk


@pytest.fixture(autouse=True)
def _short_chunks(monkeypatch):
    monkeypatch.setattr(chunks, "CHUNK_ROWS", 700)


def left(folder):
    return list((folder / FOLDER).iterdir())


@pytest.mark.parametrize("target", ["amount", "bought", "level"])
def test_every_row_is_learned_from_but_those_held_out(tmp_path, target):
    table, problem = streamed(tmp_path, target)
    X, _, codes = all_rows(table, problem)
    held = set(problem.features.frame["key"].iloc[problem.divided.test])
    assert set(X["key"]) == set(shop()["key"]) - held
    values = shop().set_index("key")[target].loc[X["key"]]
    wanted = values if target == "amount" else np.searchsorted(sorted(set(values)), values)
    np.testing.assert_allclose(codes, wanted)


def test_rows_not_older_than_those_held_out_stay_out(tmp_path):
    split = "sampling.memory=1MB; split.strategy=time; split.time_column=day"
    table, problem = streamed(tmp_path, "amount", set=split)
    X, _, _ = all_rows(table, problem)
    held = problem.features.frame["day"].iloc[problem.divided.test]
    assert X["day"].max() < held.min()


@pytest.mark.parametrize("name", ["lightgbm", "xgboost", "logistic", "naive_bayes"])
def test_the_model_is_as_good_as_in_memory(tmp_path, name):
    table, problem = streamed(tmp_path, "bought")
    mine, rows = last_fit(table, problem, fitted(problem, name), tmp_path).run()
    X, labels, _ = all_rows(table, problem)
    whole = fitted(problem, name, X, labels)
    assert rows == len(X)
    assert mine.classes_.tolist() == ["no", "yes"]
    at = problem.divided.test
    held, truth = problem.features.frame.iloc[at], problem.target.truth[at]
    scores = [roc_auc_score(truth == "yes", model.predict_proba(held)[:, 1]) for model in (mine, whole)]
    assert scores[0] == pytest.approx(scores[1], abs=0.01)
    assert set(mine.predict(held)) == {"no", "yes"}


def test_a_logistic_winner_learns_of_a_gap_that_the_sample_lacks(tmp_path):
    (tmp_path / "first").mkdir()
    _, sampled = streamed(tmp_path / "first", "bought")
    frame = shop()
    frame.loc[frame.index[~frame["key"].isin(sampled.features.frame["key"])][0], "size"] = np.nan
    table, problem = streamed(tmp_path, "bought", frame)
    assert problem.features.frame["size"].notna().all()
    pipeline = fitted(problem, "logistic")
    mine, _ = last_fit(table, problem, pipeline, tmp_path).run()
    assert mine[-1].coef_.shape[1] == pipeline[-1].coef_.shape[1] + 1
    at = problem.divided.test
    probability = mine.predict_proba(problem.features.frame.iloc[at])[:, 1]
    assert roc_auc_score(problem.target.truth[at] == "yes", probability) > 0.8


def test_nothing_is_left_behind(tmp_path):
    table, problem = streamed(tmp_path, "bought")
    last_fit(table, problem, fitted(problem, "lightgbm"), tmp_path).run()
    assert left(tmp_path) == []


def test_a_matrix_that_was_cut_off_is_gone_on_with(tmp_path, monkeypatch):
    table, problem = streamed(tmp_path, "bought")
    pipeline, said, append, count = fitted(problem, "lightgbm"), [], Spool.append, [0]

    def killing(spool, *given):
        append(spool, *given)
        count[0] += 1
        if count[0] == 3:
            (spool.folder / "cells.bin").open("ab").write(b"torn")
            raise KeyboardInterrupt

    monkeypatch.setattr(Spool, "append", killing)
    with pytest.raises(KeyboardInterrupt):
        last_fit(table, problem, pipeline, tmp_path).run()
    monkeypatch.setattr(Spool, "append", append)
    mine, _ = last_fit(table, problem, pipeline, tmp_path, said.append).run()
    assert "goes on with the matrix after 2,100 of 5,000 rows" in said
    whole, _ = last_fit(table, problem, pipeline, tmp_path).run()
    held = problem.features.frame.iloc[problem.divided.test]
    np.testing.assert_array_equal(mine.predict_proba(held), whole.predict_proba(held))


def test_codes_of_classes_are_not_gone_on_with_as_numbers(tmp_path):
    table, problem = streamed(tmp_path, "level")
    pipeline = fitted(problem, "lightgbm")
    numbers = replace(problem, target=replace(problem.target, task="regression", classes=None))
    one, other = (last_fit(table, each, pipeline, tmp_path) for each in (problem, numbers))
    assert one._digest("float64") != other._digest("float64")


def test_a_disk_that_is_too_small_is_told_before_it_begins(tmp_path, monkeypatch):
    table, problem = streamed(tmp_path, "bought")
    monkeypatch.setattr("projects.beyond_memory.failures.SPARE_BYTES", 10**18)
    with pytest.raises(BadInput, match=r"a matrix of 5,000 rows needs \d MB on the disk of .* to spare"):
        last_fit(table, problem, fitted(problem, "lightgbm"), tmp_path).run()


def test_a_disk_that_fills_up_is_a_sentence_and_the_next_training_goes_on(tmp_path, monkeypatch):
    monkeypatch.setattr("projects.beyond_memory.failures.SPARE_BYTES", -(10**9))
    table, problem = streamed(tmp_path, "bought")
    pipeline, var, said = fitted(problem, "lightgbm"), tmp_path / "var", []
    var.mkdir()
    width = last_fit(table, problem, pipeline, tmp_path).prepared(var).width
    half = needed_bytes(ROWS, width, kind_of(model_of(pipeline))) // 2
    with small_disk(var, f"{((var / 'statistics.pickle').stat().st_size + half) // 1024}k"):
        with pytest.raises(BadInput, match=r"^the disk of '.*' is full; free some and train again: it goes"):
            last_fit(table, problem, pipeline, var).run()
        subprocess.run(["mount", "-o", "remount,size=20m", str(var)], check=True)
        mine, _ = last_fit(table, problem, pipeline, var, said.append).run()
        assert left(var) == []
    assert any(sentence.startswith("goes on with the matrix after ") for sentence in said)
    whole, _ = last_fit(table, problem, pipeline, tmp_path).run()
    held = problem.features.frame.iloc[problem.divided.test]
    np.testing.assert_array_equal(mine.predict_proba(held), whole.predict_proba(held))


def booster_errors():
    from lightgbm.basic import LightGBMError
    from xgboost.core import XGBoostError

    return [
        (OSError(errno.ENOSPC, "No space left"), r"the disk of '.*' is full; free some and train again: it"),
        (XGBoostError("[00:16:29] /src/io.cc:144: No page\nStack"), r"XGBoost cannot .* \(No page\); see"),
        (LightGBMError("No bins"), r"LightGBM cannot learn from the matrix in '.*' \(No bins\); see whether"),
    ]


@pytest.mark.parametrize(("error", "sentence"), booster_errors())
def test_a_booster_that_gives_up_is_a_sentence_and_keeps_what_was_done(
    tmp_path, monkeypatch, error, sentence
):
    def fall(_model, boosting):
        boosting.remember(b"{}", 10)
        raise error

    table, problem = streamed(tmp_path, "bought")
    monkeypatch.setitem(STREAMING, "LGBMClassifier", fall)
    with pytest.raises(BadInput, match=sentence):
        last_fit(table, problem, fitted(problem, "lightgbm"), tmp_path).run()
    assert list(tmp_path.rglob("rounds.json"))


def test_rows_that_were_cut_off_are_told_of(tmp_path):
    table, problem = streamed(tmp_path, "bought")
    pipeline, path = fitted(problem, "lightgbm"), table.clean.parquet
    path.write_bytes(path.read_bytes()[:-200])
    with pytest.raises(BadInput, match=r"rows\.parquet' must be a readable Parquet file"):
        last_fit(table, problem, pipeline, tmp_path).run()


def test_damaged_pages_are_told_of(tmp_path):
    table, problem = streamed(tmp_path, "bought")
    pipeline, path = fitted(problem, "lightgbm"), table.clean.parquet
    whole = bytearray(path.read_bytes())
    whole[4:5000] = bytes(4996)
    path.write_bytes(whole)
    with pytest.raises(BadInput, match=r"the rows in '.*rows\.parquet' cannot be read to their end \("):
        last_fit(table, problem, pipeline, tmp_path).run()


def test_candidates_that_need_all_rows_in_memory_are_left_out_aloud(tmp_path):
    table, problem = streamed(tmp_path, "bought")
    said = []
    kept = with_streaming_candidates(problem, table, said.append)
    names = [candidate.name for candidate in kept.chosen.candidates]
    assert names == ["lightgbm", "xgboost", "logistic", "naive_bayes"]
    told = "not all rows fit in memory, so those are compared that learn from disk: "
    assert said == [told + ", ".join(names)]


def test_a_named_one_that_cannot_learns_from_the_rows_that_fit(tmp_path):
    table, problem = streamed(tmp_path, "bought", candidates="knn")
    assert with_streaming_candidates(problem, table, lambda _: None).chosen == problem.chosen
    sizes, said = [], []

    class Winner:
        name = "knn"
        pipeline = fitted(problem, "knn")

        @staticmethod
        def fit(X, y):
            sizes.append(len(X))

    fit_on_all(Winner, problem, table, tmp_path, said.append)
    assert 500 < sizes[0] < ROWS
    assert said[0].startswith("knn cannot learn from disk: of 5,000 rows it learns from")
