"""Bad input ends a training with one sentence, code 2 and a run that says why; or it goes on and says so."""

import os
import shutil
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from mlflow import MlflowClient

from tests.conftest import pick_free_port, run_mlflow_server
from tests.service.training_fixtures import run_step

ROWS = 60
GOOD = pd.DataFrame({"x": np.arange(ROWS) % 7, "z": np.arange(ROWS) % 5, "y": ["a", "b", "c"] * (ROWS // 3)})
QUICK = ("--tune-seconds", "0", "--candidates", "decision_tree", "--folds", "2")
NASTY = "<script>alert('x')</script> \"größe\" 🔑\nnext"
CLEAN_NASTY = NASTY.replace("\n", " ")
FUNCTIONS = """
import os, signal

def broken(frame):
    raise RuntimeError("the shop is closed")

def stops_the_server(frame):
    os.killpg(int(os.environ["MLFLOW_SERVER_PID"]), signal.SIGKILL)
    return frame
"""


@pytest.fixture(autouse=True)
def server(mlflow_server, tmp_path, monkeypatch):
    monkeypatch.setenv("MLFLOW_TRACKING_URI", mlflow_server.uri)
    monkeypatch.setenv("PENSTOCK_VAR_DIR", str(tmp_path / "var"))
    monkeypatch.delenv("MLFLOW_RUN_ID", raising=False)
    return mlflow_server


@pytest.fixture
def functions(tmp_path, monkeypatch):
    """A module of a person's own feature functions."""
    (tmp_path / "shop_functions.py").write_text(FUNCTIONS)
    monkeypatch.syspath_prepend(str(tmp_path))


def refusal(*words):
    """Run a training that is to fail; return its one sentence."""
    code, _, err = run_step("main", *words)
    (line,) = err.splitlines()
    assert code == 2, line
    return line.removeprefix("penstock: ")


def write(folder, frame, name="t.csv"):
    frame.to_csv(folder / name, index=False)
    return str(folder / name)


def failure_of(server):
    """Return why the latest run failed."""
    (run,) = MlflowClient(server.uri).search_runs(["0"], max_results=1)
    assert run.info.status == "FAILED"
    return run.data.tags["penstock.error"]


AMOUNTS = [1.5, 2.5] * (ROWS // 2)
CASES = {
    "a target that is not there": (
        GOOD,
        ["--target", "yy"],
        "has no column 'yy', the target; did you mean 'y'?",
    ),
    "a target of one class": (GOOD.assign(y="a"), [], "target 'y' has one class only ('a')"),
    "rows that are all copies of one": (
        pd.concat([GOOD.head(1)] * ROWS),
        [],
        "target 'y' has one class only ('a'); a model needs at least two",
    ),
    "a target that is always missing": (GOOD.assign(y=None), [], "target 'y' is missing in every row"),
    "a class of one row": (
        GOOD.assign(y=["rare"] + ["a", "b"] * 29 + ["a"]),
        [],
        "class 'rare' of target 'y' has 1 row: too few to learn from and to hold out",
    ),
    "text in a target of numbers": (
        GOOD.assign(y=["many", *(f"{n}.5" for n in range(ROWS - 2)), "few"]),
        ["--task", "regression"],
        "target 'y' must hold numbers for a regression; it has 'many'",
    ),
    "columns of nulls and constants only": (
        GOOD.assign(x=None, z=1),
        [],
        "no column is left to learn from: column 'x' is left out: it holds only nulls; column 'z'",
    ),
    "a reserved name": (
        GOOD.rename(columns={"x": "prediction"}),
        [],
        "a column may not be called 'prediction'",
    ),
    "a gate of another task": (GOOD, ["--gate", "rmse < 3"], "rmse has no meaning for multiclass"),
    "too few rows": (GOOD.head(9), [], "9 rows with a target are too few; 20 are needed at least"),
    "a sample of ten rows": (
        GOOD,
        ["--sample-size", "10"],
        "a sample of 10 rows is too small to learn from; set sampling.sample_size to 20 at least, or full",
    ),
    "one group alone": (
        GOOD.assign(who="ada"),
        ["--set", "split.group_column=who"],
        "group_column 'who' holds one group alone ('ada'); rows can be split by it from two groups on",
    ),
    "a group column that is not there": (
        GOOD.assign(who=GOOD["x"]),
        ["--set", "split.group_column=whom"],
        "group_column 'whom' is not in the table; did you mean 'who'?",
    ),
    "a time column that holds no dates": (
        GOOD.assign(day=[f"day {n % 9}" for n in range(ROWS)]),
        ["--set", "split.strategy=time; split.time_column=day"],
        "time_column 'day' must hold dates such as 2024-05-31 or numbers that rise with time; row 0 has",
    ),
    "a split by time without a column": (
        GOOD,
        ["--set", "split.strategy=time"],
        "a split by time needs split.time_column; name the column that says when",
    ),
    "a column to drop that is not there": (
        GOOD,
        ["--set", "features.drop=[zz]"],
        "there is no column 'zz' to leave out; did you mean 'z'?",
    ),
    "a name that the registry refuses": (
        GOOD,
        ["--name", "a/b"],
        "'a/b' is no name for a registered model",
    ),
    "a gate that nothing can meet": (
        GOOD,
        ["--gate", "AUC > 2"],
        "the gate's clause 'roc_auc > 2' can never be met: roc_auc is never above 1; for 2 percent write",
    ),
    "a gate that contradicts itself": (
        GOOD,
        ["--gate", "AUC > 0.5 and AUC < 0.4"],
        "the gate asks for 'roc_auc > 0.5' and 'roc_auc < 0.4': no roc_auc can be both",
    ),
    "an unknown metric in the gate": (
        GOOD,
        ["--gate", "auk > 3"],
        "there is no metric 'auk'; did you mean 'roc_auc'?",
    ),
    "an unknown candidate": (
        GOOD,
        ["--candidates", "forest"],
        "there is no candidate 'forest'; did you mean 'random_forest'?",
    ),
    "seconds that are no number": (GOOD, ["--tune-seconds", "long"], "tune_seconds must be a number"),
}
NOT_BEGUN = {
    "a name that the registry refuses", "a gate that nothing can meet", "a gate that contradicts itself",
    "an unknown metric in the gate", "an unknown candidate", "seconds that are no number",
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_it_is_one_sentence_and_the_run_says_it(case, tmp_path, server):
    frame, words, wanted = CASES[case]
    said = refusal("--data", write(tmp_path, frame), "--target", "y", *QUICK, *words)
    assert wanted in said
    if case not in NOT_BEGUN:
        assert failure_of(server) == said


def _nothing_readable(folder):
    (folder / "a.bin").write_bytes(b"\0\1" * 100)
    (folder / "notes.docx").write_bytes(b"PK\3\4 no table")
    return folder


def _broken_zip(folder):
    write(folder, GOOD, "whole.csv")
    shutil.make_archive(str(folder / "t"), "zip", folder, "whole.csv")
    (folder / "cut.zip").write_bytes((folder / "t.zip").read_bytes()[:-40])
    return folder / "cut.zip"


def _empty(folder):
    (folder / "t.csv").touch()
    return folder / "t.csv"


def _header_only(folder):
    return write(folder, GOOD.head(0))


def _nowhere(folder):
    return folder / "no.csv"


PLACES = {
    _nothing_readable: "holds no table (a.bin: '.bin' is no format of tables; notes.docx: '.docx' is no",
    _broken_zip: "cut.zip' is a broken zip file",
    _empty: "is empty; a table needs a header and rows",
    _header_only: "has a header but no rows",
    _nowhere: "there is no file",
}


@pytest.mark.parametrize("place", PLACES, ids=lambda place: place.__name__.strip("_"))
def test_a_place_without_a_table_is_one_sentence(place, tmp_path, server):
    said = refusal("--data", str(place(tmp_path)), "--target", "y")
    assert PLACES[place] in said
    assert failure_of(server) == said


def test_a_typo_in_a_spec_is_named_with_its_line(tmp_path):
    (tmp_path / "spec.yaml").write_text("data_source: t.csv\ntarget: y\ntunning:\n  seconds: 1\n")
    said = refusal("--spec", str(tmp_path / "spec.yaml"))
    assert said == "spec.yaml line 3: there is no key tunning: did you mean 'tuning'?"


def test_what_was_never_begun_is_said_on_the_run_that_mlflow_made(server, monkeypatch):
    client = MlflowClient(server.uri)
    run_id = client.create_run("0").info.run_id
    monkeypatch.setenv("MLFLOW_RUN_ID", run_id)
    said = refusal("--candidates", "forest")
    assert client.get_run(run_id).data.tags["penstock.error"] == said


def test_a_function_that_raises_is_named_with_its_error(tmp_path, functions):
    words = ["--set", "features.custom=[shop_functions.broken]"]
    said = refusal("--data", write(tmp_path, GOOD), "--target", "y", *QUICK, *words)
    assert "shop_functions.broken" in said
    assert "the shop is closed" in said


def test_a_function_that_is_not_there_is_named(tmp_path, functions):
    words = ["--set", "features.custom=[shop_functions.brokn]"]
    said = refusal("--data", write(tmp_path, GOOD), "--target", "y", *QUICK, *words)
    assert "shop_functions.brokn" in said or "brokn" in said


def test_a_var_folder_that_cannot_be_written_is_named(tmp_path, monkeypatch, server):
    (tmp_path / "file").touch()
    monkeypatch.setenv("PENSTOCK_VAR_DIR", str(tmp_path / "file" / "var"))
    said = refusal("--data", write(tmp_path, GOOD), "--target", "y")
    assert said.startswith(
        f"the var folder '{tmp_path}/file/var' cannot be written (Not a directory); make it"
    )
    assert failure_of(server) == said


def test_an_output_that_cannot_be_written_is_named_and_the_run_has_the_files(tmp_path, server):
    (tmp_path / "file").touch()
    data = write(tmp_path, GOOD)
    code, _, err = run_step("ingest", "--data", data, "--output", str(tmp_path / "file" / "clean"))
    assert code == 2
    assert f"the folder '{tmp_path}/file/clean' cannot be written (Not a directory); the files are in" in err


def test_a_setting_that_there_is_not_is_refused(tmp_path, monkeypatch):
    monkeypatch.setenv("PENSTOCK_TRAKING_URI", "http://x")
    assert "did you mean 'tracking_uri'?" in refusal("--data", write(tmp_path, GOOD), "--target", "y")


def test_a_server_that_is_away_is_one_sentence_within_seconds(tmp_path, monkeypatch, free_port):
    uri = f"http://127.0.0.1:{free_port()}"
    monkeypatch.setenv("MLFLOW_TRACKING_URI", uri)
    started = time.monotonic()
    said = refusal("--data", write(tmp_path, GOOD), "--target", "y")
    assert f"MLflow at {uri} does not answer; start it with `make run`" in said
    assert time.monotonic() - started < 60


def test_a_server_that_goes_away_in_the_middle_ends_it_soon(tmp_path, monkeypatch, functions):
    root = tmp_path / "mlflow"
    root.mkdir()
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    starting = run_mlflow_server(root, pick_free_port())
    with starting as own:
        monkeypatch.setenv("MLFLOW_TRACKING_URI", own.uri)
        monkeypatch.setenv("MLFLOW_SERVER_PID", str(os.getpgid(starting.process.pid)))
        words = [
            "--set",
            "features.custom=[shop_functions.stops_the_server]",
            "--candidates",
            "naive_bayes,knn",
        ]
        code, out, err = run_step("main", "--data", write(tmp_path, GOOD), "--target", "y", *QUICK, *words)
    assert code == 1
    assert err.splitlines()[-1].startswith(f"penstock: MLflow at {own.uri} stopped answering")
    assert err.endswith("run this again when it does\n")
    assert "MLflow did not take 2 entries of the search: its nested runs have gaps" in out


class TestGoesOn:
    """One training on a second's budget over files that disagree, lie and hold what nobody would wish."""

    @pytest.fixture(scope="class")
    def said(self, mlflow_server, tmp_path_factory):
        folder = tmp_path_factory.mktemp("messy")
        rng = np.random.default_rng(8)
        rows = 120
        size = rng.normal(10, 4, rows)
        days = pd.date_range("2024-01-01", periods=rows)
        forms = ["%Y-%m-%d", "%d.%m.%Y", "%b %d, %Y", "%Y/%m/%d"]
        frame = pd.DataFrame(
            {
                NASTY: size,
                "town": rng.choice(["Köln", "Oslo", "Málaga"], rows),
                "day": [day.strftime(forms[at % 4]) for at, day in enumerate(days)],
                "nothing": None,
                "same": "x",
                "ключ": [f"id {n}" for n in range(rows)],
                "price": np.where(rng.random(rows) < 0.05, np.nan, 3 * size + rng.normal(size=rows)),
            }
        )
        frame["total"] = frame["price"]
        frame.head(70).to_csv(folder / "a.csv", index=False)
        (folder / "b.csv").write_bytes(
            frame.tail(50).assign(more=1.5).to_csv(index=False).encode("utf-8").replace("ö".encode(), b"\xf6")
        )
        frame.head(30).drop(columns=["price", "total"]).to_csv(folder / "c.csv", index=False)
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("MLFLOW_TRACKING_URI", mlflow_server.uri)
            patch.setenv("PENSTOCK_VAR_DIR", str(folder.parent / "messy var"))
            patch.delenv("MLFLOW_RUN_ID", raising=False)
            words = ["--data", str(folder), "--target", "price", "--name", "messy", "--tune-seconds", "1"]
            code, out, err = run_step("main", *words)
        assert code == 0, err
        return out

    @pytest.mark.parametrize(
        "line",
        [
            "left out c.csv: it has no column 'price', the target",
            "a.csv has no 'more'; its rows have gaps there",
            "some bytes are not UTF-8 like the rest; they are read as",
            "column 'nothing' is left out: it holds only nulls",
            "column 'same' is left out: it is constant",
            "column 'ключ' is left out: its",
            "rows are left out: the target is missing",
            "LEAK certain, column 'total': it equals the target (left out)",
            "day ",
            f"columns renamed: {NASTY!r} is {CLEAN_NASTY!r}",
        ],
    )
    def test_it_says_what_it_made_of_it(self, said, line):
        assert line in said

    def test_dates_in_four_formats_are_dates(self, said):
        (line,) = (line for line in said.splitlines() if line.strip().startswith("day "))
        assert "date (" in line
        assert all(form in line for form in ("%Y-%m-%d", "%d.%m.%Y", "%b %d, %Y", "%Y/%m/%d"))

    def test_a_model_comes_out_within_a_second_s_budget(self, said, mlflow_server):
        version = MlflowClient(mlflow_server.uri).get_model_version("messy", "1")
        assert version.current_stage == "Staging"
        assert version.tags["penstock.plan"] == "yes"

    def test_a_nasty_name_is_shown_and_not_run(self, said, mlflow_server):
        from mlflow.artifacts import download_artifacts

        client = MlflowClient(mlflow_server.uri)
        run_id = client.get_model_version("messy", "1").run_id
        local = download_artifacts(run_id=run_id, artifact_path="data/quality.html")
        page = Path(local).read_text(encoding="utf-8")
        assert "<script>alert" not in page
        assert "&lt;script&gt;alert" in page


def test_a_table_of_more_columns_than_rows_is_learned_from(tmp_path):
    rng = np.random.default_rng(3)
    wide = pd.DataFrame(rng.normal(size=(40, 200)), columns=[f"c{n}" for n in range(200)])
    data = write(tmp_path, wide.assign(y=["a", "b"] * 20))
    code, out, _ = run_step("main", "--data", data, "--target", "y", "--name", "wide", *QUICK)
    assert code == 0
    assert "200 of 200 columns to learn from" in out
