"""From predictions to output tensors.

They are `predict` and, where there are any, `probabilities`; of a model that answers a table or named arrays,
one tensor a column. Where they are asked for, `explanations` are JSON texts, one a row.
"""

from collections.abc import Mapping, Sequence
from itertools import chain
from typing import Any, NamedTuple

import orjson

PREDICT, PROBABILITIES, EXPLANATIONS = "predict", "probabilities", "explanations"

_INT64 = 1 << 63


class Answered(NamedTuple):
    """One output tensor; its values in row-major order, None for a gap."""

    name: str
    datatype: str
    shape: tuple[int, ...]
    values: Sequence[Any]


def of_plan(predictions: Sequence[Any], probabilities: Sequence[Sequence[float]] | None) -> list[Answered]:
    """The outputs of a scoring plan: one label or number a row, and the probabilities of the classes."""
    first = type(predictions[0])
    name = "BYTES" if first is str else "INT64" if first is int else "FP64" if first is float else "BOOL"
    outputs = [Answered(PREDICT, name, (len(predictions),), predictions)]
    if probabilities is not None:
        outputs.append(_probabilities(probabilities))
    return outputs


def of_answer(answer: Any) -> list[Answered]:
    """The outputs of what MLflow's scoring protocol has answered for any model."""
    is_wrapped = isinstance(answer, dict) and "predictions" in answer
    predictions = answer["predictions"] if is_wrapped else answer
    outputs = _named(predictions) or [tensor(PREDICT, predictions)]
    if is_wrapped and answer.get(PROBABILITIES):
        outputs.append(_probabilities(answer[PROBABILITIES]))
    if is_wrapped and answer.get(EXPLANATIONS):
        texts = [orjson.dumps(entry).decode() for entry in answer[EXPLANATIONS]]
        outputs.append(Answered(EXPLANATIONS, "BYTES", (len(texts),), texts))
    return outputs


def tensor(name: str, value: Any) -> Answered:
    """Any JSON value as a tensor; what is no regular array of one kind becomes texts of JSON, one a row."""
    rows = value if isinstance(value, list) else [value]
    shape, values = _unnested(rows)
    kinds = set(map(type, values)) - {type(None)}
    if kinds == {str}:
        return Answered(name, "BYTES", shape, values)
    if kinds == {bool}:
        if None not in values:
            return Answered(name, "BOOL", shape, values)
    elif kinds == {int} and None not in values and all(-_INT64 <= item < _INT64 for item in values):
        return Answered(name, "INT64", shape, values)
    elif kinds <= {int, float}:
        return Answered(name, "FP64", shape, [None if item is None else float(item) for item in values])
    return Answered(name, "BYTES", (len(rows),), [orjson.dumps(row).decode() for row in rows])


def _probabilities(probabilities: Sequence[Sequence[float]]) -> Answered:
    shape = (len(probabilities), len(probabilities[0]))
    return Answered(PROBABILITIES, "FP64", shape, list(chain.from_iterable(probabilities)))


def _named(predictions: Any) -> list[Answered] | None:
    """A tensor a column, where the model answered a table or named arrays."""
    if isinstance(predictions, dict) and predictions:
        return [tensor(str(name), value) for name, value in predictions.items()]
    if isinstance(predictions, list) and predictions and all(isinstance(row, dict) for row in predictions):
        rows: list[Mapping[str, Any]] = predictions
        names = list(rows[0])
        if names and all(list(row) == names for row in rows):
            return [tensor(name, [row[name] for row in rows]) for name in names]
    return None


def _unnested(rows: list[Any]) -> tuple[tuple[int, ...], list[Any]]:
    """The shape and the elements of nested lists, as deep as they are regular."""
    shape, values = [len(rows)], rows
    while values and all(type(item) is list for item in values) and len({len(item) for item in values}) == 1:
        shape.append(len(values[0]))
        values = [inner for item in values for inner in item]
    return tuple(shape), values
