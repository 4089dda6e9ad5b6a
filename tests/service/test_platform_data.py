"""Data sets through the API on real tables: what is answered is what pandas says of the same file.

Work on rows takes seconds a job, so tests share what few uploads and jobs there are; what needs no job is
asked of a platform that works none off.
"""

import io
import json
import unicodedata
from urllib.parse import quote

import numpy as np
import openpyxl
import pandas as pd
import pytest

from tests.service.platform_fixtures import run_platform

CELLS = ["=1+1", "+x", "-y", "@z", "plain", '"quoted"', *["twice"] * 25]
LATER = {"Prefer": "respond-async"}


@pytest.fixture(scope="module")
def platform(mlflow_server, tmp_path_factory):
    with run_platform(mlflow_server.uri, tmp_path_factory.mktemp("data")) as running:
        yield running


@pytest.fixture(scope="module")
def idle(mlflow_server, tmp_path_factory):
    """A platform whose jobs nobody works off."""
    with run_platform(mlflow_server.uri, tmp_path_factory.mktemp("idle"), with_jobs=False) as running:
        yield running


@pytest.fixture(scope="module")
def telco_file(shared_data):
    return shared_data / "tabular" / "telco_customer_churn.csv"


@pytest.fixture(scope="module")
def frame(telco_file):
    return pd.read_csv(telco_file, na_values=[" "])


@pytest.fixture(scope="module")
def uploaded(platform, telco_file):
    answer = platform.upload(telco_file, "telco.csv", name="Telco", target_column="Churn")
    assert answer.status == 200, answer.body
    return answer.json()


@pytest.fixture(scope="module")
def telco(uploaded):
    return uploaded["dataset_id"]


@pytest.fixture(scope="module")
def known(platform, telco):
    return platform.get(f"/api/ml/datasets/{telco}").json()


@pytest.fixture(scope="module")
def titanic(platform, shared_data):
    return platform.dataset(shared_data / "tabular" / "titanic_train.csv", target_column="Survived")


@pytest.fixture(scope="module")
def cells(platform):
    """A table with cells that a spreadsheet would run, and with rows that repeat."""
    answer = platform.upload(pd.DataFrame({"n": 1, "t": CELLS}).to_csv(index=False).encode())
    assert answer.status == 200, answer.body
    return answer.json()


@pytest.fixture(scope="module")
def unawaited(platform):
    """An upload whose sender did not wait, with its job when that was over."""
    answer = platform.upload(b"a,b\n1,2\n3,4\n", headers=LATER)
    return answer, platform.wait_for_job(answer.json()["job_id"])


def far_apart():
    """A workbook of a few kilobytes with one cell in each of two corners."""
    book, target = openpyxl.Workbook(), io.BytesIO()
    book.active["A1"], book.active["XFD1048576"] = 1, 2
    book.save(target)
    return target.getvalue()


def refused(answer):
    return answer.status, answer.json()["error"]["message"]


class TestUpload:
    def test_it_tells_what_the_file_holds(self, uploaded, frame):
        assert (uploaded["name"], uploaded["rows"], uploaded["columns"]) == ("Telco", *frame.shape)
        assert uploaded["column_names"] == list(frame.columns)
        assert uploaded["missing_values"] == frame.isna().sum().to_dict()

    def test_the_types_are_pandas_own(self, known, frame):
        kinds = {name: "object" if str(kind) == "str" else str(kind) for name, kind in frame.dtypes.items()}
        assert known["dtypes"] == kinds

    def test_the_figures_are_those_of_describe(self, known, frame):
        told = frame.describe().to_dict()
        assert set(known["numeric_stats"]) == set(told)
        for name, figures in told.items():
            assert known["numeric_stats"][name] == pytest.approx(figures)

    def test_the_file_lies_in_the_projects_folder_as_it_came(self, platform, known, telco_file):
        folder = platform.var_dir / "projects" / known["project"] / "data" / known["dataset_id"]
        assert (folder / "telco.csv").read_bytes() == telco_file.read_bytes()
        assert not list((platform.var_dir / "projects" / ".incoming").iterdir())

    def test_rows_that_repeat_are_kept(self, cells):
        assert (cells["rows"], cells["column_names"]) == (len(CELLS), ["n", "t"])

    def test_a_workbook_is_read(self, platform, frame):
        part, target = frame[["customerID", "tenure", "Churn"]].head(40), io.BytesIO()
        part.to_excel(target, index=False, engine="openpyxl")
        told = platform.upload(target.getvalue(), "t.xlsx").json()
        assert (told["rows"], told["column_names"]) == (40, list(part.columns))

    def test_a_workbook_that_would_take_all_memory_is_refused(self, platform):
        status, message = refused(platform.upload(far_apart(), "t.xlsx"))
        assert status == 422
        assert "'t.xlsx' has cells in row 1,048,576 and in column 16,384; " in message

    def test_a_caller_who_will_not_wait_gets_the_job(self, platform, unawaited):
        answer, job = unawaited
        told = answer.json()
        assert (answer.status, told["status"]) == (202, "pending")
        assert answer.headers["location"] == f"/api/ml/jobs/{told['job_id']}"
        assert job["status"] == "completed"
        known = platform.get(f"/api/ml/datasets/{told['dataset_id']}").json()
        assert (known["status"], known["rows"]) == ("ready", 2)

    def test_what_is_no_table_is_refused_and_leaves_nothing(self, platform, telco):
        before = platform.get("/api/ml/datasets").json()
        status, message = refused(platform.upload(b"%PDF-1.7 nothing", "t.csv"))
        assert status == 422
        assert "is a PDF document, not a table" in message
        assert telco in {each["dataset_id"] for each in before}
        assert platform.get("/api/ml/datasets").json() == before


class TestNames:
    """What a file and a data set are called, which is told before any row is read."""

    def test_the_same_name_twice_makes_two(self, idle):
        first, second = (
            idle.upload(b"a,b\n1,2\n", "twice.csv", headers=LATER).json() for _ in range(2)
        )  # fmt: skip
        assert first["name"] == second["name"] == "twice"
        assert first["dataset_id"] != second["dataset_id"]

    @pytest.mark.parametrize(
        "name",
        [
            "../../../etc/passwd.csv",
            "a\\b\\..\\c.csv",
            "ünï [x]*.csv",
            "con.csv",
            "'; DROP TABLE penstock_datasets; --.csv",
            "$(touch x)`id`.csv",
            "表\u202egnp.csv",
            f"{'長' * 300}.csv",
            "....csv",
        ],
    )
    def test_a_name_with_tricks_stays_in_its_folder(self, idle, name):
        told = idle.upload(b"a,b\n1,2\n3,4\n", name, headers=LATER).json()
        known = idle.get(f"/api/ml/datasets/{told['dataset_id']}").json()
        folder = idle.var_dir / "projects" / known["project"] / "data" / known["dataset_id"]
        (file,) = folder.iterdir()
        assert file.read_bytes() == b"a,b\n1,2\n3,4\n"
        assert set(file.name).isdisjoint("/\\'\"$`;*[]() ")
        assert not file.name.startswith(".")

    @pytest.mark.parametrize(
        "name", ["Robert'); DROP TABLE penstock_datasets;--", "表 ünï ✓", "../../x", "=1+1"]
    )
    def test_a_data_set_is_called_as_its_sender_says(self, idle, name):
        told = idle.upload(b"a,b\n1,2\n", headers=LATER, name=name).json()
        assert idle.get(f"/api/ml/datasets/{told['dataset_id']}").json()["name"] == name

    @pytest.mark.parametrize("name", ["a\tb", "\u202eabc", "x" * 201])
    def test_a_name_that_cannot_be_shown_is_refused(self, idle, name):
        status, message = refused(idle.upload(b"a,b\n1,2\n", headers=LATER, name=name))
        assert status == 422
        assert message.startswith("name must be at most 200 printable characters")

    def test_an_empty_file_is_refused_at_once(self, idle):
        assert refused(idle.upload(b"", "t.csv")) == (
            422,
            "the file is empty; a table needs a header and rows",
        )

    def test_the_same_key_is_answered_as_before(self, idle):
        key = LATER | {"Idempotency-Key": "upload-1"}
        first, again = (idle.upload(b"a,b\n1,2\n3,4\n", headers=key) for _ in range(2))
        assert first.json() == again.json()
        assert again.headers["idempotent-replayed"] == "true"
        assert again.headers["location"] == first.headers["location"]
        other = idle.upload(b"a,b\n1,2\n3,5\n", headers=key)
        assert (other.status, other.json()["error"]["code"]) == (422, "idempotency_key_reused")


class TestRecords:
    def test_a_list_holds_summaries_newest_first(self, platform, telco, titanic):
        listed = platform.get("/api/ml/datasets").json()
        ids = [each["dataset_id"] for each in listed]
        assert ids.index(titanic) < ids.index(telco)
        told = listed[ids.index(telco)]
        assert (told["name"], told["rows"], told["columns"], told["status"]) == ("Telco", 7043, 21, "ready")

    def test_pages_hold_each_once(self, platform, telco, titanic):
        whole = [each["dataset_id"] for each in platform.get("/api/ml/datasets?limit=1000").json()]
        found, path = [], "/api/ml/datasets?limit=2"
        while path:
            answer = platform.get(path)
            found += [each["dataset_id"] for each in answer.json()]
            path = answer.headers.get("link", "<>").partition(">")[0][1:]
        assert found == whole

    def test_an_unknown_one_is_not_found(self, platform):
        told = "there is no data set 'x'; `GET /api/ml/datasets` lists yours"
        assert refused(platform.get("/api/ml/datasets/x")) == (404, told)

    def test_it_is_renamed_only_as_it_was_seen(self, idle):
        known = idle.upload(b"a,b\n1,2\n3,4\n", headers=LATER).json()
        path = f"/api/ml/datasets/{known['dataset_id']}"
        tag = idle.get(path).headers["etag"]
        changed = idle.call("PATCH", path, {"name": "new"}, {"If-Match": tag})
        assert changed.json()["name"] == "new"
        assert idle.call("PATCH", path, {"name": "newer"}, {"If-Match": tag}).status == 412

    def test_a_target_that_is_no_column_is_refused(self, platform, telco):
        answer = platform.call("PATCH", f"/api/ml/datasets/{telco}", {"target_column": "Chrn"})
        assert refused(answer) == (422, "data set 'Telco' has no column 'Chrn'; did you mean 'Churn'?")


class TestRows:
    def test_a_preview_holds_the_first_rows(self, platform, telco, frame):
        told = platform.get(f"/api/ml/datasets/{telco}/rows?limit=5").json()
        assert told["columns"] == list(frame.columns)
        assert told["rows"] == json.loads(frame.head(5).to_json(orient="records"))

    def test_a_preview_goes_on_behind_others(self, platform, telco, frame):
        told = platform.get(f"/api/ml/datasets/{telco}/rows?limit=3&offset=7040").json()
        assert [row["customerID"] for row in told["rows"]] == list(frame["customerID"].tail(3))

    def test_the_csv_holds_all_rows(self, platform, telco, frame):
        answer = platform.get(f"/api/ml/datasets/{telco}/download")
        assert answer.headers["content-type"] == "text/csv; charset=utf-8"
        pd.testing.assert_frame_equal(pd.read_csv(io.BytesIO(answer.body)), frame)

    def test_the_parquet_holds_all_rows(self, platform, telco, frame):
        answer = platform.get(f"/api/ml/datasets/{telco}/download?format=parquet")
        pd.testing.assert_frame_equal(pd.read_parquet(io.BytesIO(answer.body)), frame, check_dtype=False)

    def test_cells_that_a_spreadsheet_would_run_are_defused(self, platform, cells):
        path = f"/api/ml/datasets/{cells['dataset_id']}/download"
        safe = pd.read_csv(io.BytesIO(platform.get(path).body))["t"]
        assert list(safe) == ["'=1+1", "'+x", "'-y", "'@z", *CELLS[4:]]
        raw = pd.read_csv(io.BytesIO(platform.get(f"{path}?raw=true").body))["t"]
        assert list(raw) == CELLS


@pytest.fixture(scope="module")
def cleaned(platform, titanic):
    body = {
        "dataset_id": titanic, "missing_strategy": "median", "outlier_method": "iqr",
        "outlier_threshold": 1.5,
    }  # fmt: skip
    answer = platform.post("/api/ml/data/clean", body)
    assert answer.status == 200, answer.body
    told = answer.json()
    made = platform.get(f"/api/ml/datasets/{told['cleaned_dataset_id']}").json()
    path = f"/api/ml/datasets/{told['cleaned_dataset_id']}/download?format=parquet"
    return told, made, pd.read_parquet(io.BytesIO(platform.get(path).body))


@pytest.fixture(scope="module")
def titanic_frame(shared_data):
    return pd.read_csv(shared_data / "tabular" / "titanic_train.csv")


class TestClean:
    def test_gaps_are_filled_and_a_new_data_set_is_made(self, cleaned, titanic):
        told, made, _ = cleaned
        assert (told["status"], told["original_rows"], told["cleaned_rows"]) == ("success", 891, 891)
        assert (made["origin"], made["parent_id"]) == ("clean", titanic)
        assert set(made["missing_values"].values()) == {0}

    def test_gaps_hold_the_tables_median(self, cleaned, titanic_frame):
        age = titanic_frame["Age"]
        np.testing.assert_allclose(cleaned[2]["Age"][age.isna()], age.median())

    def test_outliers_go_to_the_bound(self, cleaned, titanic_frame):
        fare, (told, made, _) = titanic_frame["Fare"], cleaned
        low, high = fare.quantile(0.25), fare.quantile(0.75)
        bound = high + 1.5 * (high - low)
        assert told["pulled"]["Fare"] == int((fare > bound).sum())
        assert made["numeric_stats"]["Fare"]["max"] == pytest.approx(bound)

    @pytest.mark.parametrize(
        ("body", "told"),
        [
            ({"outlier_method": "x"}, "outlier_method: input should be 'iqr', 'zscore' or 'none', not 'x'"),
            ({"outlier_threshold": 0}, "outlier_threshold: input should be greater than 0, not 0"),
            ({"missing_strateg": "mean"},
             "there is no field 'missing_strateg'; did you mean 'missing_strategy'?"),
        ],
    )  # fmt: skip
    def test_what_cannot_be_is_refused(self, platform, telco, body, told):
        assert refused(platform.post("/api/ml/data/clean", {"dataset_id": telco} | body)) == (422, told)


class TestSelect:
    def test_it_keeps_so_many_and_weighs_all(self, platform, telco, frame):
        body = {"dataset_id": telco, "target_column": "Churn", "method": "mutual_info", "n_features": 5}
        told = platform.post("/api/ml/data/select-features", body).json()
        assert told["status"] == "success"
        assert len(told["selected_features"]) == 5
        assert {"Contract", "tenure"} <= set(told["selected_features"])
        assert set(told["feature_importance"]) <= set(frame.columns) - {"Churn"}

    def test_an_unknown_target_is_refused_at_once(self, platform, telco):
        body = {"dataset_id": telco, "target_column": "chrn"}
        told = "data set 'Telco' has no column 'chrn'; did you mean 'Churn'?"
        assert refused(platform.post("/api/ml/data/select-features", body)) == (422, told)


@pytest.fixture(scope="module")
def parted(platform, telco):
    """What splitting says, and the rows of each part."""
    body = {
        "dataset_id": telco,
        "target_column": "Churn",
        "stratify": True,
        "test_size": 0.2,
        "validation_size": 0.1,
    }
    answer = platform.post("/api/ml/data/split", body)
    assert answer.status == 200, answer.body
    told = answer.json()
    path = f"/api/ml/datasets/{told['split_dataset_id']}/download?format=parquet&part="
    names = ("train", "validation", "test")
    return told, {name: pd.read_parquet(io.BytesIO(platform.get(f"{path}{name}").body)) for name in names}


class TestSplit:
    def test_sizes_are_shares_of_all_rows(self, parted, frame):
        told, parts = parted
        assert told["status"] == "success"
        for name, share in (("train", 0.7), ("validation", 0.1), ("test", 0.2)):
            assert told[f"{name}_samples"] == len(parts[name]) == pytest.approx(share * len(frame), abs=1)

    def test_each_row_is_in_one_part(self, parted, frame):
        assert sorted(pd.concat(parted[1].values())["customerID"]) == sorted(frame["customerID"])

    def test_a_stratified_one_keeps_the_classes_shares(self, parted, frame):
        share = (frame["Churn"] == "Yes").mean()
        for part in parted[1].values():
            assert (part["Churn"] == "Yes").mean() == pytest.approx(share, abs=1 / len(part))

    def test_shares_that_leave_nothing_are_refused(self, platform, telco):
        body = {"dataset_id": telco, "test_size": 0.6, "validation_size": 0.5}
        status, message = refused(platform.post("/api/ml/data/split", body))
        assert status == 422
        assert "leave no rows to learn from; let them sum to less than 1" in message


class TestJobs:
    def test_they_are_listed_by_entry_and_state(self, platform, telco):
        listed = platform.get("/api/ml/jobs?entry=ingest&state=completed").json()
        assert {(each["entry"], each["status"]) for each in listed} == {("ingest", "completed")}
        assert telco in {each["asked"]["dataset_id"] for each in listed}

    def test_one_tells_its_outcome_and_what_it_took(self, platform, known):
        job = platform.get(f"/api/ml/jobs/{known['job_id']}").json()
        assert (job["status"], job["results"]["rows"], job["error"]) == ("completed", 7043, None)
        assert job["usage"]["core_s"] > 0

    def test_its_log_is_read_piece_by_piece(self, platform, known):
        path, text, offset, is_over = f"/api/ml/jobs/{known['job_id']}/log", "", 0, False
        while not is_over:
            part = platform.get(f"{path}?offset={offset}").json()
            text, offset, is_over = text + part["text"], part["next_offset"], part["is_over"]
        assert "7,043" in text

    def test_its_events_end_with_it(self, platform, known):
        answer = platform.get(f"/api/ml/jobs/{known['job_id']}/events")
        assert answer.headers["content-type"].startswith("text/event-stream")
        events = [block.split("\n") for block in answer.body.decode().split("\n\n") if "event: " in block]
        kinds = [next(line[7:] for line in block if line.startswith("event: ")) for block in events]
        assert kinds[-1] == "end"
        assert {"log", "progress"} <= set(kinds)

    def test_events_go_on_from_where_the_reader_was(self, platform, known):
        path = f"/api/ml/jobs/{known['job_id']}"
        end = platform.get(f"{path}/log").json()["next_offset"]
        answer = platform.get(f"{path}/events", Last_Event_ID=f"log={end}")
        assert b"event: log" not in answer.body
        assert b"event: end" in answer.body

    def test_one_that_is_over_is_not_cancelled(self, platform, known):
        answer = platform.post(f"/api/ml/jobs/{known['job_id']}/cancel")
        assert (answer.status, answer.json()["error"]["code"]) == (409, "job_over")

    def test_its_log_is_removed_and_its_record_stays(self, platform, unawaited):
        job_id = unawaited[1]["job_id"]
        assert platform.call("DELETE", f"/api/ml/jobs/{job_id}").status == 204
        assert platform.get(f"/api/ml/jobs/{job_id}/log").json()["text"] == ""
        assert platform.get(f"/api/ml/jobs/{job_id}").json()["status"] == "completed"


class TestProjects:
    def test_one_is_made_with_its_folder_and_experiment(self, idle):
        made = idle.post("/api/ml/projects", {"name": "wine", "description": "white and red"})
        assert made.status == 201
        told = idle.get(made.headers["location"]).json()
        assert (told["name"], told["description"], told["datasets"]) == ("wine", "white and red", 0)
        assert (idle.var_dir / "projects" / told["project"] / "data").is_dir()
        experiment = idle.desk().client.get_experiment(told["experiment_id"])
        assert experiment.name == told["project"]

    def test_a_name_is_taken_once(self, idle):
        idle.post("/api/ml/projects", {"name": "again"})
        told = "you have a project 'again' already; choose another name"
        assert refused(idle.post("/api/ml/projects", {"name": "again"})) == (409, told)

    @pytest.mark.parametrize("name", ["../x", "a/b", ".hidden", "nul", "x" * 65, "'; drop table--", "=1+1"])
    def test_a_name_that_is_no_folder_is_refused(self, idle, name):
        assert idle.post("/api/ml/projects", {"name": name}).status == 422

    def test_a_name_of_any_script_is_one_however_it_is_written(self, idle):
        made = idle.post("/api/ml/projects", {"name": "größe-表"})
        assert made.status == 201
        same = unicodedata.normalize("NFD", "größe-表")
        assert idle.post("/api/ml/projects", {"name": same}).status == 409
        assert idle.get(f"/api/ml/projects/{quote(made.json()['project'])}").json()["name"] == "größe-表"

    def test_a_data_set_goes_where_it_is_sent(self, idle):
        made = idle.post("/api/ml/projects", {"name": "mine"}).json()
        sent = idle.upload(b"a,b\n1,2\n3,4\n", headers=LATER, project="mine").json()
        known = idle.get(f"/api/ml/datasets/{sent['dataset_id']}").json()
        assert known["project"] == made["project"]
        listed = idle.get(f"/api/ml/datasets?project={made['project']}").json()
        assert [each["dataset_id"] for each in listed] == [known["dataset_id"]]

    def test_it_is_changed(self, idle):
        path = idle.post("/api/ml/projects", {"name": "kept"}).headers["location"]
        body = {"dataset_retention_days": 30, "limits": {"jobs_at_once": 1}}
        told = idle.call("PATCH", path, body).json()
        assert (told["dataset_retention_days"], told["limits"]) == (30.0, {"jobs_at_once": 1})

    def test_an_unknown_one_is_not_found(self, idle):
        known = idle.upload(b"a,b\n1,2\n", project="nobody/none")
        assert refused(known)[0] == 404
