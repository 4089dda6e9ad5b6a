"""Fitted steps before the model become JSON.

Steps that add columns (Derive, Interactions) and that leave some out (SelectColumns) come first, then one
ColumnTransformer; what each of its steps makes of a column is followed symbolically and then laid out as
blocks of the matrix. Steps are known by their class names and fitted attributes.
"""

from collections.abc import Sequence
from typing import Any

from serving.plan.encoding.layout import laid_out
from serving.plan.encoding.rules import RULES
from serving.plan.encoding.symbols import Raw, Sources, Symbol
from serving.plan.model import Column, PlanUnsupported


def write_encoder(
    steps: Sequence[Any], columns: Sequence[Column], files: dict[str, bytes] | None = None
) -> dict[str, Any]:
    """Write the fitted steps before the model as JSON.

    Args:
        steps: The fitted steps, in order.
        columns: The inputs, in the order in which rows will bring them.
        files: Takes, by name, what the JSON names and does not hold itself.

    Raises:
        PlanUnsupported: A step cannot be written; the message says which.
    """
    if not steps or type(steps[-1]).__name__ != "ColumnTransformer":
        raise PlanUnsupported("only a pipeline of a ColumnTransformer and an estimator can be a plan")
    places = {column.name: place for place, column in enumerate(columns)}
    sources = Sources(places, len(places))
    for step in steps[:-1]:
        _follow(step, sources)
    symbols = _transformed(steps[-1], sources)
    return {"derived": sources.derived, **laid_out(symbols, {} if files is None else files)}


def _follow(step: Any, sources: Sources) -> None:
    name = type(step).__name__
    if name in ("Derive", "Interactions"):
        for definition in step.definitions_:
            more = {key: value for key, value in definition.items() if key not in ("name", "columns")}
            indices = [_place(sources, column) for column in definition["columns"]]
            sources.places[definition["name"]] = sources.add({**more, "indices": indices}, 1)
    elif name == "ApplyFunction":
        raise PlanUnsupported(f"the feature function '{step.function}' is code, which a plan cannot hold")
    elif name != "SelectColumns":  # what it leaves out, the ColumnTransformer does not name
        raise PlanUnsupported(f"the step {name} cannot be written")


def _transformed(transformer: Any, sources: Sources) -> list[Symbol]:
    if transformer.transformer_weights:
        raise PlanUnsupported("a ColumnTransformer with weights cannot be written")
    made: list[Symbol] = []
    for part, fitted, names in transformer.transformers_:
        if isinstance(fitted, str) and fitted == "drop":
            continue
        if isinstance(names, str | slice) or not all(isinstance(name, str) for name in names):
            raise PlanUnsupported(f"the columns' part '{part}' must list its columns by name")
        if len(names):
            made += _part(part, fitted, [Raw(_place(sources, name)) for name in names], sources)
    return made


def _part(part: str, fitted: Any, symbols: list[Symbol], sources: Sources) -> list[Symbol]:
    steps = [step for _, step in fitted.steps] if hasattr(fitted, "steps") else [fitted]
    kinds = [type(step).__name__ for step in steps]
    for step, kind in zip(steps, kinds, strict=True):
        if isinstance(step, str) and step == "passthrough":
            continue
        if kind not in RULES:
            raise PlanUnsupported(f"the columns' part '{part}' ({', '.join(kinds)}) cannot be written")
        symbols = RULES[kind](step, symbols, sources)
    return symbols


def _place(sources: Sources, name: str) -> int:
    if name not in sources.places:
        raise PlanUnsupported(f"the column '{name}' is none of the model's inputs")
    return sources.places[name]
