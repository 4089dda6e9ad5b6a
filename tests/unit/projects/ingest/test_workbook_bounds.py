"""Workbooks that would take all memory are refused before a reader holds them."""

import time
import zipfile

import openpyxl
import pandas as pd
import pytest

from projects.ingest import workbook_bounds
from projects.ingest.raw import FoundFile, Unreadable
from projects.ingest.workbook_bounds import check_workbook

SHEET = "xl/worksheets/sheet1.xml"
ODS = '<o:doc xmlns:o="o" xmlns:office="o" xmlns:table="t"><table:table>{}</table:table></o:doc>'


def book(path, content, name=SHEET):
    pieces = [content] if isinstance(content, str) else content
    with (
        zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive,
        archive.open(name, "w", force_zip64=True) as part,
    ):
        for piece in pieces:
            part.write(piece.encode())
    return FoundFile(path, path.name, is_named=True)


def sheet(cells):
    return f"<worksheet><sheetData>{cells}</sheetData></worksheet>"


FAR = [
    '<row r="1"><c r="A1"/></row><row r="1048576"><c r="XFD1048576"><v>1</v></c></row>',
    "<row r='1'><c r='A1'/></row><row><c s='1' r='XFD1048576'><v>1</v></c></row>",
    '<x:row r="1"><x:c r="A1"/><x:c r="XFD1048576"><x:v>1</x:v></x:c></x:row>',
    '<row r="1048570">' + "<c><v>1</v></c>" * 100 + "</row>",
    '<row><c r="&#88;FD1048576"/></row>',
]


@pytest.mark.parametrize("cells", FAR)
def test_cells_that_lie_far_apart_are_refused_however_they_are_written(tmp_path, cells):
    told = r"has cells in row 1,048,57\d and in column (16,384|100); .* save it as CSV"
    text = sheet(cells).replace("<worksheet>", '<worksheet xmlns:x="x">')
    with pytest.raises(Unreadable, match=told):
        check_workbook(book(tmp_path / "t.xlsx", text), "xlsx")


@pytest.mark.parametrize("target", ["rows/one.xml", "/xl/rows/one.bin", "xl\\rows\\ONE.xml"])
def test_a_sheet_is_found_by_any_name(tmp_path, target):
    near, far = sheet('<row r="1"><c r="A1"/></row>'), sheet(FAR[0])
    path, part = tmp_path / "t.xlsx", target.replace("\\", "/").removeprefix("/")
    file = book(path, near)
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr(part if part.startswith("xl/") else f"xl/{part}", far)
        archive.writestr(
            "xl/workbook.xml",
            '<w xmlns:r="r"><sheets><sheet name="a" sheetId="1" r:id="rId7"/></sheets></w>',
        )
        archive.writestr(
            "xl/_rels/workbook.xml.rels", f'<r><Relationship Id="rId7" Type="t" Target="{target}"/></r>'
        )
    with pytest.raises(Unreadable, match=r"has cells in row 1,048,576 and in column 16,384"):
        check_workbook(file, "xlsx")


def test_what_unpacks_to_far_more_than_its_size_is_refused_fast(tmp_path):
    file = book(tmp_path / "t.xlsx", (" " * 1_000_000 for _ in range(400)))
    started = time.thread_time()
    with pytest.raises(Unreadable, match="unpacks to more than 268 MB, which is too much for a workbook"):
        check_workbook(file, "xlsx")
    assert time.thread_time() - started < 5


def test_a_part_that_lies_about_its_size_is_found_out(tmp_path, monkeypatch):
    monkeypatch.setattr(workbook_bounds, "FREE_BYTES", 100_000)
    monkeypatch.setattr(workbook_bounds, "LARGEST_RATIO", 1)
    file = book(tmp_path / "t.xlsx", sheet(" " * 1_000_000))
    raw = bytearray(file.path.read_bytes())
    at = raw.rindex(b"PK\x01\x02") + 24
    raw[at : at + 4] = (100).to_bytes(4, "little")
    file.path.write_bytes(raw)
    with pytest.raises(Unreadable, match="unpacks to more than 0 MB"):
        check_workbook(file, "xlsx")


def test_a_part_that_is_longer_than_it_says_is_broken(tmp_path):
    file = book(tmp_path / "t.xlsx", sheet(""))
    raw = bytearray(file.path.read_bytes())
    at = raw.rindex(b"PK\x01\x02") + 24
    raw[at : at + 4] = (10).to_bytes(4, "little")
    file.path.write_bytes(raw)
    with pytest.raises(Unreadable, match="a part is not as long as it says"):
        check_workbook(file, "xlsx")


def test_entities_that_multiply_are_refused(tmp_path):
    names = [f'<!ENTITY a{at} "{f"&a{at - 1};" * 20 if at else "x" * 100}">' for at in range(9)]
    text = f"<!DOCTYPE w [{''.join(names)}]><worksheet><row><c s='1'>&a8;</c></row></worksheet>"
    with pytest.raises(Unreadable, match="is a broken workbook"):
        check_workbook(book(tmp_path / "t.xlsx", text), "xlsx")


def test_workbooks_of_excel_and_pandas_pass(tmp_path):
    frame = pd.DataFrame({"n": range(2000), "t": "some text"})
    frame.to_excel(tmp_path / "t.xlsx", index=False, engine="openpyxl")
    check_workbook(FoundFile(tmp_path / "t.xlsx", "t.xlsx", is_named=True), "xlsx")
    written = openpyxl.Workbook(write_only=True)
    lines = written.create_sheet()
    for at in range(3000):
        lines.append([at, "a"])
    written.save(tmp_path / "u.xlsx")
    check_workbook(FoundFile(tmp_path / "u.xlsx", "u.xlsx", is_named=True), "xlsx")


def test_a_sheet_of_many_blocks_is_looked_through(tmp_path, monkeypatch):
    monkeypatch.setattr(workbook_bounds, "BLOCK_BYTES", 100)
    monkeypatch.setattr(workbook_bounds, "MOST_CELLS", 199)
    rows = "".join(f'<row r="{at}"><c r="A{at}"/><c r="B{at}"/></row>' for at in range(1, 101))
    with pytest.raises(Unreadable, match="has cells in row 100 and in column 2;"):
        check_workbook(book(tmp_path / "t.xlsx", sheet(rows)), "xlsx")
    monkeypatch.setattr(workbook_bounds, "MOST_CELLS", 200)
    check_workbook(book(tmp_path / "t.xlsx", sheet(rows)), "xlsx")


def test_open_documents_count_repeated_cells_but_not_empty_ends(tmp_path):
    value = '<table:table-cell office:value-type="float" table:number-columns-repeated="{}"/>'
    ends = '<table:table-row table:number-rows-repeated="1048575"><table:table-cell/></table:table-row>'
    fine = f"<table:table-row>{value.format(2)}</table:table-row>{ends}"
    check_workbook(book(tmp_path / "a.ods", ODS.format(fine), "content.xml"), "ods")
    bomb = f"<table:table-row>{value.format(10**12)}</table:table-row>"
    with pytest.raises(Unreadable, match="in column 1,000,000,000,000;"):
        check_workbook(book(tmp_path / "b.ods", ODS.format(bomb), "content.xml"), "ods")
