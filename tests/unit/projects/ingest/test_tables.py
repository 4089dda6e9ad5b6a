"""Files become tables: stacked, told apart, recognised as copies, joined without losing or doubling a row."""

import pandas as pd
import pytest

from projects.errors import BadInput
from projects.ingest.join import likeness
from projects.requirement.sections import Cleaning, Join, Tables


def put(tmp_path, **files):
    folder = tmp_path / "data"
    folder.mkdir(exist_ok=True)
    for name, content in files.items():
        (folder / f"{name}.csv").write_text(content, encoding="utf-8")
    return folder


def roles(table):
    return {found.name: found.role for found in table.result.tables}


def test_columns_in_another_order_are_put_in_theirs(clean, tmp_path):
    assert clean(put(tmp_path, a="x,y\n1,a\n", b="y,x\nb,2\n")).rows() == [(1, "a"), (2, "b")]


def test_a_file_that_lacks_a_column_has_gaps_there_and_that_is_said(clean, tmp_path):
    table = clean(put(tmp_path, a="x,y,z\n1,a,p\n", b="x,y\n2,b\n"))
    assert table.rows() == [(1, "a", "p"), (2, "b", None)]
    assert "b.csv has no 'z'; its rows have gaps there" in table.notices


def test_files_that_have_little_in_common_are_kept_apart(clean, tmp_path):
    table = clean(put(tmp_path, a="x,y,z\n1,2,3\n2,3,4\n", b="p,q,z\n4,5,6\n"), target="x")
    assert (roles(table), table.result.rows) == ({"a": "main", "b": "aside"}, 2)
    assert "the table 'b' (1 row; columns 'p', 'q', 'z') is left aside" in table.notices


def test_a_column_that_is_a_number_in_one_file_and_text_in_another_is_text(clean, tmp_path):
    table = clean(put(tmp_path, a="x,y\n1,a\n2,b\n", b="x,y\nred,b\nblue,c\n"))
    assert table.column("x") == ["1", "2", "red", "blue"]


def test_types_of_several_formats_meet(clean, tmp_path):
    folder = put(tmp_path, a="x,y\n1,2020-01-02\n")
    pd.DataFrame({"x": [2.5], "y": pd.to_datetime(["2021-01-02"])}).to_parquet(folder / "b.parquet")
    table = clean(folder)
    assert (table.types, table.column("x")) == ({"x": "DOUBLE", "y": "DATE"}, [1.0, 2.5])


def test_a_copy_of_a_file_is_read_once(clean, tmp_path):
    table = clean(put(tmp_path, a="x,y\n1,a\n", b="x,y\n1,a\n"))
    assert (table.result.rows, table.result.skipped[0].reason) == (1, "it is a copy of 'a.csv'")


def test_a_table_in_two_formats_is_read_once(clean, tmp_path):
    folder = put(tmp_path, a="x,y\n1,a\n2,b\n")
    pd.DataFrame({"x": [1, 2], "y": ["a", "b"]}).to_excel(folder / "a.xlsx", index=False, engine="openpyxl")
    table = clean(folder)
    assert (table.result.rows, table.result.skipped[0].reason) == (2, "it holds the same 2 rows as 'a.xlsx'")


def test_two_formats_with_other_cells_are_stacked(clean, tmp_path):
    folder = put(tmp_path, a="x,y\n1,a\n2,b\n")
    pd.DataFrame({"x": [3, 4], "y": ["a", "b"]}).to_excel(folder / "b.xlsx", index=False, engine="openpyxl")
    assert clean(folder).column("x") == [1, 2, 3, 4]


def test_files_without_the_target_are_left_out_aloud(clean, tmp_path):
    table = clean(put(tmp_path, train="a,b,c,y\n1,2,3,0\n4,5,6,1\n", test="a,b,c\n7,8,9\n"), target="y")
    assert table.result.rows == 2
    assert "left out test.csv: it has no column 'y', the target, unlike 'train.csv'" in table.notices


def test_a_target_that_no_table_has_is_refused(clean, tmp_path):
    with pytest.raises(
        BadInput, match=r"the table has no column 'chrun', the target; did you mean 'churn'\?"
    ):
        clean(put(tmp_path, a="x,churn\n1,0\n"), target="chrun")


CUSTOMERS = "id,city\n1,Rome\n2,Oslo\n3,Bern\n"
ORDERS = "order_id,customer_id,total\n10,2,5.5\n11,1,6.5\n12,2,7.5\n13,9,8.5\n"


def test_a_table_is_joined_by_the_key_that_names_it(clean, tmp_path):
    table = clean(put(tmp_path, orders=ORDERS, customers=CUSTOMERS), target="total")
    assert table.rows("SELECT order_id, city FROM t") == [
        (10, "Oslo"),
        (11, "Rome"),
        (12, "Oslo"),
        (13, None),
    ]
    assert (
        "joined 'customers' by orders.customer_id = customers.id (found; 75.0% of the rows find theirs)"
        in table.notices
    )


def test_several_rows_of_a_key_are_averaged_and_counted_not_multiplied(clean, tmp_path):
    table = clean(put(tmp_path, customers=CUSTOMERS, orders=ORDERS), target="city")
    assert table.rows("SELECT id, total, orders_rows FROM t") == [(1, 6.5, 1), (2, 6.5, 2), (3, None, None)]
    assert "a key has several rows: numbers and truths are averaged" in table.notices


def test_rows_keep_their_order_in_a_join(clean, tmp_path):
    orders = "order_id,customer_id,y\n" + "".join(f"{n},{n * 7919 % 5000},1\n" for n in range(20_000))
    customers = "id,age\n" + "".join(f"{n},{n % 90}\n" for n in reversed(range(5000)))
    table = clean(put(tmp_path, orders=orders, customers=customers), target="y")
    assert table.column("order_id") == list(range(20_000))
    assert table.column("age") == [n * 7919 % 5000 % 90 for n in range(20_000)]


def test_a_table_may_be_joined_through_another(clean, tmp_path):
    customers, cities = "id,city_id\n1,100\n2,200\n3,100\n", "id,land\n100,Italy\n200,Norway\n"
    folder = put(tmp_path, orders=ORDERS, customers=customers, cities=cities)
    table = clean(folder, target="total")
    assert table.column("land") == ["Norway", "Italy", "Norway", None]


def test_keys_of_two_columns_are_found(clean, tmp_path):
    sales = "store,week,units\n1,1,5\n1,2,6\n2,1,7\n2,2,8\n"
    weather = "store,week,rain\n1,1,0.1\n1,2,0.2\n2,1,0.3\n2,2,0.4\n"
    assert clean(put(tmp_path, sales=sales, weather=weather), target="units").column("rain") == [
        0.1,
        0.2,
        0.3,
        0.4,
    ]


def test_equal_names_with_other_values_are_no_key(clean, tmp_path):
    folder = put(tmp_path, a="id,x,y\n1,2,3\n2,3,4\n", b="code,x,w\nA,70,1\nB,80,2\n")
    assert roles(clean(folder, target="y")) == {"a": "main", "b": "aside"}


def test_columns_of_the_same_name_get_their_tables_name(clean, tmp_path):
    folder = put(
        tmp_path,
        orders="order_id,customer_id,name,y\n1,1,first,0\n2,2,second,1\n",
        customers="id,name,q\n1,Ann,5\n2,Bob,6\n",
    )
    assert clean(folder, target="y").column("customers_name") == ["Ann", "Bob"]


def declared(*joins, **options):
    return Tables(join=tuple(joins), **options)


def test_declared_keys_are_taken(clean, tmp_path):
    folder = put(tmp_path, orders="o,buyer,y\n1,2,0\n2,1,1\n", people="nr,city\n1,Rome\n2,Oslo\n")
    join = Join(table="people", left_on=("buyer",), right_on=("nr",))
    assert clean(folder, target="y", tables=declared(join)).column("city") == ["Oslo", "Rome"]


def test_keys_of_other_types_meet(clean, tmp_path):
    folder = put(tmp_path, orders="o,buyer,y\n1,2,0\n2,1,1\n3,x,1\n", people="nr,city\n1,Rome\n2,Oslo\n")
    join = Join(table="people", left_on=("buyer",), right_on=("nr",))
    assert clean(folder, target="y", tables=declared(join)).column("city") == ["Oslo", "Rome", None]


@pytest.mark.parametrize(
    ("join", "match"),
    [
        (
            Join(table="poeple", left_on=("o",)),
            r"there is no table 'poeple' to join; did you mean 'people'\?",
        ),
        (Join(table="people", left_on=("o",)), "the table 'people' has no column 'o' to join by"),
        (Join(table="people", left_on=("nope",)), "the table 'orders' has no column 'nope' to join by"),
    ],
)
def test_a_declared_join_of_what_is_not_there_is_refused(clean, tmp_path, join, match):
    folder = put(tmp_path, orders="o,buyer,y\n1,2,0\n", people="nr,city\n1,Rome\n")
    with pytest.raises(BadInput, match=match):
        clean(folder, target="y", tables=declared(join))


def test_joins_may_be_declined_and_the_main_table_named(clean, tmp_path):
    folder = put(tmp_path, orders=ORDERS, customers=CUSTOMERS)
    table = clean(folder, tables=Tables(main="customers", join="none"))
    assert (table.result.name, list(table.types)) == ("customers", ["id", "city"])


def test_a_main_table_that_is_not_there_is_refused(clean, tmp_path):
    with pytest.raises(BadInput, match=r"there is no table 'order'; did you mean 'orders'\?"):
        clean(put(tmp_path, orders=ORDERS, customers=CUSTOMERS), tables=Tables(main="order"))


def test_without_a_target_the_table_that_others_belong_to_is_the_main_one(clean, tmp_path):
    table = clean(put(tmp_path, orders=ORDERS, customers=CUSTOMERS, products="sku,colour\nA,red\n"))
    assert roles(table) == {"customers": "joined", "orders": "main", "products": "aside"}


@pytest.mark.parametrize(
    ("names", "score"),
    [
        (("orders", "customer_id", "customers", "id"), 1.0),
        (("orders", "customerID", "customers", "customer_id"), 0.95),
        (("orders", "id", "customers", "id"), 0.3),
        (("orders", "price", "reviews", "review_price"), 0.0),
        (("orders", "date", "reviews", "date"), 0.3),
    ],
)
def test_names_of_keys_are_alike(names, score):
    assert likeness(*names) == score


def test_repeated_rows_are_counted_or_dropped(clean, tmp_path):
    text = "x,y\n" + "1,a\n2,b\n1,a\n" * 3
    kept = clean(text)
    assert (kept.result.rows, "7 of 9 rows repeat another one" in kept.notices) == (9, True)
    dropped = clean(text, cleaning=Cleaning(duplicates="drop"))
    assert dropped.rows() == [(1, "a"), (2, "b")]
    assert "7 of 9 rows repeated another and were dropped" in dropped.notices


def test_all_rows_may_be_duplicates(clean):
    assert clean("x,y\n" + "1,a\n" * 500, cleaning=Cleaning(duplicates="drop")).rows() == [(1, "a")]
