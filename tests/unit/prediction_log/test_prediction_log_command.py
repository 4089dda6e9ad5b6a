import json

import pyarrow.parquet as pq
import pytest

from serving.prediction_log.__main__ import main
from serving.prediction_log.layout import segments
from tests.unit.prediction_log.prediction_log_fixtures import NOON, make_record, write, write_outcomes


def test_seal_says_what_it_did(tmp_path, capsys):
    write(tmp_path, make_record(), make_record())
    assert main(["seal", "--folder", str(tmp_path)]) == 0
    assert capsys.readouterr().out == "sealed 1 segments, 2 predictions, 1 files; skipped 0 broken lines\n"


def test_seal_says_it_as_json(tmp_path, capsys):
    write(tmp_path, make_record())
    with segments(tmp_path)[0].open("ab") as file:
        file.write(b"{}\n")
    main(["seal", "--json", "--folder", str(tmp_path)])
    answer = json.loads(capsys.readouterr().out)
    assert (answer["rows"], len(answer["broken"])) == (1, 1)


def test_upkeep_says_what_it_did(tmp_path, capsys):
    write(tmp_path, make_record(), make_record(ts_s=NOON - 86_400))
    write_outcomes(tmp_path, "a")
    assert main(["upkeep", "--folder", str(tmp_path), "--retention", '{"churn": 36500}']) == 0
    assert capsys.readouterr().out == (
        "sealed 2 predictions, 1 outcomes; merged into 0 files, uploaded 0, removed 0 and 0 in the bucket\n"
    )


def test_upkeep_says_it_as_json(tmp_path, capsys):
    write(tmp_path, make_record())
    main(["upkeep", "--json", "--folder", str(tmp_path)])
    told = json.loads(capsys.readouterr().out)
    assert (told["predictions"], told["backlog"], told["problems"]) == (
        1, {"files": 0, "bytes": 0, "oldest_s": None}, [],
    )  # fmt: skip


def test_a_bucket_that_is_no_address_is_refused(tmp_path, capsys, monkeypatch):
    monkeypatch.setenv("PENSTOCK_LOG_S3_URI", "logs/penstock")
    assert main(["upkeep", "--folder", str(tmp_path)]) == 2
    assert "'log_s3_uri' must be like s3://bucket/prefix, not 'logs/penstock'" in capsys.readouterr().err


def test_a_retention_that_is_no_table_is_refused(tmp_path, capsys):
    assert main(["upkeep", "--folder", str(tmp_path), "--retention", "30"]) == 2
    assert "--retention must be JSON like" in capsys.readouterr().err


def test_erase_says_what_went(tmp_path, capsys):
    write(tmp_path, make_record(user_key="ann"), make_record())
    assert main(["erase", "--user-key", "ann", "--folder", str(tmp_path)]) == 0
    assert capsys.readouterr().out == "erased 1 predictions, 0 outcomes\n"


def test_erase_wants_to_know_whom(tmp_path, capsys):
    assert main(["erase", "--folder", str(tmp_path)]) == 2
    assert "erase needs one of --user-key and --prediction-id" in capsys.readouterr().err


def test_read_joins_outcomes(tmp_path, capsys):
    write(tmp_path, make_record(prediction_id="a"))
    write_outcomes(tmp_path, "a", label="yes")
    main(["read", "--model", "churn", "--outcomes", "--folder", str(tmp_path)])
    assert json.loads(capsys.readouterr().out)["label"] == "yes"


def test_read_prints_the_newest_rows_as_json_lines(tmp_path, capsys):
    write(tmp_path, *[make_record(prediction_id=str(n), ts_s=NOON + n) for n in range(3)])
    main(["read", "--model", "churn", "--limit", "2", "--folder", str(tmp_path)])
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [line["prediction_id"] for line in lines] == ["1", "2"]


def test_read_takes_times(tmp_path, capsys):
    write(tmp_path, make_record(prediction_id="a"), make_record(prediction_id="b", ts_s=NOON + 60))
    main(["read", "--model", "churn", "--since", "2026-07-31T12:00:30", "--folder", str(tmp_path)])
    assert json.loads(capsys.readouterr().out)["prediction_id"] == "b"


def test_read_writes_a_parquet_file(tmp_path, capsys):
    write(tmp_path, make_record(prediction_id="a"))
    output = tmp_path / "rows.parquet"
    main(["read", "--model", "churn", "--output", str(output), "--folder", str(tmp_path)])
    assert pq.ParquetFile(output).read(["prediction_id"]).to_pylist() == [{"prediction_id": "a"}]


def test_read_writes_a_csv_file(tmp_path, capsys):
    write(tmp_path, make_record(prediction_id="a"))
    output = tmp_path / "rows.csv"
    main(["read", "--model", "churn", "--output", str(output), "--folder", str(tmp_path)])
    assert "features.tenure" in output.read_text().splitlines()[0]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--since", "noon"], "a time must be like 2026-07-31T12:00:00Z, not 'noon'"),
        (["--output", "rows.xls"], "--output must end in .parquet or .csv, not 'rows.xls'"),
    ],
)
def test_bad_input_is_one_sentence_and_exit_code_2(tmp_path, capsys, arguments, said):
    assert main(["read", "--model", "churn", "--folder", str(tmp_path), *arguments]) == 2
    assert capsys.readouterr().err == f"prediction log: {said}\n"
