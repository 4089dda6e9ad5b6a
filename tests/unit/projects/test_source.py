"""Tables are read from every format, and what cannot be read is refused with a sentence."""

import bz2
import gzip
import lzma
from pathlib import Path

import pandas as pd
import pytest

from projects.errors import BadInput
from projects.ingest.source import SKLEARN_TABLES, model_name, read_table

FRAME = pd.DataFrame({"größe": [1.5, 2.0], "名前": ["a", "b"]})


def test_a_csv_is_read(tmp_path):
    path = tmp_path / "my data.csv"
    FRAME.to_csv(path, index=False)
    table = read_table(str(path))
    pd.testing.assert_frame_equal(table.frame, FRAME)
    assert (table.name, len(table.sha256)) == ("my_data", 64)


def test_a_parquet_file_is_read(tmp_path):
    FRAME.to_parquet(tmp_path / "t.parquet")
    pd.testing.assert_frame_equal(read_table(str(tmp_path / "t.parquet")).frame, FRAME)


@pytest.mark.parametrize("suffix", ["jsonl", "ndjson", "json"])
def test_json_lines_are_read(tmp_path, suffix):
    path = tmp_path / f"t.{suffix}"
    FRAME.to_json(path, orient="records", lines=True)
    pd.testing.assert_frame_equal(read_table(str(path)).frame, FRAME)


def test_a_json_array_of_objects_is_read(tmp_path):
    FRAME.to_json(tmp_path / "t.json", orient="records")
    pd.testing.assert_frame_equal(read_table(str(tmp_path / "t.json")).frame, FRAME)


@pytest.mark.parametrize(("suffix", "opener"), [("gz", gzip.open), ("bz2", bz2.open), ("xz", lzma.open)])
def test_packed_text_is_read(tmp_path, suffix, opener):
    path = tmp_path / f"t.csv.{suffix}"
    with opener(path, "wt", encoding="utf-8") as file:
        FRAME.to_csv(file, index=False)
    pd.testing.assert_frame_equal(read_table(str(path)).frame, FRAME)


@pytest.mark.parametrize("name", SKLEARN_TABLES)
def test_scikit_learns_tables_are_read(name):
    table = read_table(f"sklearn:{name}")
    assert (table.name, table.target) == (name, "target")
    assert "target" in table.frame.columns


def test_the_digest_of_a_table_stays_the_same():
    assert read_table("sklearn:iris").sha256 == read_table("sklearn:iris").sha256


@pytest.mark.parametrize(
    ("mark", "name"), [(";", "t.csv"), ("\t", "t.tsv"), ("|", "t.csv"), (",", "t.tsv"), ("\t", "t.csv")]
)
def test_the_delimiter_is_found(tmp_path, mark, name):
    FRAME.assign(text=["x, y; z", "q"]).to_csv(tmp_path / name, index=False, sep=mark)
    assert list(read_table(str(tmp_path / name)).frame.columns) == ["größe", "名前", "text"]


def test_a_byte_order_mark_is_no_part_of_the_first_name(tmp_path):
    (tmp_path / "t.csv").write_text("a,b\n1,2\n", encoding="utf-8-sig")
    assert list(read_table(str(tmp_path / "t.csv")).frame.columns) == ["a", "b"]


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("a/My table.csv.gz", "My_table"),
        ("x.parquet", "x"),
        ("été.csv", "été"),
        ("---.csv", "---"),
        ("!.csv", "model"),
    ],
)
def test_the_models_name_comes_from_the_files(path, name):
    assert model_name(Path(path)) == name


def refused(place, match):
    with pytest.raises(BadInput, match=match):
        read_table(str(place))


def test_a_missing_file_is_refused_with_near_names(tmp_path):
    (tmp_path / "churn.csv").write_text("a\n1\n")
    refused(tmp_path / "chrun.csv", r"there is no file '.*chrun\.csv'.*; did you mean 'churn\.csv'\?")


def test_a_missing_folder_is_said(tmp_path):
    refused(tmp_path / "no" / "x.csv", "there is no folder '.*no' either")


def test_a_folder_is_refused(tmp_path):
    refused(tmp_path, "is a folder; name one file in it")


def test_an_empty_file_is_refused(tmp_path):
    (tmp_path / "t.csv").touch()
    refused(tmp_path / "t.csv", "is empty; a table needs a header and rows")


def test_a_file_of_blank_lines_is_refused(tmp_path):
    (tmp_path / "t.csv").write_text("\n\n\n")
    refused(tmp_path / "t.csv", "has no header; its first line must name the columns")


def test_a_header_without_rows_is_refused(tmp_path):
    (tmp_path / "t.csv").write_text("a,b\n")
    refused(tmp_path / "t.csv", "has a header but no rows")


def test_an_unknown_suffix_is_refused(tmp_path):
    (tmp_path / "t.docx").write_text("a")
    refused(tmp_path / "t.docx", r"must end in \.csv, \.tsv, \.parquet, .* not in '\.docx'")


def test_duplicate_column_names_are_refused(tmp_path):
    (tmp_path / "t.csv").write_text("a,b,a\n1,2,3\n")
    refused(tmp_path / "t.csv", "has more than one column 'a'; rename one")


def test_a_row_with_too_many_cells_is_refused(tmp_path):
    (tmp_path / "t.csv").write_text("a,b\n1,2\n3,4,5\n")
    refused(tmp_path / "t.csv", "cannot be read as a table; .*Expected 2 fields in line 3, saw 3")


def test_rows_longer_than_the_header_are_refused_and_not_shifted(tmp_path):
    (tmp_path / "t.csv").write_text("a,b\n1,2,3\n3,4,5\n")
    refused(tmp_path / "t.csv", "cannot be read as a table")


def test_text_that_is_not_utf8_is_refused(tmp_path):
    (tmp_path / "t.csv").write_bytes("a,b\né,1\n".encode("latin-1"))
    refused(tmp_path / "t.csv", "must be text in UTF-8; byte 0xe9 is not. Save it as UTF-8")


def test_broken_parquet_is_refused(tmp_path):
    (tmp_path / "t.parquet").write_bytes(b"PAR1nonsense")
    refused(tmp_path / "t.parquet", "cannot be read as Parquet")


@pytest.mark.parametrize("text", ['{"a": 1}\n{"a": ', "[1, 2]\n", "nonsense\n"])
def test_broken_json_lines_are_refused(tmp_path, text):
    (tmp_path / "t.jsonl").write_text(text)
    refused(tmp_path / "t.jsonl", "must hold one JSON object a line")


def test_broken_gzip_is_refused(tmp_path):
    (tmp_path / "t.csv.gz").write_bytes(b"not gzip")
    refused(tmp_path / "t.csv.gz", "cannot be read as a table; Not a gzipped file")


def test_an_unknown_sklearn_table_is_refused():
    refused("sklearn:irsi", r"scikit-learn brings no table 'irsi'; did you mean 'iris'\?")


def test_no_table_at_all_is_refused():
    refused("", "name the table with -P data=FILE")


LONG = b"a,b\n" + b"1,2\n" * 100_000


def middle_broken(packed):
    at = len(packed) // 2
    return packed[:at] + bytes(byte ^ 0xFF for byte in packed[at : at + 8]) + packed[at + 8 :]


def test_a_byte_that_is_no_utf8_far_down_is_refused(tmp_path):
    (tmp_path / "t.csv").write_bytes(LONG + b"3,caf\xe9\n")
    with pytest.raises(BadInput, match=r"t.csv' must be text in UTF-8; byte 0xe9 is not\. Save it as UTF-8"):
        read_table(str(tmp_path / "t.csv"))


@pytest.mark.parametrize(
    ("suffix", "pack"), [("gz", gzip.compress), ("bz2", bz2.compress), ("xz", lzma.compress)]
)
@pytest.mark.parametrize("broken", [middle_broken, lambda packed: packed[: len(packed) // 2]])
def test_a_packed_table_that_is_broken_or_cut_is_refused(tmp_path, suffix, pack, broken):
    import random

    lines = "\n".join(f"{random.Random(n).random()},{n}" for n in range(20_000))
    path = tmp_path / f"t.csv.{suffix}"
    path.write_bytes(broken(pack(f"a,b\n{lines}\n".encode())))
    with pytest.raises(BadInput, match=rf"t\.csv\.{suffix}' "):
        read_table(str(path))


def test_json_that_is_no_utf8_is_refused(tmp_path):
    (tmp_path / "t.json").write_bytes(b'[{"a": "caf\xe9"}]')
    with pytest.raises(BadInput, match="must be text in UTF-8; byte 0xe9 is not"):
        read_table(str(tmp_path / "t.json"))
