"""From tensors to the rows of a model's columns.

A tensor named like a column brings that column, shape [n] or [n, 1]. One tensor may stand for all columns
that no other tensor names, in the signature's order: shape [n, columns], under any name. A tensor of a name
that is no column is passed over where no column is missing, as MLflow passes over columns it does not know.
"""

import base64
from collections.abc import Mapping, Sequence
from typing import Any

from serving.protocol.errors import RequestError
from serving.protocol.v2.tensors import Tensor
from serving.scorers.scorer import Table

Columns = Sequence[tuple[str, str]]

_REAL = frozenset({"real", "whole", "boolean"})
FAMILIES: Mapping[str, frozenset[str]] = {
    "double": _REAL,
    "float": _REAL,
    "long": _REAL,
    "integer": _REAL,
    "boolean": frozenset({"boolean"}),
    "string": frozenset({"bytes"}),
    "datetime": frozenset({"bytes"}),
    "binary": frozenset({"bytes"}),
}
"""Which tensors bring which columns; whether whole numbers may be fractions is for MLflow to judge."""


def to_table(tensors: Sequence[Tensor], columns: Columns) -> Table:
    """Lay tensors out as rows.

    Args:
        tensors: The inputs.
        columns: The model's columns as pairs of name and type; empty if it names none, and then each tensor
            is a column whose cells are what stands in its first dimension.

    Raises:
        RequestError: 400; they do not make the model's columns.
    """
    by_name = {tensor.name: tensor for tensor in tensors}
    if len(by_name) < len(tensors):
        raise RequestError(400, "'inputs' must name each tensor once")
    if not columns:
        return _table([tensor.name for tensor in tensors], [_decoded(tensor) for tensor in tensors], tensors)
    missing = [name for name, _ in columns if name not in by_name]
    if not missing:
        chosen = [by_name[name] for name, _ in columns]
        cells = [_cells(tensor, kind) for tensor, (_, kind) in zip(chosen, columns, strict=True)]
        return _table([name for name, _ in columns], cells, chosen)
    known = {name for name, _ in columns}
    block = _block([tensor for tensor in tensors if tensor.name not in known], missing, columns)
    if len(missing) == len(columns):
        return _of_block(block, columns)
    return _mixed(by_name, block, missing, columns)


def _table(names: Sequence[str], cells: Sequence[Sequence[Any]], tensors: Sequence[Tensor]) -> Table:
    counts = {tensor.shape[0] for tensor in tensors}
    if len(counts) > 1:
        other = next(tensor for tensor in tensors if tensor.shape[0] != tensors[0].shape[0])
        raise RequestError(
            400,
            f"all inputs must have as many rows; '{tensors[0].name}' has {tensors[0].shape[0]},"
            f" '{other.name}' has {other.shape[0]}",
        )
    return Table(tuple(names), list(map(list, zip(*cells, strict=True))))


def _of_block(block: Tensor, columns: Columns) -> Table:
    kinds = {kind for _, kind in columns}
    for kind in kinds:
        name = next(name for name, other in columns if other == kind)
        _check_family(block, name, kind)
    width, values = len(columns), _converted(block, "binary" if kinds == {"binary"} else "")
    rows = [values[start : start + width] for start in range(0, len(values), width)]
    return Table(tuple(name for name, _ in columns), rows)


def _mixed(by_name: Mapping[str, Tensor], block: Tensor, missing: list[str], columns: Columns) -> Table:
    places = {name: place for place, name in enumerate(missing)}
    width, values = len(missing), _converted(block, "")
    cells: list[Sequence[Any]] = []
    chosen: list[Tensor] = []
    for name, kind in columns:
        tensor = by_name.get(name, block)
        chosen.append(tensor)
        if tensor is block:
            _check_family(block, name, kind)
            cells.append(values[places[name] :: width])
        else:
            cells.append(_cells(tensor, kind))
    return _table([name for name, _ in columns], cells, chosen)


def _block(spare: list[Tensor], missing: list[str], columns: Columns) -> Tensor:
    width = len(missing)
    for tensor in spare:
        is_matrix = len(tensor.shape) == 2 and tensor.shape[1] == width
        # A single column is only meant by another name where the model has no other.
        if (width > 1 or len(columns) == 1) and (is_matrix or (width == 1 and len(tensor.shape) == 1)):
            return tensor
    raise _no_block(spare, missing)


def _no_block(spare: list[Tensor], missing: list[str]) -> RequestError:
    import difflib

    near = difflib.get_close_matches(missing[0], [tensor.name for tensor in spare], n=1)
    hint = f"; did you mean it by '{near[0]}'?" if near else ""
    more = f" and {len(missing) - 1} more" if len(missing) > 1 else ""
    if not near and len(missing) > 1:
        hint = f"; send a tensor a column, or one of shape [rows, {len(missing)}] in the model's order"
    return RequestError(400, f"input '{missing[0]}' is missing{more}{hint}")


def _cells(tensor: Tensor, kind: str) -> Sequence[Any]:
    shape = tensor.shape
    families = FAMILIES.get(kind)
    if families is None:
        return _decoded(tensor)
    if len(shape) > 2 or (len(shape) == 2 and shape[1] != 1):
        raise RequestError(
            400, f"input '{tensor.name}' must have the shape [rows] or [rows, 1], not {list(shape)}"
        )
    family = tensor.datatype.family
    if family not in families:
        _check_family(tensor, tensor.name, kind)
    return _converted(tensor, kind) if family == "bytes" else tensor.values


def _check_family(tensor: Tensor, name: str, kind: str) -> None:
    families = FAMILIES.get(kind)
    if families and tensor.datatype.family not in families:
        wanted = (
            "BYTES" if "bytes" in families else "BOOL" if kind == "boolean" else "a number's, such as FP64"
        )
        whose = "its datatype" if tensor.name == name else f"the datatype of input '{tensor.name}'"
        raise RequestError(
            400,
            f"column '{name}' takes {kind}: {whose} must be {wanted}, not {tensor.datatype.name}",
        )


def _decoded(tensor: Tensor) -> Sequence[Any]:
    values = tensor.values
    if tensor.datatype.family == "bytes":
        values = _converted(tensor, "")
    elif tensor.datatype.family == "real":  # MLflow takes no whole number for a real one in an array
        values = [value if value is None else float(value) for value in values]
    return Tensor(tensor.name, tensor.datatype, tensor.shape, values).cells()


def _converted(tensor: Tensor, kind: str) -> list[Any]:
    """A tensor's values as the model's: texts, or base64 for MLflow's binary columns."""
    values = tensor.values
    if tensor.datatype.family != "bytes":
        return list(values)
    if kind == "binary":
        return [None if value is None else _base64(value) for value in values]
    return [value if value is None or type(value) is str else _text(value, tensor.name) for value in values]


def _base64(value: bytes | str) -> str:
    return base64.b64encode(value.encode() if isinstance(value, str) else value).decode()


def _text(value: bytes, name: str) -> str:
    try:
        return value.decode()
    except UnicodeDecodeError as error:
        raise RequestError(
            400, f"input '{name}' must hold texts in UTF-8; byte {error.start} of one is not"
        ) from error
