"""A table as a body of MLflow's scoring protocol, for models whose code takes what MLflow makes of it."""

import orjson

from serving.protocol.judge import Inputs
from serving.scorers.scorer import Table, Wants


def write(table: Table, wants: Wants, inputs: Inputs) -> bytes:
    """Write a JSON body that means the same rows.

    Args:
        table: The rows; the cells of tensors may be nested lists.
        wants: What the answer shall hold.
        inputs: What the model's signature asks for.
    """
    body = _rows(table, inputs)
    params = dict(wants.params)
    if wants.probabilities:
        params["probabilities"] = True
    if wants.explanation:
        params["explain"] = True
    return orjson.dumps(body | {"params": params} if params else body)


def _rows(table: Table, inputs: Inputs) -> dict[str, object]:
    if inputs == "tensors":
        cells = zip(*table.rows, strict=True)
        return {"inputs": dict(zip(table.columns, map(list, cells), strict=True))}
    is_nested = len(table.columns) == 1 and isinstance(table.rows[0][0], list)
    if inputs == "tensor" or (inputs == "anything" and is_nested):
        return {"inputs": [row[0] for row in table.rows]}
    rows = [[_scalar(cell) for cell in row] for row in table.rows] if inputs == "anything" else table.rows
    return {"dataframe_split": {"columns": table.columns, "data": rows}}


def _scalar(cell: object) -> object:
    return cell[0] if isinstance(cell, list) and len(cell) == 1 else cell
