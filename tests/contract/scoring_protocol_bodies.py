"""Good and bad request bodies for a model with the columns age, income (numbers) and city (text)."""

import io
import json
from typing import Any

import pandas as pd

NAMES = ["age", "income", "city"]
ROWS: list[list[Any]] = [[40.5, 5.0, "oslo"], [30, 2.5, "rome"]]
JSON, CSV, PARQUET = "application/json", "text/csv", "application/vnd.apache.parquet"

Case = tuple[bytes, str | None]


def records(rows: list[list[Any]]) -> list[dict[str, Any]]:
    return [dict(zip(NAMES, row, strict=True)) for row in rows]


RECORDS = records(ROWS)
GOOD = json.dumps({"dataframe_records": RECORDS}).encode()

VALUES: dict[str, tuple[int, Any]] = {
    "a good number": (0, 41.0),
    "an int for a double": (0, 3),
    "true for a double": (0, True),
    "null where required": (0, None),
    "null where optional": (1, None),
    "null for text": (2, None),
    "a number as text": (0, "1.5"),
    "a number as text with spaces": (0, " 1.5 "),
    "a number as text with an underscore": (0, "1_000"),
    "text for a number": (0, "abc"),
    "empty text for a number": (0, ""),
    "nan as text": (0, "nan"),
    "inf as text": (0, "inf"),
    "an int of 71 bits": (0, 2**70),
    "an int of 64 bits": (0, 2**63),
    "an int of 400 digits": (0, 10**400),
    "an int for text": (2, 5),
    "a float for text": (2, 5.5),
    "true for text": (2, True),
    "a list for a number": (0, [1]),
    "a longer list for a number": (0, [1, 2]),
    "an object for a number": (0, {"a": 1}),
    "a list for text": (2, ["oslo"]),
    "an object for text": (2, {"a": 1}),
    "an unseen text": (2, "paris"),
    "an empty text": (2, ""),
    "a text beyond ASCII": (2, "Zürich ☃"),
    "a text with a space": (2, " oslo"),
    "a text that ends in NUL": (2, "oslo\0"),
    "NaN": (0, float("nan")),
    "NaN for text": (2, float("nan")),
    "infinity": (0, float("inf")),
    "minus infinity where optional": (1, float("-inf")),
    "a subnormal": (0, 1e-320),
    "a very large number": (0, 1e308),
}


def forms(rows: list[list[Any]]) -> dict[str, Any]:
    """The same rows in every form of the protocol."""
    return {
        "split": {"dataframe_split": {"columns": NAMES, "data": rows}},
        "records": {"dataframe_records": records(rows)},
        "instances": {"instances": records(rows)},
        "inputs as rows": {"inputs": records(rows)},
        "inputs as columns": {"inputs": {name: [row[i] for row in rows] for i, name in enumerate(NAMES)}},
        "inputs as one row": {"inputs": records(rows)[0]},
    }


def split(columns: list[Any], data: Any, **more: Any) -> dict[str, Any]:
    return {"dataframe_split": {"columns": columns, "data": data} | more}


SHAPES: dict[str, Any] = {
    "split with an index": split(NAMES, ROWS, index=[0, 1]),
    "split with a short index": split(NAMES, ROWS, index=[0]),
    "split with an index twice": split(NAMES, ROWS, index=[0, 0]),
    "split without columns": {"dataframe_split": {"data": ROWS}},
    "split without data": {"dataframe_split": {"columns": NAMES}},
    "split in another order": split(NAMES[::-1], [row[::-1] for row in ROWS]),
    "split with an extra column": split([*NAMES, "x"], [[*row, [1]] for row in ROWS]),
    "split with a column twice": split([*NAMES, "age"], [[*row, 1] for row in ROWS]),
    "split without a required column": split(NAMES[1:], [row[1:] for row in ROWS]),
    "split without an optional number": split(["age", "city"], [[row[0], row[2]] for row in ROWS]),
    "split without an optional text": split(["age", "income"], [row[:2] for row in ROWS]),
    "split with a number as a column's name": split([1, 2, 3], ROWS),
    "split with ragged rows": split(NAMES, [ROWS[0], [1, 2]]),
    "split with short rows": split(NAMES, [[1, 2]]),
    "split with long rows": split(NAMES, [[1, 2, "oslo", 4]]),
    "split with an unknown key": split(NAMES, ROWS, unknown=1),
    "split without rows": split(NAMES, []),
    "split with an empty row": split(NAMES, [[]]),
    "split as a list": {"dataframe_split": ROWS},
    "split as null": {"dataframe_split": None},
    "split with data as an object": split(NAMES, {"age": [1]}),
    "split with objects as rows": split(NAMES, RECORDS),
    "split with a flat row": split(NAMES, [1, 2, 3]),
    "records, one without an optional column": {"dataframe_records": [RECORDS[0], {"age": 1, "income": 2}]},
    "records, one without a required column": {"dataframe_records": [RECORDS[0], {"city": "a", "income": 2}]},
    "records, none with an optional column": {"dataframe_records": [{"age": 1, "income": 2}]},
    "records as an object": {"dataframe_records": RECORDS[0]},
    "records without rows": {"dataframe_records": []},
    "records with an empty object": {"dataframe_records": [{}]},
    "records as lists": {"dataframe_records": ROWS},
    "records with an extra column": {"dataframe_records": [row | {"x": [1, 2]} for row in RECORDS]},
    "records, mixed with lists": {"dataframe_records": [RECORDS[0], ROWS[0]]},
    "records, one null": {"dataframe_records": [RECORDS[0], None]},
    "instances as lists": {"instances": ROWS},
    "instances flat": {"instances": [1, 2, 3]},
    "instances without rows": {"instances": []},
    "instances as an empty object": {"instances": {}},
    "instances as a number": {"instances": 5},
    "instances as null": {"instances": None},
    "instances with an extra column": {"instances": [row | {"x": 1} for row in RECORDS]},
    "instances with an extra column in one": {"instances": [RECORDS[0] | {"x": 1}, RECORDS[1]]},
    "instances, one without a column": {"instances": [RECORDS[0], {"age": 1, "income": 1}]},
    "instances as columns": {"instances": {name: [row[name] for row in RECORDS] for name in NAMES}},
    "inputs as lists": {"inputs": ROWS},
    "inputs without rows": {"inputs": []},
    "inputs as an empty object": {"inputs": {}},
    "inputs as a number": {"inputs": 3},
    "inputs as text": {"inputs": "abc"},
    "inputs with uneven columns": {"inputs": {"age": [1, 2], "income": [1], "city": ["a", "b"]}},
    "inputs with a short text column": {"inputs": {"age": [1, 2], "income": [1, 2], "city": ["a"]}},
    "inputs with an extra column": {"inputs": {"age": [1.0], "income": [1.0], "city": ["a"], "x": [1]}},
    "inputs with a longer extra column": {
        "inputs": {"age": [1.0], "income": [1.0], "city": ["a"], "x": [1, 2]}
    },
    "inputs without a column": {"inputs": {"age": [1.0], "income": [1.0]}},
    "inputs with empty columns": {"inputs": {"age": [], "income": [], "city": []}},
    "inputs with nested columns": {"inputs": {"age": [[1.0]], "income": [[1.0]], "city": [["oslo"]]}},
    "two forms": {"inputs": ROWS, "instances": ROWS},
    "no form": {"rows": ROWS},
    "an empty object": {},
    "an unknown key beside the form": {"dataframe_records": RECORDS, "unknown": 1},
    "a signature name": {"instances": RECORDS, "signature_name": "x"},
    "a chat key beside the form": {"dataframe_records": RECORDS, "input": 1},
    "a chat": {"messages": [{"role": "user", "content": "x"}]},
    "a prompt": {"prompt": "x"},
    "empty params": {"dataframe_records": RECORDS, "params": {}},
    "params null": {"dataframe_records": RECORDS, "params": None},
    "unknown params": {"dataframe_records": RECORDS, "params": {"a": 1}},
    "params as a list": {"dataframe_records": RECORDS, "params": [1]},
    "params as text": {"dataframe_records": RECORDS, "params": "a"},
    "probabilities not wanted": {"dataframe_records": RECORDS, "params": {"probabilities": False}},
    "a list at the top": [1],
    "text at the top": "a",
    "a number at the top": 1,
    "null at the top": None,
}

RAW: dict[str, bytes] = {
    "broken JSON": b'{"dataframe_records":',
    "an empty body": b"",
    "spaces only": b"  ",
    "a trailing letter": GOOD + b"x",
    "not UTF-8": b'{"dataframe_records":[{"age":1,"income":2,"city":"\xff"}]}',
    "a byte order mark": b"\xef\xbb\xbf" + GOOD,
    "UTF-16": GOOD.decode().encode("utf-16"),
    "half a surrogate": b'{"dataframe_records":[{"age":1,"income":2,"city":"\\ud800"}]}',
    "a key twice in a row": b'{"dataframe_records":[{"age":1,"age":50,"income":2,"city":"oslo"}]}',
    "the form twice": b'{"dataframe_records":[],"dataframe_records":[{"age":1,"income":2,"city":"oslo"}]}',
    "500 nested lists": b'{"inputs":' + b"[" * 500 + b"]" * 500 + b"}",
    "a number beyond doubles": b'{"dataframe_records":[{"age":1e400,"income":2,"city":"oslo"}]}',
}

MEDIA = [
    JSON,
    "application/json; charset=utf-8",
    "application/json;charset=UTF-8",
    "application/json; charset=latin-1",
    "application/json; q=1",
    "application/json;",
    "application/json; charset",
    'application/json; charset="utf-8"',
    "APPLICATION/JSON",
    "application/octet-stream",
    "multipart/form-data; boundary=x",
    "text/plain",
    "text/csv",
    "",
]

TABLES: dict[str, bytes] = {
    "good": b"age,income,city\n40.5,5,oslo\n30,2.5,rome\n",
    "a blank where optional": b"age,income,city\n40.5,,oslo\n",
    "a blank where required": b"age,income,city\n,5,oslo\n",
    "a blank text": b"age,income,city\n40,5,\n",
    "a missing optional column": b"age,income\n40,5\n",
    "a missing required column": b"income,city\n40,a\n",
    "an extra column": b"age,income,city,x\n40,5,oslo,1\n",
    "quotes": b'age,income,city\n40,5,"oslo"\n41,5,"a,b"\n',
    "an open quote": b'age,income,city\n1,2,"oslo\n',
    "text for a number": b"age,income,city\nx,5,oslo\n",
    "only a header": b"age,income,city\n",
    "nothing": b"",
    "ragged rows": b"age,income,city\n1,2\n1,2,oslo,4\n",
    "short rows": b"age,income,city\n1,2\n",
    "not UTF-8": b"age,income,city\n1,2,\xff\n",
    "NA": b"age,income,city\n1,NA,NA\n",
    "null as a word": b"age,income,city\nnull,None,null\n",
    "infinity": b"age,income,city\ninf,1,oslo\n",
    "CRLF": b"age,income,city\r\n1,2,oslo\r\n",
    "a number for text": b"age,income,city\n1,2,5\n",
    "true for a number": b"age,income,city\nTrue,2,oslo\n",
    "semicolons": b"age;income;city\n1;2;oslo\n",
    "a column twice": b"age,income,city,age\n1,2,oslo,3\n",
    "a byte order mark": b"\xef\xbb\xbfage,income,city\n1,2,oslo\n",
    "an index": b",age,income,city\n0,1,2,oslo\n",
    "spaces in the header": b"age, income, city\n1,2,oslo\n",
    "a number beyond doubles": b"age,income,city\n1e500,2,oslo\n",
    "many digits": b"age,income,city\n0.1234567890123456789,2,oslo\n",
}


def _parquet() -> bytes:
    buffer = io.BytesIO()
    pd.DataFrame(RECORDS).to_parquet(buffer)
    return buffer.getvalue()


def cases() -> dict[str, Case]:
    """Every body by what is special about it, with its content type."""
    found: dict[str, Case] = {}
    for what, (place, value) in VALUES.items():
        row = [value if index == place else cell for index, cell in enumerate(ROWS[0])]
        for form, body in forms([row, ROWS[1]]).items():
            found[f"{form}: {what}"] = json.dumps(body).encode(), JSON
        for form, body in forms([row]).items():
            found[f"{form}, alone: {what}"] = json.dumps(body).encode(), JSON
    found |= {what: (json.dumps(body).encode(), JSON) for what, body in SHAPES.items()}
    found |= {what: (body, JSON) for what, body in RAW.items()}
    found |= {f"type {media!r}": (GOOD, media) for media in MEDIA}
    found |= {f"CSV: {what}": (body, CSV) for what, body in TABLES.items()}
    return found | {"Parquet": (_parquet(), PARQUET), "broken Parquet": (b"PAR1", PARQUET)}
