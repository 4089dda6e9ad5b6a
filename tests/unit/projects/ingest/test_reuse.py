"""The same files by the same options are read once; whatever differs is read anew."""

import dataclasses
import json
import os

import pytest

from projects.ingest.run import ingest
from projects.requirement.sections import Cleaning, Database, Rule, Tables

TABLE = "price,y\n1.5,a\n2.5,b\n2.5,b\n"
TAKEN = "taken, nothing is read"


@pytest.fixture
def again(tmp_path):
    """Ingest the table into one folder; return what came and whether it was taken from there."""
    source = tmp_path / "table.csv"
    source.write_text(TABLE)

    def made(where=source, **options):
        said = []
        done = ingest(where, tmp_path / "clean", earlier=tmp_path / "clean", say=said.append, **options)
        return done, any(TAKEN in line for line in said)

    return made


def test_the_same_is_taken_and_says_the_same(again):
    first, was_taken = again()
    assert not was_taken
    assert again() == (first, True)


def test_a_file_that_changed_is_read_anew_even_in_the_same_second(again, tmp_path):
    again()
    before = (tmp_path / "table.csv").stat()
    (tmp_path / "table.csv").write_text(TABLE.replace("1.5", "9.5"))
    os.utime(tmp_path / "table.csv", ns=(before.st_atime_ns, before.st_mtime_ns))
    _, was_taken = again()
    assert not was_taken
    assert "9.5" in (tmp_path / "clean" / "rows.jsonl").read_text()


def test_a_file_that_was_only_touched_is_not_read_anew(again, tmp_path):
    again()
    os.utime(tmp_path / "table.csv")
    assert again()[1]


@pytest.mark.parametrize(
    "options",
    [
        {"target": "y"},
        {"cleaning": Cleaning(duplicates="drop")},
        {"cleaning": Cleaning(columns={"price": {"type": "text"}})},
        {"tables": Tables(join="none")},
        {"rules": (Rule(column="price", min=0),)},
    ],
    ids=lambda options: next(iter(options)),
)
def test_another_option_is_read_anew(again, options):
    again()
    assert not again(**options)[1]
    assert again(**options)[1]


def test_a_file_more_in_a_folder_is_read_anew(again, tmp_path):
    folder = tmp_path / "many"
    folder.mkdir()
    (folder / "a.csv").write_text(TABLE)
    again(folder)
    (folder / "b.csv").write_text(TABLE.replace("a", "c"))
    done, was_taken = again(folder)
    assert (done.rows, was_taken) == (6, False)


@pytest.mark.parametrize(
    "name", ["rows.parquet", "rows.jsonl", "schema.json", "cleaning_plan.yaml", "lineage.json"]
)
@pytest.mark.parametrize("harm", ["gone", "cut", "changed"])
def test_a_folder_that_is_not_whole_is_made_anew(again, tmp_path, name, harm):
    first, _ = again()
    path = tmp_path / "clean" / name
    held = path.read_bytes()
    path.unlink()
    if harm != "gone":
        path.write_bytes(held[: len(held) // 2] if harm == "cut" else held[:-2] + b"\n" + held[-1:])
    done, was_taken = again()
    assert not was_taken
    assert (done.rows, done.sha256) == (first.rows, first.sha256)
    assert again()[1]


def test_a_result_of_another_format_or_code_is_made_anew(again, tmp_path, monkeypatch):
    again()
    with monkeypatch.context() as patch:
        patch.setattr("projects.ingest.reuse.FORMAT", 99)
        assert not again()[1]
    again()
    assert again()[1]
    monkeypatch.setattr("projects.ingest.reuse._code", lambda: "another")
    assert not again()[1]


def test_what_a_report_wrote_beside_it_does_not_matter(again, tmp_path):
    again()
    (tmp_path / "clean" / "quality.md").write_text("all is well")
    assert again()[1]
    assert (tmp_path / "clean" / "quality.md").exists()


def test_it_is_taken_into_another_folder(again, tmp_path):
    first, _ = again()
    said = []
    done = ingest(tmp_path / "table.csv", tmp_path / "there", earlier=tmp_path / "clean", say=said.append)
    assert done == dataclasses.replace(first, folder=tmp_path / "there")
    assert (done.folder / "rows.parquet").read_bytes() == (first.folder / "rows.parquet").read_bytes()


def test_a_person_who_wants_to_be_asked_is_asked_again(again):
    asked = []
    for _ in range(2):
        _, was_taken = again(cleaning=Cleaning(approve="ask"), ask=asked.append)
        assert not was_taken
    assert len(asked) == 2


def test_a_corrected_plan_counts_by_what_it_says(again, tmp_path):
    again()
    plan = tmp_path / "plan.yaml"
    plan.write_text((tmp_path / "clean" / "cleaning_plan.yaml").read_text())
    assert not again(plan=plan)[1]
    assert again(plan=plan)[1]
    plan.write_text(plan.read_text() + "\n# looked at\n")
    assert not again(plan=plan)[1]


@pytest.mark.parametrize("kind", ["sqlite", "database", "sklearn"])
def test_what_may_change_unseen_is_always_read(again, tmp_path, kind):
    import sqlite3

    with sqlite3.connect(tmp_path / "t.db") as base:
        base.execute("CREATE TABLE t AS SELECT 1 AS a, 2 AS b")
    base.close()
    where = {
        "sqlite": tmp_path / "t.db",
        "database": Database(url=f"sqlite:///{tmp_path}/t.db", table="t"),
        "sklearn": "sklearn:iris",
    }[kind]
    again(where)
    assert not again(where)[1]
    assert json.loads((tmp_path / "clean" / "lineage.json").read_text())["key"] == {}


def test_a_file_that_changes_while_it_is_read_leaves_no_key(tmp_path):
    source = tmp_path / "table.csv"
    source.write_text(TABLE)

    def say(_line):
        source.write_text(TABLE + "7,c\n")

    ingest(source, tmp_path / "clean", earlier=tmp_path / "clean", say=say)
    assert json.loads((tmp_path / "clean" / "lineage.json").read_text())["key"] == {}
