"""One model's part of the description: the schema of its rows, in both protocols."""

from collections.abc import Mapping, Sequence
from typing import Any

from serving.protocol.v2.metadata import COLUMN_DATATYPES
from serving.web.openapi.schemas import PARAMETERS, Schema, listed, record, ref

Columns = Sequence[tuple[str, str]]

_NUMBER: Schema = {"type": ["number", "null"]}
_CELLS: Mapping[str, Schema] = {
    "double": _NUMBER,
    "float": _NUMBER,
    "long": {"type": "integer"},
    "integer": {"type": "integer"},
    "boolean": {"type": "boolean"},
    "string": {"type": ["string", "null"]},
    "datetime": {"type": "string", "description": "A date or time, as in ISO 8601."},
    "binary": {"type": "string", "contentEncoding": "base64"},
}


def row(columns: Columns) -> Schema:
    """A row as an object."""
    return record({name: _CELLS.get(kind, {}) for name, kind in columns})


def invocation(columns: Columns, schema: str) -> Schema:
    """A body of MLflow's protocol for rows of a shared schema."""
    rows = listed(ref(schema), minItems=1)
    names = [name for name, _ in columns]
    split = record(
        {
            "columns": {"const": names},
            "data": listed(
                listed({}, minItems=len(names), maxItems=len(names))
                | {"prefixItems": [_CELLS.get(kind, {}) for _, kind in columns]},
                minItems=1,
            ),
        }
    )
    return {
        "oneOf": [
            record({"dataframe_split": split}, params=PARAMETERS),
            record({"dataframe_records": rows}, params=PARAMETERS),
            record({"instances": rows}, params=PARAMETERS),
            record({"inputs": rows}, params=PARAMETERS),
        ]
    }


def example(columns: Columns) -> dict[str, Any]:
    """A row of tensors that shows how a V2 request is made."""
    values = {"FP64": 1.5, "FP32": 1.5, "INT64": 1, "INT32": 1, "BOOL": True, "BYTES": "text"}
    tensors = []
    for name, kind in columns:
        datatype = COLUMN_DATATYPES.get(kind, "BYTES")
        tensors.append({"name": name, "shape": [1], "datatype": datatype, "data": [values[datatype]]})
    return {"inputs": tensors}
