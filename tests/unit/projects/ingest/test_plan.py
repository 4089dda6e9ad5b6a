"""The cleaning plan is printed, saved, corrected and, if asked, waited for."""

import pytest
import yaml

from projects.errors import BadInput
from projects.requirement.sections import Cleaning, ColumnCleaning, Rule

TABLE = "price,day,size,flag\n$1.50,01/02/2020,1,t\n$2.50,03/04/2020,NA,f\n$1.00,05/06/2020,3,t\n"
ASK = Cleaning(approve="ask")


def edited(path, **columns):
    told = yaml.safe_load(path.read_text("utf-8"))
    for name, changes in columns.items():
        told["columns"][name] |= changes
    path.write_text(yaml.safe_dump(told), encoding="utf-8")
    return path


@pytest.fixture
def plan(clean, tmp_path):
    """The plan of the table, as a file outside of the clean folder."""
    folder = clean(TABLE).result.folder
    return (folder / "cleaning_plan.yaml").rename(tmp_path / "plan.yaml")


def test_the_plan_is_printed(clean):
    said = clean(TABLE).said
    assert "cleaning plan of 'table': 3 rows, 4 columns" in said
    assert "  price  number (written with marks); '$1.50' -> 1.5" in said
    assert "  size   number; 1 missing ('NA' 1)" in said
    assert any(line.startswith("  day    date (%m/%d/%Y); '01/02/2020' -> 2020-01-02") for line in said)


def test_the_plan_is_saved_for_people(plan):
    text = plan.read_text("utf-8")
    assert "# What is done to every column." in text
    assert yaml.safe_load(text)["columns"]["size"] == {"type": "number", "keep": True, "missing": ["NA"]}


def test_a_plan_that_was_not_changed_changes_nothing(clean, plan):
    before = clean(TABLE)
    after = clean(TABLE, plan=plan)
    assert (after.rows(), "the plan is applied as it is" in after.said) == (before.rows(), True)


def test_corrections_of_the_plan_are_applied_and_told(clean, plan):
    edited(plan, size={"type": "text", "missing": []}, price={"rename": "cost"}, flag={"keep": False})
    table = clean(TABLE, plan=plan)
    assert table.rows("SELECT cost, size FROM t") == [(1.5, "1"), (2.5, "NA"), (1.0, "3")]
    assert list(table.types) == ["cost", "day", "size"]
    assert "  size.type: 'number' -> 'text'" in table.said


def test_formats_of_dates_may_be_corrected(clean, plan):
    edited(plan, day={"date_formats": ["%d/%m/%Y"]})
    assert str(clean(TABLE, plan=plan).column("day")[0]) == "2020-02-01"


def test_the_corrected_plan_lies_in_the_clean_folder(clean, plan):
    edited(plan, size={"type": "text"})
    folder = clean(TABLE, plan=plan).result.folder
    assert yaml.safe_load((folder / "cleaning_plan.yaml").read_text())["columns"]["size"]["type"] == "text"


@pytest.mark.parametrize(
    ("changes", "match"),
    [
        ({"size": {"typ": "text"}}, r"the plan's column 'size' has no key 'typ'; did you mean 'type'\?"),
        (
            {"size": {"type": "numbr"}},
            "the type of 'size' must be one of number, text, date, boolean, not 'numbr'",
        ),
        ({"size": {"keep": "perhaps"}}, "keep of 'size' must be true or false, not 'perhaps'"),
        ({"size": {"missing": "NA"}}, "missing of 'size' must be a list of texts, not 'NA'"),
        (
            {"size": {"rename": "price"}},
            "the columns 'price' and 'size' would both be called 'price'; rename one",
        ),
    ],
)
def test_a_plan_with_a_mistake_is_refused(clean, plan, changes, match):
    with pytest.raises(BadInput, match=match):
        clean(TABLE, plan=edited(plan, **changes))


def test_a_plan_of_other_columns_is_refused(clean, plan):
    with pytest.raises(BadInput, match=r"the plan has a column 'day', which is not in the data"):
        clean("price,size,flag\n$1.50,1,t\n", plan=plan)


@pytest.mark.parametrize(
    ("text", "match"), [("columns: [", "cannot be read"), ("a: 1", "must have the key 'columns'")]
)
def test_a_file_that_is_no_plan_is_refused(clean, tmp_path, text, match):
    (tmp_path / "plan.yaml").write_text(text)
    with pytest.raises(BadInput, match=match):
        clean(TABLE, plan=tmp_path / "plan.yaml")


def test_a_plan_that_is_not_there_is_refused(clean, tmp_path):
    with pytest.raises(BadInput, match="there is no plan"):
        clean(TABLE, plan=tmp_path / "none.yaml")


def test_without_a_terminal_the_plan_is_written_and_the_run_ends(clean, tmp_path):
    with pytest.raises(
        BadInput, match=r"waits for approval: read and correct '.*cleaning_plan\.yaml'"
    ) as raised:
        clean(TABLE, cleaning=ASK)
    assert f"plan={tmp_path}/clean/cleaning_plan.yaml" in str(raised.value)
    assert [path.name for path in (tmp_path / "clean").iterdir()] == ["cleaning_plan.yaml"]


def test_the_run_goes_on_with_the_plan_that_was_waiting(clean, tmp_path):
    with pytest.raises(BadInput, match="waits for approval"):
        clean(TABLE, cleaning=ASK)
    plan = edited(tmp_path / "clean" / "cleaning_plan.yaml", size={"keep": False})
    assert list(clean(TABLE, cleaning=ASK, plan=plan).types) == ["price", "day", "flag"]


def test_at_a_terminal_the_plan_is_asked_about_until_it_is_right(clean, tmp_path):
    plan = tmp_path / "clean" / "cleaning_plan.yaml"
    changes = iter([{"type": "wrong"}, {"type": "text"}])
    table = clean(TABLE, cleaning=ASK, ask=lambda _: edited(plan, size=next(changes)))
    assert table.types["size"] == "VARCHAR"
    assert any("must be one of number, text, date, boolean, not 'wrong'" in line for line in table.said)


def test_a_correction_of_an_unknown_column_is_refused(clean):
    with pytest.raises(BadInput, match=r"cleaning corrects the column 'sise', .*; did you mean 'size'\?"):
        clean(TABLE, cleaning=Cleaning(columns={"sise": ColumnCleaning(keep=False)}))


def test_the_target_may_not_be_left_out(clean):
    with pytest.raises(BadInput, match="the cleaning plan leaves out the target 'size'; keep it"):
        clean(TABLE, target="size", cleaning=Cleaning(columns={"size": ColumnCleaning(keep=False)}))


def test_every_column_may_not_be_left_out(clean):
    columns = {name: ColumnCleaning(keep=False) for name in ("price", "day", "size", "flag")}
    with pytest.raises(BadInput, match="leaves every column out; keep at least one"):
        clean(TABLE, cleaning=Cleaning(columns=columns))


def test_a_renamed_target_is_followed(clean):
    cleaning = Cleaning(columns={"size": ColumnCleaning(rename="y")})
    assert clean(TABLE, target="size", cleaning=cleaning).result.target == "y"


def test_a_rule_that_must_hold_refuses_the_data(clean):
    with pytest.raises(BadInput, match=r"1 of 3 rows break the rule for 'price' \(min 1.2; else refuse\)"):
        clean(TABLE, rules=(Rule(column="price", min=1.2),))


def test_a_rule_drops_rows_and_counts_them(clean):
    table = clean(TABLE, rules=(Rule(column="price", min=1.2, on_fail="drop"),))
    assert table.column("price") == [1.5, 2.5]
    assert "1 of 3 rows break the rule for 'price' (min 1.2; else drop); they are dropped" in table.notices


def test_a_rule_may_only_warn(clean):
    table = clean(TABLE, rules=(Rule(column="size", not_null=True, on_fail="warn"),))
    assert (table.result.rows, "they stay" in table.notices) == (3, True)


def test_a_unique_rule_keeps_the_first_row_of_each(clean):
    table = clean("x,y\n1,a\n2,b\n1,c\n", rules=(Rule(column="x", unique=True, on_fail="drop"),))
    assert table.rows() == [(1, "a"), (2, "b")]


def test_rules_that_leave_no_row_are_refused(clean):
    with pytest.raises(BadInput, match="no row is left after cleaning"):
        clean(TABLE, rules=(Rule(column="price", min=100, on_fail="drop"),))
