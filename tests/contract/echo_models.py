"""Pyfuncs that answer what they were given, kinds and all: one a signature that MLflow knows."""

import json
import sys
import warnings
from typing import Any

import cloudpickle
import mlflow
import numpy as np
from mlflow import MlflowClient
from mlflow.models import ModelSignature
from mlflow.pyfunc import PythonModel
from mlflow.types.schema import Array, ColSpec, DataType, ParamSchema, ParamSpec, Schema, TensorSpec

TYPES = ("boolean", "integer", "long", "float", "double", "string", "binary", "datetime")


class Echo(PythonModel):
    """Answers what it was given."""

    def predict(self, context, model_input, params=None):
        return echo(model_input, params)


class Answering(PythonModel):
    """Answers in each of the shapes that MLflow can write."""

    def predict(self, context, model_input, params=None):
        return answering(model_input, params)


def echo(model_input, params):
    import numpy as np
    import pandas as pd

    def shown(value):
        if isinstance(value, np.ndarray):
            return f"array {value.dtype} {value.tolist()!r}"
        return f"{type(value).__name__} {value!r}"

    told = f" with {sorted(params.items())!r}" if params else ""
    if isinstance(model_input, pd.DataFrame):
        kinds = [f"{name!r} {kind}" for name, kind in model_input.dtypes.items()]
        rows = model_input.astype(object).to_numpy().tolist()
        return ["; ".join([*kinds, *map(shown, row)]) + told for row in rows]
    if isinstance(model_input, dict):
        return {name: [shown(part) for part in value] for name, value in model_input.items()}
    if isinstance(model_input, np.ndarray):
        return [f"{model_input.dtype} {shown(part)}" for part in model_input]
    return [shown(model_input) + told]


def answering(model_input, params):
    import numpy as np
    import pandas as pd

    values = model_input["x"].to_numpy(float)
    shapes = {
        "array": values,
        "float32": values.astype(np.float32),
        "matrix": np.stack([values, values + 1], axis=1),
        "series": pd.Series(values, index=[f"row {i}" for i in range(len(values))]),
        "table": pd.DataFrame({"low": values, "word": [str(value) for value in values]}),
        "dates": pd.DataFrame({"day": pd.to_datetime(["2026-01-02"] * len(values))}),
        "dict": {"mean": values, "names": ["a"] * len(values)},
        "list": [float(value) for value in values],
        "nested": [[value, [value]] for value in values.tolist()],
        "texts": np.array([str(value) for value in values]),
        "bools": values > 0,
        "whole": values.astype(np.int64),
        "gaps": np.where(values > 0, values, np.nan),
        "number": float(values.sum()),
        "text": "one text",
        "bytes": [b"\xff\x00"] * len(values),
    }
    return shapes[params["shape"]]


SHAPES = ("array", "float32", "matrix", "series", "table", "dates", "dict", "list", "nested", "texts",
          "bools", "whole", "gaps", "number", "text", "bytes")  # fmt: skip


def _columns(*, is_required: bool) -> Schema:
    return Schema([ColSpec(kind, f"a {kind}", required=is_required) for kind in TYPES])


def signatures() -> dict[str, ModelSignature | None]:
    """Each kind of signature by a word for it."""
    params = ParamSchema(
        [
            ParamSpec("degree", DataType.integer, 2),
            ParamSpec("scale", DataType.double, 1.5),
            ParamSpec("names", DataType.string, ["a"], shape=(-1,)),
        ]
    )
    number = Schema([ColSpec("double", "x")])
    shape = ParamSchema([ParamSpec("shape", DataType.string, "array")])
    return {
        "types": ModelSignature(_columns(is_required=True)),
        "optional": ModelSignature(_columns(is_required=False)),
        "params": ModelSignature(number, params=params),
        "answers": ModelSignature(number, params=shape),
        "arrays": ModelSignature(
            Schema([ColSpec(Array(DataType.double), "v"), ColSpec(DataType.string, "s")])
        ),
        "unnamed": ModelSignature(Schema([ColSpec("double"), ColSpec("string")])),
        "tensor": ModelSignature(Schema([TensorSpec(np.dtype("float32"), (-1, 2))])),
        "tensors": ModelSignature(
            Schema([TensorSpec(np.dtype("float64"), (-1, 2), "a"), TensorSpec(np.dtype("int64"), (-1,), "b")])
        ),
        "texts": ModelSignature(Schema([TensorSpec(np.dtype("str"), (-1,))])),
        "none": None,
    }


def register(uri: str) -> dict[str, str]:
    """Register every echo in Production; returns each model's URI by its name, `echo-` and the word."""
    mlflow.set_tracking_uri(uri)
    cloudpickle.register_pickle_by_value(sys.modules[__name__])
    client, found = MlflowClient(uri), {}
    for word, signature in signatures().items():
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # wants type hints and an example
            info = mlflow.pyfunc.log_model(
                name="model",
                python_model=Answering() if word == "answers" else Echo(),
                pip_requirements=["mlflow"],
                signature=signature,
            )
        name = f"echo-{word}"
        client.create_registered_model(name)
        number = client.create_model_version(name, info.model_uri, model_id=info.model_id).version
        client.transition_model_version_stage(name, number, "Production")
        found[name] = info.model_uri
    cloudpickle.unregister_pickle_by_value(sys.modules[__name__])
    return found


ROW: dict[str, Any] = {
    "a boolean": True, "a integer": 3, "a long": 2**40, "a float": 1.5, "a double": 2.5, "a string": "text",
    "a binary": "AAH/", "a datetime": "2026-01-02T03:04:05",
}  # fmt: skip
CELLS: dict[str, list[Any]] = {
    "a boolean": [None, 1, "true"],
    "a integer": [None, 3.0, 3.5, "3", 2**40, True],
    "a long": [None, 3.0, 2**63 - 1, 2**63, "x", False],
    "a float": [None, 1, "1.5", 1e300],
    "a double": [None, 2**53 + 1, "2.5", True],
    "a string": [None, 5, "", "2026-01-02", "☃"],
    "a binary": [None, "", "no base64!", 5],
    "a datetime": [None, "2026-01-02", "2026-01-02T03:04:05+02:00", "02/01/2026", 1767323045, "never"],
}
RECORDS, SPLIT, INSTANCES, INPUTS = "dataframe_records", "dataframe_split", "instances", "inputs"


def _row_forms(row: dict[str, Any]) -> list[dict[str, Any]]:
    return [
        {RECORDS: [row]},
        {SPLIT: {"columns": list(row), "data": [list(row.values())]}},
        {INSTANCES: [row]},
        {INPUTS: [row]},
        {INPUTS: {name: [value] for name, value in row.items()}},
    ]


def bodies() -> dict[str, list[Any]]:
    """What each echo is asked."""
    x = {"x": 1.5}
    types = [body for row in [ROW, *_changed()] for body in _row_forms(row)]
    return {
        "types": [*types, *_row_forms(dict(reversed(ROW.items()))), {RECORDS: [ROW, ROW]}],
        "optional": [*types, {RECORDS: [{}]}, {RECORDS: [ROW, {"a long": 1}]},
                     {RECORDS: [{"a double": 1.5}]}],
        "params": [
            {RECORDS: [x], "params": params}
            for params in (None, {}, {"degree": 3}, {"degree": 3.0}, {"degree": "3"}, {"degree": None},
                           {"scale": 2}, {"names": ["b", "c"]}, {"names": "b"}, {"unknown": 1}, [1])
        ] + [{INPUTS: {"x": [1.5]}, "params": {"degree": 5}}, {RECORDS: [x]}, {RECORDS: [x], "degree": 3}],
        "answers": [{RECORDS: [x, {"x": -2.0}], "params": {"shape": shape}} for shape in SHAPES],
        "arrays": [
            {RECORDS: [{"v": value, "s": "a"}]} for value in ([1.5, 2], [], None, 5, ["x"], [[1.5]], "text")
        ] + [{SPLIT: {"columns": ["v", "s"], "data": [[[1.0], "a"], [[1.0, 2.0], "b"]]}},
             {INPUTS: [{"v": [1.5], "s": "a"}]}, {INSTANCES: [{"v": [1.5], "s": "a"}]}],
        "unnamed": [
            {SPLIT: {"columns": ["p", "q"], "data": [[1.5, "a"]]}},
            {SPLIT: {"columns": [0, 1], "data": [[1.5, "a"]]}},
            {SPLIT: {"data": [[1.5, "a"]]}}, {RECORDS: [{"0": 1.5, "1": "a"}]}, {SPLIT: {"data": [[1.5]]}},
        ],
        "tensor": [
            {INSTANCES: [[1, 2], [3, 4]]}, {INPUTS: [[1.5, 2.5]]}, {INPUTS: [[1, 2, 3]]}, {INPUTS: [1, 2]},
            {INSTANCES: [["a", "b"]]}, {INPUTS: [[None, 1]]}, {INPUTS: {"x": [[1, 2]]}}, {RECORDS: [x]},
            {SPLIT: {"columns": ["p", "q"], "data": [[1.5, 2]]}}, {INPUTS: [[1e300, 1]]}, {INPUTS: []},
        ],
        "tensors": [
            {INPUTS: {"a": [[1.5, 2]], "b": [3]}}, {INPUTS: {"a": [[1.5, 2]]}}, {INPUTS: [[1, 2]]},
            {INSTANCES: [{"a": [1.5, 2], "b": 3}, {"a": [0, 0], "b": 4}]},
            {INPUTS: {"a": [[1.5]], "b": [3]}}, {INPUTS: {"a": [[1.5, 2]], "b": [3.5]}},
            {INPUTS: {"a": [[1.5, 2]], "b": [3], "c": [1]}}, {RECORDS: [{"a": [1, 2], "b": 3}]},
        ],
        "texts": [{INSTANCES: ["a", "bc"]}, {INPUTS: ["a", "bc"]}, {INPUTS: [1, 2]}, {INPUTS: ["a", None]}],
        "none": [
            {INSTANCES: [[1, 2], [3, 4]]}, {INPUTS: [[1.5, 2]]}, {INPUTS: {"a": [1, 2], "b": ["x", "y"]}},
            {INSTANCES: [{"a": 1, "b": [1, 2]}]}, {SPLIT: {"columns": [0, 1], "data": [[1, 2.5]]}},
            {SPLIT: {"columns": [1.5, None], "data": [[1, None]]}}, {SPLIT: {"data": [[1, 2]]}},
            {RECORDS: [{"a": 1, "b": None}, {"a": 2.5}]},
            {RECORDS: [{"1": "2026-01-02", "date": "2026-01-02"}]},
            {RECORDS: [{"a": True}, {"a": None}]}, {INPUTS: "text"}, {INPUTS: 5}, {INPUTS: ["a", "b"]},
            {RECORDS: [x], "params": {"degree": 3}},
        ],
    }  # fmt: skip


def _changed() -> list[dict[str, Any]]:
    """The good row with one cell changed, or one more or less."""
    changed = [ROW | {name: value} for name, values in CELLS.items() for value in values]
    without = [
        {name: value for name, value in ROW.items() if name != left} for left in ("a long", "a string")
    ]
    return [*changed, *without, ROW | {"another": 1}]


def tables() -> dict[str, list[tuple[str, bytes]]]:
    """What some echoes are asked in CSV and Parquet, by media type."""
    import io

    import pandas as pd

    header, cells = ",".join(ROW), "True,3,1099511627776,1.5,2.5,text,AAH/,2026-01-02T03:04:05"
    csv = [f"{header}\n{cells}\n", f"{header}\n{cells}\n,,,,,,,\n", "x\n1\n", f"{header}\n{cells},7\n"]
    frame = pd.DataFrame([ROW]).assign(
        **{"a binary": [b"\x00\x01\xff"], "a datetime": pd.Timestamp(2026, 1, 2)}
    )
    narrow = frame.astype({"a integer": "int32", "a float": "float32"})
    parquets = []
    for table in (frame, narrow, pd.DataFrame({"x": [1.5]}), frame.assign(**{"a long": [None]})):
        buffer = io.BytesIO()
        table.to_parquet(buffer)
        parquets.append(("application/vnd.apache.parquet", buffer.getvalue()))
    both = [*(("text/csv", text.encode()) for text in csv), *parquets]
    return {"types": both, "optional": both, "none": both, "tensor": both[2:3]}


def cases() -> list[tuple[str, str, bytes]]:
    """Every question: the model's name, the media type and the body."""
    found = [
        (f"echo-{word}", "application/json", json.dumps(body).encode())
        for word, asked in bodies().items()
        for body in asked
    ]
    return found + [(f"echo-{word}", *asked) for word, some in tables().items() for asked in some]


def _tensor(name: str, datatype: str, shape: list[int], data: list[Any]) -> dict[str, Any]:
    return {"name": name, "datatype": datatype, "shape": shape, "data": data}


def same() -> list[tuple[str, dict[str, Any], Any]]:
    """Requests of V2 and what means the same in MLflow's protocol."""
    kinds = {"boolean": "BOOL", "integer": "INT32", "long": "INT64", "float": "FP32", "double": "FP64"}
    cells = ROW | {"a binary": "text"}
    typed = [
        _tensor(f"a {kind}", kinds.get(kind, "BYTES"), [1, 1], [cells[f"a {kind}"]])
        for kind in reversed(TYPES)
    ]
    x, pair = _tensor("x", "FP32", [1], [1.5]), _tensor("a", "FP64", [1, 2], [1.5, 2])
    two = [_tensor("p", "FP64", [2, 1], [1.5, None]), _tensor("q", "BYTES", [2], ["a", None])]
    rows = {SPLIT: {"columns": ["p", "q"], "data": [[1.5, "a"], [None, None]]}}
    texts = _tensor("t", "BYTES", [2], ["a", "bc"])
    return [
        ("types", {"inputs": typed}, {RECORDS: [ROW | {"a binary": "dGV4dA=="}]}),
        ("params", {"inputs": [x], "parameters": {"degree": 3, "timeout": 9}},
         {RECORDS: [{"x": 1.5}], "params": {"degree": 3}}),
        ("arrays", {"inputs": [_tensor("v", "FP64", [1, 2], [1, 2.5]), _tensor("s", "BYTES", [1], ["a"])]},
         {RECORDS: [{"v": [1.0, 2.5], "s": "a"}]}),
        ("tensor", {"inputs": [_tensor("any", "FP64", [2, 2], [1, 2, 3, 4])]}, {INPUTS: [[1, 2], [3, 4]]}),
        ("tensors", {"inputs": [_tensor("b", "INT64", [1], [3]), pair]},
         {INPUTS: {"a": [[1.5, 2]], "b": [3]}}),
        ("texts", {"inputs": [texts]}, {INPUTS: ["a", "bc"]}),
        ("unnamed", {"inputs": two}, rows),
        ("none", {"inputs": two}, rows),
        ("none", {"inputs": [pair]}, {INPUTS: [[1.5, 2]]}),
    ]  # fmt: skip
