"""Every file of the shared data is read right: rows, columns, names, types and cells."""

import datetime as dt
import gzip
import json
from dataclasses import dataclass, field
from typing import Any

import pandas as pd
import pytest


@dataclass(frozen=True)
class Wanted:
    """What a file must give: cells are (row, column) and the value."""

    place: str
    rows: int
    columns: int
    types: dict[str, str]
    cells: dict[tuple[int, str], Any] = field(default_factory=dict)
    missing: dict[str, int] = field(default_factory=dict)


FILES = [
    Wanted(
        "tabular/telco_customer_churn.csv", 7043, 21,
        {"customerID": "VARCHAR", "tenure": "BIGINT", "TotalCharges": "DOUBLE", "Churn": "VARCHAR"},
        {(0, "TotalCharges"): 29.85, (0, "MultipleLines"): "No phone service", (7042, "Churn"): "No"},
        {"TotalCharges": 11},
    ),
    Wanted(
        "tabular/bank_semicolon.csv", 4521, 17,
        {"age": "BIGINT", "balance": "BIGINT", "poutcome": "VARCHAR", "y": "VARCHAR"},
        {(0, "job"): "unemployed", (0, "contact"): "cellular", (0, "poutcome"): "unknown"}, {"poutcome": 0},
    ),
    Wanted(
        "tabular/german_credit_named.csv", 1000, 21,
        {"status": "VARCHAR", "amount": "BIGINT", "other_debtors": "VARCHAR", "credit_risk": "BIGINT"},
        {(0, "status"): "... < 100 DM", (0, "personal_status_sex"): "male : single"},
        {"other_debtors": 0},
    ),
    Wanted(
        "tabular/titanic_train.csv", 891, 12,
        {"Survived": "BIGINT", "Name": "VARCHAR", "Age": "DOUBLE", "Ticket": "VARCHAR", "Cabin": "VARCHAR"},
        {(0, "Name"): "Braund, Mr. Owen Harris", (1, "Cabin"): "C85"}, {"Cabin": 687, "Age": 177},
    ),
    Wanted(
        "tabular/credit_card_default.csv.gz", 30_000, 25,
        {"LIMIT_BAL": "BIGINT", "default.payment.next.month": "BIGINT"},
        {(0, "BILL_AMT1"): 3913, (29_999, "LIMIT_BAL"): 50_000},
    ),
    Wanted(
        "tabular/bike_sharing_hour.csv.gz", 17_379, 17, {"dteday": "DATE", "temp": "DOUBLE", "cnt": "BIGINT"},
        {(0, "dteday"): dt.date(2011, 1, 1), (0, "cnt"): 16},
    ),
    Wanted(
        "tabular/cpu_act.tsv.gz", 8192, 22, {"lread": "DOUBLE", "target": "DOUBLE"}, {(0, "scall"): 1036.0},
    ),
    Wanted(
        "tabular/employee_salaries.csv.gz", 9228, 9,
        {"date_first_hired": "DATE", "year_first_hired": "BIGINT", "current_annual_salary": "DOUBLE"},
        {(0, "date_first_hired"): dt.date(1986, 9, 22), (0, "gender"): "F"}, {"gender": 17},
    ),
    Wanted(
        "text/news_aggregator_train.tsv.gz", 8878, 8, {"column_2": "VARCHAR", "column_8": "BIGINT"},
        {(0, "column_5"): "b", (0, "column_4"): "Huffington Post"},
    ),
    Wanted("text/news_aggregator_valid.tsv", 1109, 8, {"column_5": "VARCHAR"}, {(0, "column_5"): "b"}),
    Wanted("text/news_aggregator_test.tsv", 1109, 8, {"column_5": "VARCHAR"}, {(0, "column_4"): "Reuters"}),
    Wanted(
        "text/it_service_tickets.csv.gz", 47_837, 2, {"Document": "VARCHAR", "Topic_group": "VARCHAR"},
        {(0, "Topic_group"): "Hardware"},
    ),
    Wanted(
        "drift/elec2_capymoa.csv.gz", 45_312, 7, {"period": "DOUBLE", "class": "BIGINT"},
        {(1, "period"): 0.021277},
    ),
    Wanted(
        "drift/weather_noaa.csv", 18_159, 9, {"feat_1": "DOUBLE", "target": "BIGINT"},
        {(2, "feat_3"): 1004.6},
    ),
    Wanted("messy/mac_cr_line_endings.csv", 500, 25, {"ID": "BIGINT"}, {(0, "ID"): 1, (499, "ID"): 500}),
    Wanted(
        "messy/unicode_test.csv", 41, 5, {"phrase": "VARCHAR", "dttm": "DATE", "value": "DOUBLE"},
        {(0, "short_phrase"): "Под южно д", (1, "value"): 85.0}, {"with_missing": 5},
    ),
    Wanted("messy/us_unemployment.tsv", 3218, 2, {"id": "BIGINT", "rate": "DOUBLE"}, {(0, "rate"): 0.097}),
]  # fmt: skip


@pytest.mark.parametrize("wanted", FILES, ids=lambda wanted: wanted.place)
def test_a_file_is_read_right(shared_data, clean, wanted):
    table = clean(shared_data / wanted.place)
    assert (table.result.rows, len(table.result.columns)) == (wanted.rows, wanted.columns)
    assert {name: table.types[name] for name in wanted.types} == wanted.types
    for (row, name), value in wanted.cells.items():
        assert table.column(name)[row] == value, (row, name)
    for name, count in wanted.missing.items():
        assert table.column(name).count(None) == count, name


@pytest.mark.parametrize("place", ["tabular/telco_customer_churn.csv", "drift/weather_noaa.csv"])
def test_numbers_are_those_that_pandas_reads(shared_data, clean, place):
    wanted = pd.read_csv(shared_data / place, na_values=[" "])
    numbers = wanted.select_dtypes("number")
    found = pd.read_parquet(clean(shared_data / place).result.folder / "rows.parquet")
    pd.testing.assert_frame_equal(found[numbers.columns], numbers, check_dtype=False)


def test_the_spaceflights_tables_are_found_and_joined(shared_data, clean):
    table = clean(shared_data / "messy/kedro_spaceflights", target="price")
    roles = {found.name: (found.role, found.rows) for found in table.result.tables}
    assert roles == {
        "shuttles": ("main", 15_531),
        "companies": ("joined", 10_019),
        "reviews": ("joined", 15_531),
    }
    assert (table.result.rows, len(table.result.columns), table.result.name) == (15_531, 26, "shuttles")
    assert {name: table.types[name] for name in ("price", "company_rating", "iata_approved", "crew")} == {
        "price": "DOUBLE", "company_rating": "DOUBLE", "iata_approved": "BOOLEAN", "crew": "BIGINT",
    }  # fmt: skip
    assert "joined 'companies' by shuttles.company_id = companies.id" in table.notices
    assert "joined 'reviews' by shuttles.id = reviews.shuttle_id" in table.notices


def test_each_spaceflight_has_its_own_company_and_review(shared_data, clean):
    folder = shared_data / "messy/kedro_spaceflights"
    shuttles = pd.read_excel(folder / "shuttles.xlsx", engine="calamine")
    companies, reviews = pd.read_csv(folder / "companies.csv"), pd.read_csv(folder / "reviews.csv")
    wanted = shuttles.merge(companies, left_on="company_id", right_on="id", how="left")
    wanted = wanted.merge(reviews, left_on="id_x", right_on="shuttle_id", how="left")
    found = pd.read_parquet(clean(folder, target="price").result.folder / "rows.parquet")
    assert list(found["id"]) == list(shuttles["id"])
    assert list(found["price"]) == [float(price[1:].replace(",", "")) for price in shuttles["price"]]
    pd.testing.assert_series_equal(found["total_fleet_count"], wanted["total_fleet_count"])
    pd.testing.assert_series_equal(found["reviews_per_month"], wanted["reviews_per_month"])


def test_a_csv_a_day_is_one_table(shared_data, clean):
    table = clean(shared_data / "messy/retail_by_day")
    assert (table.result.rows, table.result.name) == (12_505, "retail_by_day")
    assert table.column("InvoiceDate") == sorted(table.column("InvoiceDate"))
    assert (table.types["InvoiceNo"], table.types["InvoiceDate"]) == ("VARCHAR", "TIMESTAMP")


def test_one_table_in_three_formats_is_read_once(shared_data, clean):
    table = clean(shared_data / "messy/titanic_formats")
    assert table.result.rows == 1313
    assert [fact.shown for fact in table.result.sources if fact.rows] != []
    assert {entry.shown for entry in table.result.skipped} == {"Titanic.csv", "Titanic.sas7bdat"}
    assert "left out Titanic.csv: it holds the same 1,313 rows as 'Titanic.parquet'" in table.notices
    assert table.column("Age").count(None) == 557


@pytest.mark.parametrize("name", ["Titanic.csv", "Titanic.parquet", "Titanic.sas7bdat"])
def test_each_format_of_the_table_gives_the_same_cells(shared_data, clean, name):
    table = clean(shared_data / "messy/titanic_formats" / name)
    rows = table.rows("SELECT trim(Name), PClass, Age, Sex, Survived, SexCode FROM t")
    assert rows[4] == ("Allison, Master Hudson Trevor", "1st", 0.92, "male", 1, 0)
    assert (len(rows), sum(row[4] for row in rows)) == (1313, 450)


def test_the_sheets_of_a_workbook_are_stacked_and_their_repeats_told(shared_data, clean):
    table = clean(shared_data / "messy/power_plant_ccpp.xlsx")
    assert (table.result.rows, table.types) == (
        86_112,
        dict.fromkeys(["AT", "V", "AP", "RH", "PE"], "DOUBLE"),
    )
    assert "5 tables of the same columns are one, 'power_plant_ccpp', of 86,112 rows" in table.notices
    assert "76,585 of 86,112 rows repeat another one" in table.notices


def test_packed_news_have_no_quoting(shared_data, clean):
    table = clean(shared_data / "text/news_aggregator_train.tsv.gz")
    with gzip.open(shared_data / "text/news_aggregator_train.tsv.gz", "rt", encoding="utf-8") as file:
        wanted = [line.rstrip("\r\n").split("\t") for line in file]
    assert table.column("column_2") == [cells[1] for cells in wanted]


def test_json_lines_hold_the_same_rows_as_parquet(shared_data, clean):
    table = clean(shared_data / "messy/kedro_spaceflights", target="price")
    names = [column.name for column in table.result.columns]
    lines = table.lines
    assert list(lines[0]) == names
    assert [tuple(line[name] for name in names) for line in lines] == table.rows()


def test_the_schema_says_what_was_done(shared_data, clean):
    folder = clean(shared_data / "messy/kedro_spaceflights", target="price").result.folder
    columns = {
        column["name"]: column for column in json.loads((folder / "schema.json").read_text())["columns"]
    }
    assert columns["price"]["conversion"]["form"] == "styled"
    assert columns["price"]["examples"][0] == ["$1,715.0", "1715.0"]
    assert (columns["iata_approved"]["type"], columns["iata_approved"]["table"]) == ("boolean", "companies")
