"""What a model is made of, seen as code.

Preparations become functions of `features.py`, estimators become calls with their hyperparameters, and what
holds them together is printed around them.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from keyword import iskeyword
from typing import Any

from projects.export.code import Node, text_of
from projects.export.printed import Printer

LONG = 40
"""From so many letters on a part of the preparation has a line of its own."""


@dataclass(frozen=True)
class Steps:
    """A function that makes the steps before an estimator.

    Attributes:
        parts: What it makes first, by the names of its variables.
        made: What it returns.
    """

    parts: tuple[tuple[str, Node], ...]
    made: Node


@dataclass
class Outline:
    """The code of a model.

    Attributes:
        steps: The functions that make preparations, by name.
        hyperparameters: Of each estimator, by its name.
        model: The expression that makes the model.
        features: Prints what stands in `features.py`.
        best: Prints what stands in `best_model.py`.
    """

    steps: dict[str, "Steps"] = field(default_factory=dict)
    hyperparameters: dict[str, Node] = field(default_factory=dict)
    model: Node = field(default_factory=lambda: Node("None"))
    features: Printer = field(default_factory=Printer)
    best: Printer = field(default_factory=Printer)


def outline_of(model: Any) -> Outline:
    """Write an unfitted model as code.

    Raises:
        Unprintable: A part of it has no code that makes it.
    """
    outline = Outline()
    leaves = list(leaves_of(model))
    outline.model = _node(model, outline, "model", is_only=len(leaves) == 1)
    return outline


def leaves_of(model: Any, name: str = "model") -> Iterator[tuple[str, Any]]:
    """Go through the estimators at the ends of pipelines and inside of ensembles, each with its name."""
    inner = list(_members(model))
    if not inner:
        yield name, model
    for key, member in inner:
        yield from leaves_of(member, name if key in ("model", "estimator") else key)


def _members(model: Any) -> Iterator[tuple[str, Any]]:
    from sklearn.pipeline import Pipeline

    if isinstance(model, Pipeline):
        yield model.steps[-1]
        return
    given = model.get_params(deep=False)
    yield from given.get("estimators") or ()
    for key in ("estimator", "final_estimator"):
        if hasattr(given.get(key), "get_params"):
            yield key, given[key]


def _node(model: Any, outline: Outline, name: str, *, is_only: bool) -> Node:
    from sklearn.pipeline import Pipeline

    printer = outline.best
    if isinstance(model, Pipeline):
        return _pipeline(model, outline, name, is_only=is_only)
    members = {id(member): key for key, member in _members(model)}
    if not members:
        return _leaf(model, outline, name, is_only=is_only)
    for _, member in _members(model):
        key = members[id(member)]
        inner = name if key == "estimator" else key
        printer.written[id(member)] = _node(member, outline, inner, is_only=is_only)
    return printer.node(model)


def _pipeline(model: Any, outline: Outline, name: str, *, is_only: bool) -> Node:
    last, estimator = model.steps[-1]
    node = _node(estimator, outline, name, is_only=is_only)
    outline.best.imports.setdefault("sklearn.pipeline", set()).add("Pipeline")
    steps = []
    if model.steps[:-1]:
        function = _function(_steps(model.steps[:-1], outline.features), outline)
        outline.best.imports.setdefault("features", set()).add(function)
        steps = [("", Node(f"*{function}()"))]
    pair = Node("", "()", (("", text_of(last)), ("", node)))
    return Node("Pipeline", "()", (("", Node("", "[]", (*steps, ("", pair)))),))


def _steps(steps: list[tuple[str, Any]], printer: Printer) -> Steps:
    """Write steps; a part of a ColumnTransformer that takes several lines becomes a variable."""
    parts: list[tuple[str, Node]] = []
    for _, step in steps:
        for name, part, _ in getattr(step, "transformers", ()):
            node = printer.node(part)
            if (
                len(node.flat) > LONG
                and name.isidentifier()
                and not iskeyword(name)
                and id(part) not in printer.written
            ):
                parts.append((name, node))
                printer.written[id(part)] = Node(name)
    return Steps(tuple(parts), printer.node(steps))


def _function(steps: Steps, outline: Outline) -> str:
    for name, known in outline.steps.items():
        if known == steps:
            return name
    name = f"make_features_{len(outline.steps) + 1}" if outline.steps else "make_features"
    outline.steps[name] = steps
    return name


def _leaf(model: Any, outline: Outline, name: str, *, is_only: bool) -> Node:
    printer = outline.best
    call = printer.node(model)
    keyed = [(head[:-1], item) for head, item in call.items if head.endswith("=")]
    if len(keyed) < len(call.items) or not keyed:
        return call
    known, number = name, 1
    while known in outline.hyperparameters:
        number += 1
        known = f"{name}_{number}"
    outline.hyperparameters[known] = Node(
        "", "{}", tuple((f"{text_of(key).text}: ", item) for key, item in keyed)
    )
    place = "HYPERPARAMETERS" if is_only else f"HYPERPARAMETERS[{text_of(known).text}]"
    return Node(call.text, "()", (("", Node(f"**{place}")),))


def hyperparameters_of(outline: Outline) -> Node:
    """Write the hyperparameters: those of the only estimator, or of each by its name."""
    if len(outline.hyperparameters) == 1 and not any(
        "HYPERPARAMETERS[" in line for line in outline.model.flat.splitlines()
    ):
        return next(iter(outline.hyperparameters.values()))
    items = tuple((f"{text_of(name).text}: ", node) for name, node in outline.hyperparameters.items())
    return Node("", "{}", items)
