"""The csv-spectrum files are read to the letter."""

import json

import pytest

from projects.ingest.exact import read_table_exactly

NAMES = [
    "comma_in_quotes", "empty", "empty_crlf", "escaped_quotes", "json", "newlines", "newlines_crlf",
    "quotes_and_newlines", "simple", "simple_crlf", "utf8",
]  # fmt: skip


def wanted_of(folder, name):
    found = json.loads((folder / "json" / f"{name}.json").read_text("utf-8"))
    return found if isinstance(found, list) else [found]


@pytest.mark.parametrize("line_end", ["\n", "\r\n"])
@pytest.mark.parametrize("name", NAMES)
def test_a_file_gives_what_its_json_says(shared_data, tmp_path, name, line_end):
    folder = shared_data / "messy/csv_spectrum"
    text = (folder / "csvs" / f"{name}.csv").read_bytes().decode("utf-8").replace("\r\n", "\n")
    (tmp_path / "t.csv").write_bytes(text.replace("\n", line_end).encode("utf-8"))
    names, rows = read_table_exactly(tmp_path / "t.csv")
    wanted = [
        {key: cell.replace("\r\n", "\n").replace("\n", line_end) for key, cell in row.items()}
        for row in wanted_of(folder, name)
    ]
    assert [dict(zip(names, row, strict=True)) for row in rows] == wanted


def test_coordinates_are_read_to_the_letter(shared_data):
    folder = shared_data / "messy/csv_spectrum"
    names, rows = read_table_exactly(folder / "csvs/location_coordinates.csv")
    # The JSON of this one has another telephone number than the CSV.
    wanted = wanted_of(folder, "location_coordinates")[0] | {"Contact Phone Number": "2095257564"}
    assert [dict(zip(names, row, strict=True)) for row in rows] == [wanted]
