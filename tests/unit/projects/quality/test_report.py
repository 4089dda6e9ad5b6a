"""The report: three files, one page that stands alone, nothing of the data read as markup."""

import json
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest

from projects.errors import BadInput
from projects.quality.__main__ import main
from projects.quality.report import write_report
from tests.unit.projects.quality.quality_tables import mixed, written

VOID = {"meta", "rect", "path", "br"}
NASTY = "<script>alert('x')</script>"


class Page(HTMLParser):
    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.texts: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID and tag not in ("tr", "th", "td"):
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag in self.open:
            assert self.open.pop() == tag
        else:
            assert tag in VOID

    def handle_data(self, data: str) -> None:
        self.texts.append(data)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    columns = mixed(600)
    columns[NASTY] = [NASTY, "</article>", '" onload="x', "| * `"] * 150
    written(tmp_path / "rows.parquet", columns)
    return tmp_path


def test_three_files_are_written(folder: Path) -> None:
    write_report(folder, target="target", title="Data quality: shop")
    assert {"quality.html", "quality.md", "quality.json"} < {path.name for path in folder.iterdir()}


def test_nothing_of_the_data_is_read_as_markup(folder: Path) -> None:
    write_report(folder, target=NASTY, title=NASTY)
    page = Page((folder / "quality.html").read_text(encoding="utf-8"))
    assert "script" not in {tag for tag, _ in page.tags}
    assert not any(name.startswith("on") for _, attributes in page.tags for name in attributes)
    assert any(NASTY in text for text in page.texts)
    assert page.open in (["html"], [])


def test_the_page_stands_alone(folder: Path) -> None:
    write_report(folder, target="target", title="shop")
    page = Page((folder / "quality.html").read_text(encoding="utf-8"))
    assert {"link", "img", "iframe", "script"}.isdisjoint(tag for tag, _ in page.tags)
    links = [attributes["href"] for tag, attributes in page.tags if tag == "a"]
    ids = {attributes["id"] for _, attributes in page.tags if "id" in attributes}
    assert links
    assert all(str(link).removeprefix("#") in ids for link in links)


def test_every_picture_is_named_for_those_who_listen(folder: Path) -> None:
    write_report(folder, target="target", title="shop")
    page = Page((folder / "quality.html").read_text(encoding="utf-8"))
    pictures = [attributes for tag, attributes in page.tags if tag == "svg"]
    assert pictures
    assert all(attributes["role"] == "img" and attributes["aria-label"] for attributes in pictures)


def test_the_page_of_50_columns_is_small(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    columns = {f"number {at}": rng.lognormal(size=500) for at in range(25)}
    columns |= {f"text {at}": [f"a long label {k}" for k in rng.integers(0, 30, 500)] for at in range(25)}
    written(tmp_path / "rows.parquet", columns)
    write_report(tmp_path, title="wide")
    assert (tmp_path / "quality.html").stat().st_size < 150_000


def test_markdown_keeps_its_tables_whole(folder: Path) -> None:
    write_report(folder, target="target", title="shop")
    lines = (folder / "quality.md").read_text(encoding="utf-8").splitlines()
    rows = [line.replace("\\|", "") for line in lines[lines.index("## Columns") :] if line.startswith("|")]
    assert len(rows) == 2 + 9
    assert {row.count("|") for row in rows} == {6}


def test_json_holds_every_column_and_no_nan(folder: Path) -> None:
    found = write_report(folder, target="target", title="shop")
    told = json.loads((folder / "quality.json").read_text(encoding="utf-8"), parse_constant=pytest.fail)
    assert [column["name"] for column in told["columns"]] == [column.name for column in found.columns]
    assert told["columns"][0]["numbers"]["quantiles"]["0.5"] == found.columns[0].numbers.quantiles[0.5]


def test_what_reading_has_changed_is_told_from_the_schema(folder: Path) -> None:
    column = {
        "name": "amount", "original": "Amount ($)", "type": "number", "marks": {"?": 3},
        "examples": [["$1,325.0", "1325.0"]], "notes": ["all have two decimals"],
    }  # fmt: skip
    (folder / "schema.json").write_text(json.dumps({"columns": [column]}), encoding="utf-8")
    assert write_report(folder, title="shop").column("amount").note == (
        "was called 'Amount ($)'; read as missing: '?' (3); all have two decimals; '$1,325.0' became 1325.0"
    )


def test_a_folder_without_rows_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=r"rows.parquet' must be a readable Parquet file"):
        write_report(tmp_path, title="none")


def test_the_command_prints_findings_and_names_the_page(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([str(folder), "--target", "target"]) == 0
    out = capsys.readouterr().out
    assert "## Findings" in out
    assert f"the report is {folder / 'quality.html'}" in out


def test_the_command_prints_json_of_a_single_file(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(folder / "rows.parquet"), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["rows"] == 600
    assert not (folder / "quality.html").exists()


def test_the_command_answers_bad_input_with_a_sentence(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([str(folder), "--target", "taget"]) == 2
    assert "penstock: there is no column 'taget' to predict; did you mean 'target'" in capsys.readouterr().err


def test_years_are_written_without_commas(tmp_path: Path) -> None:
    years = np.arange(600) % 54 + 1965
    written(
        tmp_path / "rows.parquet",
        {"hired": years, "year_left": np.where(years == 2000, 9999, years), "price": years * 10.5},
    )
    write_report(tmp_path, title="staff")
    page = (tmp_path / "quality.html").read_text(encoding="utf-8")
    told = (tmp_path / "quality.md").read_text(encoding="utf-8")
    for text in (page, told):
        assert "1965 to 2018" in text
        assert "1965 to 9,999" in text
        assert "1,965" not in text
    assert "20,632.5 to 21,189" in told
