"""Files of every format, encoding and packing are read; what cannot be read is refused with a sentence."""

import bz2
import gzip
import json
import lzma
import sqlite3
import zipfile

import pandas as pd
import pyarrow as pa
import pytest

from projects.errors import BadInput

FRAME = pd.DataFrame({"größe": [1.5, 2.0], "名前": ["a", "b"]})
ROWS = [(1.5, "a"), (2.0, "b")]


def written(tmp_path, name, content):
    path = tmp_path / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content if isinstance(content, bytes) else content.encode("utf-8"))
    return path


def csv_of(frame=FRAME, **options):
    return frame.to_csv(index=False, **options)


def refused(clean, source, match, **options):
    with pytest.raises(BadInput, match=match):
        clean(source, **options)


@pytest.mark.parametrize("mark", [",", ";", "\t", "|", ":", " "])
def test_the_delimiter_is_found(clean, tmp_path, mark):
    table = clean(written(tmp_path, "t.csv", csv_of(sep=mark)))
    assert (table.rows(), list(table.types)) == (ROWS, list(FRAME.columns))


@pytest.mark.parametrize("line_end", ["\n", "\r\n", "\r"])
def test_line_ends_are_found(clean, tmp_path, line_end):
    assert clean(written(tmp_path, "t.csv", csv_of(lineterminator=line_end))).rows() == ROWS


def test_line_ends_may_be_mixed(clean, tmp_path):
    assert clean(written(tmp_path, "t.csv", b"a,b\n1,x\r\n2,y\n3,z\r\n")).rows() == [
        (1, "x"),
        (2, "y"),
        (3, "z"),
    ]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32"])
def test_unicode_encodings_are_found(clean, tmp_path, encoding):
    table = clean(written(tmp_path, "t.csv", csv_of().encode(encoding)))
    assert (table.rows(), list(table.types)) == (ROWS, list(FRAME.columns))


@pytest.mark.parametrize(
    ("encoding", "text"),
    [
        ("cp1252", "café € naïve"),
        ("latin-1", "größe"),
        ("cp1251", "Широкая электрификация южных губерний даст мощный толчок"),
        ("shift_jis", "いろはにほへと ちりぬるを わかよたれそ つねならむ"),
        ("gb18030", "我能吞下玻璃而不伤身体我能吞下玻璃而不伤身体"),
    ],
)
def test_other_encodings_are_guessed(clean, tmp_path, encoding, text):
    content = f"a,b\n1,{text}\n2,x\n".encode(encoding)
    assert clean(written(tmp_path, "t.csv", content)).column("b")[0] == text


def test_a_byte_that_lies_far_down_does_not_spoil_the_rest(clean, tmp_path):
    lines = "".join(f"{n},größe\n" for n in range(20_000)).encode()
    table = clean(written(tmp_path, "t.csv", b"a,b\n" + lines + b"7,caf\xe9\n"))
    assert (table.column("b")[0], table.column("b")[-1]) == ("größe", "café")
    assert "some bytes are not UTF-8 like the rest" in table.notices


def test_the_encoding_is_written_down(clean, tmp_path):
    table = clean(written(tmp_path, "t.csv", "a,b\n1,café\n".encode("cp1252")))
    fact = json.loads((table.result.folder / "lineage.json").read_text())["files"][0]
    assert (fact["encoding"], fact["delimiter"], fact["rows"], len(fact["sha256"])) == ("cp1252", ",", 1, 64)


@pytest.mark.parametrize(
    ("suffix", "pack"), [("gz", gzip.compress), ("bz2", bz2.compress), ("xz", lzma.compress)]
)
def test_packed_text_is_read(clean, tmp_path, suffix, pack):
    assert clean(written(tmp_path, f"t.csv.{suffix}", pack(csv_of().encode()))).rows() == ROWS


def test_zstd_is_read(clean, tmp_path):
    packed = pa.compress(csv_of().encode(), codec="zstd", asbytes=True)
    assert clean(written(tmp_path, "t.csv.zst", packed)).rows() == ROWS


def zipped(tmp_path, files, name="t.zip"):
    with zipfile.ZipFile(tmp_path / name, "w", zipfile.ZIP_DEFLATED) as archive:
        for inner, content in files.items():
            archive.writestr(inner, content)
    return tmp_path / name


def test_the_members_of_a_zip_are_stacked(clean, tmp_path):
    place = zipped(
        tmp_path, {"a.csv": "x,y\n1,a\n", "b.csv": "x,y\n2,b\n", "__MACOSX/a.csv": "?", "read.me": "?"}
    )
    table = clean(place)
    assert table.rows() == [(1, "a"), (2, "b")]
    assert [entry.reason for entry in table.result.skipped] == ["'.me' is no format of tables"]


def test_a_csv_in_a_zip_in_a_zip_is_read(clean, tmp_path):
    inner = zipped(tmp_path, {"a.csv": "x,y\n1,a\n"}, "inner.zip").read_bytes()
    assert clean(zipped(tmp_path, {"inner.zip": inner})).rows() == [(1, "a")]


@pytest.mark.parametrize("name", ["parquet", "json", "xlsx", "zip", "gz", "sqlite"])
def test_a_csv_that_is_something_else_is_read_as_what_it_is(clean, tmp_path, name):
    frame = FRAME.rename(columns={"größe": "a"})
    path = tmp_path / "made"
    if name == "parquet":
        frame.to_parquet(path)
    elif name == "json":
        frame.to_json(path, orient="records")
    elif name == "xlsx":
        frame.to_excel(path, index=False, engine="openpyxl")
    elif name == "zip":
        zipped(tmp_path, {"x.csv": csv_of(frame)}, "made")
    elif name == "gz":
        path.write_bytes(gzip.compress(csv_of(frame).encode()))
    else:
        with sqlite3.connect(path) as base:
            frame.to_sql("t", base, index=False)
    assert clean(path.rename(tmp_path / "lie.csv")).rows() == ROWS


@pytest.mark.parametrize("orient", ["records", "columns", "list", "split"])
def test_json_tables_are_read(clean, tmp_path, orient):
    content = json.dumps(FRAME.to_dict("list")) if orient == "list" else FRAME.to_json(orient=orient)
    assert clean(written(tmp_path, "t.json", content)).rows() == ROWS


@pytest.mark.parametrize("suffix", ["json", "jsonl", "ndjson", "csv"])
def test_json_lines_are_read(clean, tmp_path, suffix):
    assert clean(written(tmp_path, f"t.{suffix}", FRAME.to_json(orient="records", lines=True))).rows() == ROWS


def test_rows_under_a_key_are_found(clean, tmp_path):
    content = json.dumps({"count": 2, "data": [{"a": 1, "b": "x"}, {"a": 2, "b": "y"}]})
    assert clean(written(tmp_path, "t.json", content)).rows() == [(1, "x"), (2, "y")]


def test_one_level_of_objects_is_laid_flat(clean, tmp_path):
    rows = [{"a": 1, "b": {"c": 2, "d": {"e": 3}}, "f": [1, 2]}, {"a": 4, "b": None, "late": "x"}]
    table = clean(written(tmp_path, "t.jsonl", "\n".join(map(json.dumps, rows))))
    assert table.rows('SELECT a, "b.c", "b.d", f, late FROM t') == [
        (1, 2, '{"e":3}', "[1,2]", None), (4, None, None, None, "x"),
    ]  # fmt: skip


def test_json_of_python_with_nan_is_read(clean, tmp_path):
    assert clean(written(tmp_path, "t.jsonl", '{"a": 1.5}\n{"a": NaN}\n')).column("a") == [1.5, None]


def test_parquet_keeps_its_types(clean, tmp_path):
    path = tmp_path / "t.parquet"
    frame = pd.DataFrame({
        "n": [1, 2], "f": [0.5, float("inf")], "d": pd.to_datetime(["2020-01-02", None]), "b": [True, False],
        "zip": ["007", "123"],
    })  # fmt: skip
    frame.to_parquet(path)
    table = clean(path)
    assert table.types == {"n": "BIGINT", "f": "DOUBLE", "d": "TIMESTAMP", "b": "BOOLEAN", "zip": "VARCHAR"}
    assert table.column("f") == [0.5, None]


def test_a_struct_of_parquet_becomes_columns(clean, tmp_path):
    path = tmp_path / "t.parquet"
    pd.DataFrame({"a": [{"b": 1, "c": "x"}, {"b": 2, "c": "y"}], "l": [[1], [2, 3]]}).to_parquet(path)
    table = clean(path)
    assert table.rows() == [(1, "x", "[1]"), (2, "y", "[2,3]")]
    assert list(table.types) == ["a.b", "a.c", "l"]


def test_each_sheet_with_other_columns_is_a_table(clean, tmp_path):
    with pd.ExcelWriter(tmp_path / "t.xlsx", engine="openpyxl") as book:
        FRAME.to_excel(book, sheet_name="one", index=False)
        pd.DataFrame({"p": [1], "q": ["z"]}).to_excel(book, sheet_name="two", index=False)
        pd.DataFrame().to_excel(book, sheet_name="empty", index=False)
    table = clean(tmp_path / "t.xlsx", target="größe")
    assert (table.rows(), [found.name for found in table.result.tables]) == (ROWS, ["t_one", "t_two"])


def test_titles_and_blank_rows_above_a_sheet_are_passed_over(clean, tmp_path):
    cells = [["Report of May", None], [None, None], ["a", "b"], [1, "x"], [2, "y"]]
    pd.DataFrame(cells).to_excel(tmp_path / "t.xlsx", index=False, header=False, engine="openpyxl")
    assert clean(tmp_path / "t.xlsx").rows() == [(1, "x"), (2, "y")]


def test_titles_above_a_csv_are_passed_over(clean, tmp_path):
    assert clean(written(tmp_path, "t.csv", "Report of May\n\na,b\n1,x\n2,y\n")).rows() == [
        (1, "x"),
        (2, "y"),
    ]


def test_excels_hint_about_the_delimiter_is_taken(clean, tmp_path):
    assert clean(written(tmp_path, "t.csv", "sep=;\na;b\n1;x\n2;y\n")).rows() == [(1, "x"), (2, "y")]


def test_a_file_without_a_header_gets_numbered_columns(clean, tmp_path):
    table = clean(written(tmp_path, "t.csv", "1,x\n2,y\n"))
    assert (list(table.types), table.rows()) == (["column_1", "column_2"], [(1, "x"), (2, "y")])
    assert "no header: columns are numbered" in table.notices


def test_labels_that_come_again_below_are_no_header(clean, tmp_path):
    table = clean(written(tmp_path, "t.csv", "ham,hello\nspam,win now\nham,hi\nham,see you\nspam,cash\n"))
    assert table.result.rows == 5


def test_years_may_be_names(clean, tmp_path):
    assert list(clean(written(tmp_path, "t.csv", "land,2010,2011\nA,1,2\nB,3,4\n")).types) == [
        "land",
        "2010",
        "2011",
    ]


def test_names_are_made_whole_and_each_change_is_said(clean, tmp_path):
    table = clean(written(tmp_path, "t.csv", "a, b ,,a,A,größe\n1,2,3,4,5,6\n"))
    assert list(table.types) == ["a", "b", "column_3", "a_2", "A_3", "größe"]
    assert (
        "columns renamed: ' b ' is 'b', column 3 is 'column_3', 'a' is 'a_2', 'A' is 'A_3'" in table.notices
    )


def test_quotes_hold_delimiters_and_line_ends(clean, tmp_path):
    assert clean(written(tmp_path, "t.csv", 'a,b\n1,"x, ""y""\nz"\n2,w\n')).column("b") == ['x, "y"\nz', "w"]


def test_backslashes_may_hold_quotes(clean, tmp_path):
    content = "a,b\n" + 'x,"say \\"hi\\", you"\n' * 3
    assert clean(written(tmp_path, "t.csv", content)).column("b")[0] == 'say "hi", you'


def test_quotes_that_are_letters_swallow_no_rows(clean, tmp_path):
    lines = [f'{n}\t"quote {n}\tx' if n % 400 == 399 else f"{n}\tplain {n}\tx" for n in range(2000)]
    table = clean(written(tmp_path, "t.tsv", "\n".join(["n\ttext\tz", *lines]) + "\n"))
    assert (table.result.rows, table.column("text")[399]) == (2000, '"quote 399')


def test_a_short_row_is_filled_up_and_said(clean, tmp_path):
    table = clean(written(tmp_path, "t.csv", "a,b,c\n1,2,3\n4,5\n"))
    assert table.rows() == [(1, 2, 3), (4, 5, None)]
    assert "1 row with fewer cells than the header got gaps" in table.notices


def test_empty_cells_beyond_the_last_column_are_cut_off(clean, tmp_path):
    assert clean(written(tmp_path, "t.csv", "a,b\n1,2,\n3,4,\n5,6,\n")).rows() == [(1, 2), (3, 4), (5, 6)]


def test_a_few_rows_that_are_too_long_are_left_out_and_said(clean, tmp_path):
    lines = [f"{n},x" for n in range(5000)] + ["1,2,3"]
    table = clean(written(tmp_path, "t.csv", "a,b\n" + "\n".join(lines)))
    assert table.result.rows == 5000
    assert "left out 1 row with more cells than columns: line 5002 has 3: 1,2,3" in table.notices


def test_many_rows_that_are_too_long_are_refused(clean, tmp_path):
    path = written(tmp_path, "t.csv", "a,b\n1,2\n3,4,5\n")
    refused(
        clean,
        path,
        "cannot be read as a table; 1 of its rows has more cells than the 2 .* line 3 has 3: 3,4,5",
    )


def test_a_line_of_many_megabytes_is_read(clean, tmp_path):
    table = clean(written(tmp_path, "t.csv", "a,b\n1,x\n2," + "y" * 5_000_000 + "\n"))
    assert [len(cell) for cell in table.column("b")] == [1, 5_000_000]


def test_a_database_file_gives_its_tables(clean, tmp_path):
    with sqlite3.connect(tmp_path / "shop.db") as base:
        pd.DataFrame({"customer_id": [1, 2], "y": [0, 1]}).to_sql("orders", base, index=False)
        pd.DataFrame({"id": [1, 2], "city": ["A", "B"]}).to_sql("customers", base, index=False)
    table = clean(tmp_path / "shop.db", target="y")
    assert table.rows() == [(1, 0, "A"), (2, 1, "B")]


@pytest.mark.parametrize(
    ("name", "content", "match"),
    [
        ("t.csv", b"", r"t\.csv' is empty; a table needs a header and rows"),
        ("t.csv", b"\n\n\n", "has no header; its first line must name the columns"),
        ("t.csv", b"a,b\n", "has a header but no rows"),
        ("t.parquet", b"PAR1nonsense", "cannot be read as Parquet"),
        ("t.jsonl", b'{"a": 1}\n{"a": ', r"must hold one JSON object a line; line 2 is '{\"a\":'"),
        ("t.jsonl", b"[1, 2]\n", "must hold a list of JSON objects, or one JSON object a line"),
        ("t.json", b"nonsense\n", "must hold one JSON object a line; line 1 is 'nonsense'"),
        ("t.xlsx", b"PK\x03\x04nonsense", "is a broken zip file"),
        ("t.csv.gz", b"\x1f\x8bnonsense", "is a broken gzip file"),
        ("t.zip", b"PK\x03\x04nonsense", "is a broken zip file .*; fetch or pack it again"),
        ("t.xls", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1nonsense", "cannot be read as xls"),
        ("t.csv", b"%PDF-1.4 ...", "is a PDF document, not a table"),
        ("t.dat", bytes(range(256)) * 20, "is a binary file of no known kind, not a table"),
    ],
)  # fmt: skip
def test_what_is_no_table_is_refused(clean, tmp_path, name, content, match):
    refused(clean, written(tmp_path, name, content), match)


@pytest.mark.parametrize(
    ("suffix", "pack"), [("gz", gzip.compress), ("bz2", bz2.compress), ("xz", lzma.compress)]
)
def test_a_packed_file_that_is_cut_is_refused(clean, tmp_path, suffix, pack):
    packed = pack("\n".join(f"{n},{n * 7919 % 1000}" for n in range(20_000)).encode())
    refused(
        clean,
        written(tmp_path, f"t.csv.{suffix}", packed[: len(packed) // 2]),
        rf"t\.csv\.{suffix}' is a broken",
    )


def test_a_zip_with_a_broken_member_is_refused(clean, tmp_path):
    path = zipped(tmp_path, {"a.csv": "x,y\n" + "1,2\n" * 5000})
    content = bytearray(path.read_bytes())
    content[40:50] = b"0123456789"
    path.write_bytes(content)
    refused(clean, path, "is a broken zip file")


def test_a_bomb_is_not_unpacked(clean, tmp_path, monkeypatch):
    monkeypatch.setattr("projects.ingest.unpack.FREE_RATIO_BYTES", 1_000_000)
    refused(clean, zipped(tmp_path, {"a.csv": b"0" * 20_000_000}), "unpacks to more than .* MB")


def test_an_encrypted_zip_is_refused(clean, tmp_path):
    path = zipped(tmp_path, {"a.csv": "x,y\n1,2\n"})
    content = bytearray(path.read_bytes())
    for at in (content.find(b"PK\x03\x04") + 6, content.find(b"PK\x01\x02") + 8):
        content[at] |= 1
    path.write_bytes(content)
    refused(clean, path, r"is a broken zip file \(it is encrypted\)")


def test_a_million_columns_are_refused(clean, tmp_path):
    header = ",".join(f"c{at}" for at in range(1_000_000))
    line = ",".join("1" * 1_000_000)
    refused(clean, written(tmp_path, "t.csv", f"{header}\n{line}\n{line}\n"), "at most 20,000 are read")
