"""Where data may lie: files, folders, globs, several places, databases and scikit-learn."""

import os
import sqlite3

import pandas as pd
import pytest

from projects.errors import BadInput
from projects.ingest.database import is_database_url
from projects.ingest.run import ingest
from projects.ingest.sklearn_table import TABLES
from projects.requirement.sections import Cleaning, Database


def put(tmp_path, **files):
    for name, content in files.items():
        path = tmp_path / "data" / name.replace("__", ".").replace("_in_", "/")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content, encoding="utf-8")
    return tmp_path / "data"


def refused(clean, source, match, **options):
    with pytest.raises(BadInput, match=match):
        clean(source, **options)


def test_a_folder_is_searched_in_the_order_of_its_names(clean, tmp_path):
    folder = put(tmp_path, b__csv="x,y\n2,b\n", a__csv="x,y\n1,a\n", deep_in_c__csv="x,y\n3,c\n")
    assert clean(folder).rows() == [(1, "a"), (2, "b"), (3, "c")]


def test_hidden_files_are_passed_over_in_silence(clean, tmp_path):
    folder = put(tmp_path, a__csv="x,y\n1,a\n", __hidden="?", __git_in_config__csv="x,y\n9,z\n")
    (folder / "__MACOSX").mkdir()
    (folder / "__MACOSX" / "a.csv").write_text("x,y\n8,z\n")
    table = clean(folder)
    assert (table.rows(), table.result.skipped) == ([(1, "a")], ())


def test_files_that_are_no_tables_are_named_with_the_reason(clean, tmp_path):
    folder = put(tmp_path, a__csv="x,y\n1,a\n", b__csv="", c__md="# notes", d__csv="%PDF-1.4")
    table = clean(folder)
    assert [(entry.shown, entry.reason) for entry in table.result.skipped] == [
        ("c.md", "'.md' is no format of tables"),
        ("b.csv", "'b.csv' is empty; a table needs a header and rows"),
        (
            "d.csv",
            "'d.csv' is a PDF document, not a table; give CSV, Excel, JSON, Parquet, SAS or a database",
        ),
    ]
    assert "left out c.md: '.md' is no format of tables" in table.said


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read every file")
def test_a_file_that_may_not_be_read_is_named(clean, tmp_path):
    folder = put(tmp_path, a__csv="x,y\n1,a\n", b__csv="x,y\n2,b\n")
    (folder / "b.csv").chmod(0)
    assert clean(folder).result.skipped[0].reason == "this user may not read it"


def test_a_glob_names_files(clean, tmp_path):
    folder = put(tmp_path, a1__csv="x,y\n1,a\n", a2__csv="x,y\n2,b\n", b1__csv="x,y\n3,c\n")
    assert clean(str(folder / "a*.csv")).rows() == [(1, "a"), (2, "b")]


def test_several_places_are_read_in_their_order(clean, tmp_path):
    folder = put(tmp_path, a__csv="x,y\n1,a\n", b__csv="x,y\n2,b\n")
    assert clean((str(folder / "b.csv"), str(folder / "a.csv"))).rows() == [(2, "b"), (1, "a")]


def test_a_file_that_does_not_exist_is_refused_with_near_names(clean, tmp_path):
    folder = put(tmp_path, churn__csv="a\n1\n")
    refused(clean, folder / "chrun.csv", r"there is no file '.*chrun\.csv'; did you mean 'churn\.csv'\?")


def test_a_folder_that_does_not_exist_is_said(clean, tmp_path):
    refused(clean, tmp_path / "no" / "x.csv", "there is no folder '.*no' either")


def test_an_empty_folder_is_refused(clean, tmp_path):
    (tmp_path / "data").mkdir()
    refused(
        clean,
        tmp_path / "data",
        r"the folder '.*data' is empty; put CSV, Excel, JSON, Parquet or SAS files in it",
    )


def test_a_folder_with_nothing_readable_is_refused_with_the_reasons(clean, tmp_path):
    refused(clean, put(tmp_path, a__md="?"), r"holds no table \(a\.md: '\.md' is no format of tables\)")
    refused(clean, put(tmp_path, b__csv="%PDF"), "can be read as a table .*'b.csv' is a PDF document")


def test_a_glob_without_a_match_is_refused(clean, tmp_path):
    refused(clean, str(tmp_path / "*.csv"), r"no file matches '.*\*\.csv'")


@pytest.mark.parametrize("source", ["", " ", ()])
def test_no_source_at_all_is_refused(clean, source):
    refused(clean, source, "name the data: a file, a folder, a glob")


@pytest.mark.parametrize("name", TABLES)
def test_scikit_learns_tables_are_read(clean, name):
    table = clean(f"sklearn:{name}")
    assert (table.result.name, table.result.target, "target" in table.types) == (name, "target", True)


def test_an_unknown_table_of_scikit_learn_is_refused(clean):
    refused(clean, "sklearn:irsi", r"scikit-learn brings no table 'irsi'; did you mean 'iris'\?")


def shop(tmp_path):
    path = tmp_path / "shop.db"
    with sqlite3.connect(path) as base:
        pd.DataFrame({"id": [1, 2, 3], "price": ["$1.50", None, "$3"], "code": ["01", "02", "03"]}).to_sql(
            "items", base, index=False
        )
    return f"sqlite:///{path}"


def test_a_table_of_a_database_is_read(clean, tmp_path):
    table = clean(Database(url=shop(tmp_path), table="items"))
    assert (table.rows(), table.result.name) == ([(1, 1.5, "01"), (2, None, "02"), (3, 3.0, "03")], "items")


def test_a_query_of_a_database_is_read(clean, tmp_path):
    assert clean(
        Database(url=shop(tmp_path), query="SELECT id * 2 AS twice FROM items WHERE id > 1")
    ).rows() == [(4,), (6,)]


def test_a_url_alone_reads_the_only_table(clean, tmp_path):
    assert clean(shop(tmp_path)).result.rows == 3


def test_secrets_of_a_url_come_from_the_environment(clean, tmp_path, monkeypatch):
    monkeypatch.setenv("SHOP_FILE", shop(tmp_path).removeprefix("sqlite:///"))
    assert clean(Database(url="sqlite:///${SHOP_FILE}", table="items")).result.rows == 3


@pytest.mark.parametrize(
    ("database", "match"),
    [
        ({"table": "itmes"}, r"has no table 'itmes'; did you mean 'items'\?"),
        ({"query": "SELECT nope FROM items"}, "cannot be read; .*no such column: nope"),
    ],
)
def test_what_a_database_has_not_is_refused(clean, tmp_path, database, match):
    refused(clean, Database(url=shop(tmp_path), **database), match)


def test_a_secret_that_is_not_set_is_said(clean):
    refused(
        clean,
        Database(url="postgresql://me:${NOT_SET_HERE}@h/d", table="t"),
        "environment variable NOT_SET_HERE",
    )


def test_a_password_is_never_shown(clean, tmp_path):
    with pytest.raises(BadInput) as raised:
        clean(Database(url="nosuch://me:secret@host/db", table="t"))
    assert "secret" not in str(raised.value)
    assert "nosuch://me:***@host/db" in str(raised.value)


@pytest.mark.parametrize(
    ("text", "is_url"),
    [
        ("sqlite:///x.db", True),
        ("postgresql+psycopg://h/d", True),
        ("s3://b/k", False),
        ("a/b.csv", False),
        ("C:\\x", False),
    ],
)
def test_a_databases_url_is_told_from_a_path(text, is_url):
    assert is_database_url(text) is is_url


def test_rows_of_a_database_are_streamed(tmp_path):
    import tracemalloc

    with sqlite3.connect(tmp_path / "big.db") as base:
        base.execute("CREATE TABLE t (a INTEGER, b TEXT)")
        base.executemany("INSERT INTO t VALUES (?, ?)", ((n, "x" * 200) for n in range(60_000)))
    tracemalloc.start()
    done = ingest(f"sqlite:///{tmp_path}/big.db", tmp_path / "clean", say=lambda _: None)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert (done.rows, peak < 25_000_000) == (60_000, True)


@pytest.mark.parametrize("name", ["x[2].csv", "star*q?.csv", "it's {x}.csv", "$HOME `x`.csv", "ünï 数.csv"])
def test_any_name_of_a_file_is_taken_as_it_is(clean, tmp_path, name):
    folder = tmp_path / "d[1]*{2}"
    folder.mkdir()
    (folder / name).write_text("x,y\n1,a\n")
    (folder / "starXqY.csv").write_text("x,y\n2,b\n")
    assert clean(folder / name).rows() == [(1, "a")]


def test_an_earlier_ingestion_in_the_folder_is_no_source(clean, tmp_path):
    folder = put(tmp_path, a__csv="x,y\n1,a\n")
    ingest(folder, folder / "clean", say=lambda _: None)
    table = clean(folder)
    assert (table.result.rows, table.result.skipped[0].shown) == (1, "clean")


def test_columns_may_have_any_names(clean, tmp_path):
    names = ['a"b', "it's", "row number", "rule 0", "file_row_number", "select", "x;--", "{y}", "c0", "n"]
    frame = pd.DataFrame({name: [1, 1] for name in names})
    frame.to_parquet(tmp_path / "t.parquet")
    table = clean(tmp_path / "t.parquet", cleaning=Cleaning(duplicates="drop"))
    assert list(table.types) == [name if name != "file_row_number" else "file_row_number_2" for name in names]
    assert table.rows() == [(1,) * len(names)]


def test_a_database_table_without_rows_is_said(clean, tmp_path):
    with sqlite3.connect(tmp_path / "e.db") as base:
        base.execute("CREATE TABLE t (a INTEGER)")
    refused(clean, f"sqlite:///{tmp_path}/e.db", "can be read as a table .*it has no rows")


@pytest.mark.slow
def test_two_thousand_files_are_one_table(clean, tmp_path):
    folder = tmp_path / "many"
    folder.mkdir()
    for number in range(2000):
        (folder / f"{number:04d}.csv").write_text(f"x,y\n{number},a\n")
    assert clean(folder).column("x") == list(range(2000))
