"""The command: a source in, a folder out, a sentence and exit code 2 for bad input."""

import json

import pytest

from projects.ingest.__main__ import main


@pytest.fixture
def table(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text("price,y\n$1.50,a\n$2.50,b\n")
    return str(path)


def test_a_folder_of_clean_rows_is_made(table, tmp_path, capsys):
    assert main([table, "--out", str(tmp_path / "clean")]) == 0
    assert (tmp_path / "clean" / "rows.jsonl").read_text() == '{"price":1.5,"y":"a"}\n{"price":2.5,"y":"b"}\n'
    assert f"2 rows of 2 columns are in {tmp_path / 'clean'}" in capsys.readouterr().out


def test_the_result_is_one_json_object(table, tmp_path, capsys):
    assert main([table, "--out", str(tmp_path / "clean"), "--json", "--target", "Y"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["rows"], told["target"], told["name"]) == (2, "y", "t")
    assert told["columns"][0] == {"name": "price", "type": "number", "missing": 0}


def test_bad_input_ends_with_a_sentence(tmp_path, capsys):
    assert main([str(tmp_path / "none.csv"), "--out", str(tmp_path / "clean")]) == 2
    assert "penstock: there is no file" in capsys.readouterr().err


def test_a_plan_waits_and_is_gone_on_with(table, tmp_path, capsys, monkeypatch):
    monkeypatch.setattr("sys.stdin", None)
    out = tmp_path / "clean"
    assert main([table, "--out", str(out), "--approve", "ask"]) == 2
    assert "waits for approval" in capsys.readouterr().err
    assert main([table, "--out", str(out), "--plan", str(out / "cleaning_plan.yaml")]) == 0


def test_a_table_and_a_query_at_once_are_refused(tmp_path, capsys):
    assert (
        main(["sqlite:///x.db", "--table", "t", "--query", "SELECT 1", "--out", str(tmp_path / "clean")]) == 2
    )
    assert "name a table or a query of the database, not both" in capsys.readouterr().err


def test_several_sources_are_read(table, tmp_path):
    (tmp_path / "u.csv").write_text("price,y\n$9.00,c\n")
    assert main([table, str(tmp_path / "u.csv"), "--out", str(tmp_path / "clean")]) == 0
    assert len((tmp_path / "clean" / "rows.jsonl").read_text().splitlines()) == 3
