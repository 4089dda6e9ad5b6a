"""Values and estimators as the code that makes them: only what differs from the defaults is written.

A pipeline of a version is printed as a data scientist would write it: public import paths, one step a line.
"""

import dataclasses
import importlib
import inspect
import math
import sys
from collections.abc import Mapping
from types import BuiltinFunctionType, FunctionType
from typing import Any

import numpy as np
import pandas as pd

from projects.export.code import WIDTH, Node, grouped, listed, text_of
from projects.export.own_code import is_own, new_name

WHOLE = ("pickle",)
"""Modules that are imported whole, under their own names."""
OWN = ("best_model", "features", "model_parts", "tables")
"""The export's own modules."""


class Unprintable(Exception):  # noqa: N818 - a finding, told as a sentence
    """A part of a model cannot be written as code; the message names it."""


class Printer:
    """Prints values, and keeps what the code must import.

    Attributes:
        imports: The names that are needed, by module.
        own: The modules of Penstock that are needed, by their names in Penstock.
        written: Code that stands for an object, by the object's id.
    """

    def __init__(self) -> None:
        self.imports: dict[str, set[str]] = {}
        self.own: set[str] = set()
        self.written: dict[int, Node] = {}

    def node(self, value: Any) -> Node:
        """Print a value.

        Raises:
            Unprintable: It, or something in it, has no code that makes it.
        """
        if id(value) in self.written:
            return self.written[id(value)]
        simple = self._simple(value)
        if simple is not None:
            return simple
        if isinstance(value, Mapping | list | tuple | set | frozenset):
            return self._container(value)
        if isinstance(value, np.ndarray):
            self._module("numpy", "np")
            return Node("np.array", "()", (("", self.node(value.tolist())),))
        if _is_of_numpy(value):
            self._module("numpy", "np")
            return Node(f"np.{value.__name__}")
        is_named = isinstance(value, type | FunctionType | BuiltinFunctionType)
        return Node(self.imported(value)) if is_named else self._made(value)

    def _container(self, value: Any) -> Node:
        if isinstance(value, Mapping):
            pairs = ((f"{self.node(key).flat}: ", self.node(item)) for key, item in value.items())
            return Node("", "{}", tuple(pairs))
        if isinstance(value, set | frozenset):
            members = listed([self.node(item) for item in sorted(value, key=repr)])
            return Node(type(value).__name__, "()", (("", members),))
        nodes = [self.node(item) for item in value]
        return listed(nodes) if isinstance(value, list) else grouped(nodes)

    def _simple(self, value: Any) -> Node | None:
        if value is pd.NA:
            self._module("pandas", "pd")
            return Node("pd.NA")
        if isinstance(value, np.generic):
            value = value.item()
        if value is None or value is ... or isinstance(value, bool | int | bytes):
            return Node("..." if value is ... else repr(value))
        if isinstance(value, float):
            return Node(repr(value) if math.isfinite(value) else f'float("{value}")')
        return text_of(value) if isinstance(value, str) else None

    def _made(self, value: Any) -> Node:
        kind = type(value)
        given = None if isinstance(value, np.ufunc) else _given(value)
        if given is None:
            raise Unprintable(f"a {kind.__module__}.{kind.__qualname__}")
        named = self.imported(kind)
        return Node(named, "()", tuple((head, self.node(item)) for head, item in given))

    def imported(self, value: Any) -> str:
        """Name a class or function as code does, and keep its import.

        Raises:
            Unprintable: It has no name that can be imported.
        """
        module, name = str(value.__module__), str(value.__qualname__)
        if module == "builtins":
            return name
        if "." in name or "<" in name:
            raise Unprintable(f"{module}.{name}, which has no name of its own in its module")
        if is_own(module):
            self.own.add(module)
            module = new_name(module)
        else:
            module = _public(module, name, value)
        self.imports.setdefault(module, set()).add(name)
        return name

    def _module(self, module: str, name: str) -> None:
        self.imports.setdefault(f"{module} as {name}", set())

    def import_lines(self) -> str:
        """Write the imports as isort groups them: the standard library's, packages', the export's own."""
        groups: list[list[str]] = [[], [], []]
        for module in sorted(self.imports, key=_import_order):
            top = module.split(" ")[0].split(".")[0]
            groups[2 if top in OWN else 0 if top in sys.stdlib_module_names else 1].append(module)
        return "\n".join("".join(map(self._line, group)) for group in groups if group)

    def _line(self, module: str) -> str:
        names = self.imports[module]
        if not names:
            return f"import {module}\n"
        ordered = sorted(names, key=lambda name: (not name.isupper(), not name[:1].isupper(), name))
        line = f"from {module} import {', '.join(ordered)}\n"
        if len(line) <= WIDTH + 1:
            return line
        return f"from {module} import (\n{''.join(f'    {name},{chr(10)}' for name in ordered)})\n"


def _is_of_numpy(value: Any) -> bool:
    """Whether it is a function of numpy, which need be no function of Python."""
    name = getattr(value, "__name__", None)
    return callable(value) and isinstance(name, str) and getattr(np, name, None) is value


def _import_order(module: str) -> tuple[bool, str]:
    return " as " not in module and module not in WHOLE, module


def _public(module: str, name: str, value: Any) -> str:
    """Return the shortest module that shows the value under this name, else its own."""
    words = module.split(".")
    for end in range(1, len(words) + 1):
        path = ".".join(words[:end])
        if any(word.startswith("_") for word in words[:end]):
            break
        try:
            found = getattr(importlib.import_module(path), name, None)
        except ImportError:
            continue
        if found is value:
            return path
    try:
        found = getattr(importlib.import_module(module), name, None)
    except ImportError:
        found = None
    if found is not value:
        raise Unprintable(f"{module}.{name}, which cannot be imported here")
    return module


def _given(value: Any) -> list[tuple[str, Any]] | None:
    """Return what an object was made with, where that differs from the defaults; None if it does not say."""
    kind = type(value)
    taken = list(_taken(kind).values())
    if dataclasses.is_dataclass(value):
        values = {field.name: getattr(value, field.name) for field in dataclasses.fields(value) if field.init}
    elif hasattr(value, "get_params"):
        values = value.get_params(deep=False)
    else:
        plain = [one.name for one in taken if one.kind not in (one.VAR_POSITIONAL, one.VAR_KEYWORD)]
        if len(plain) < len(taken) or not all(hasattr(value, name) for name in plain):
            return None
        values = {name: getattr(value, name) for name in plain}
    usual = _usual(kind, values)
    first = [one.name for one in taken if one.default is one.empty and one.kind == one.POSITIONAL_OR_KEYWORD]
    given = [("", values[name]) for name in first if name in values]
    for name, item in values.items():
        if name not in first and not (name in usual and _equal(item, usual[name])):
            given.append((f"{name}=", item))
    return given


def _usual(kind: type, values: Mapping[str, Any]) -> dict[str, Any]:
    """Return the defaults of a class."""
    if hasattr(kind, "get_params"):
        try:
            return dict(kind().get_params(deep=False))
        except TypeError:
            pass
    if dataclasses.is_dataclass(kind):
        missing = dataclasses.MISSING
        return {
            field.name: field.default_factory() if field.default_factory is not missing else field.default
            for field in dataclasses.fields(kind)
            if field.default is not missing or field.default_factory is not missing
        }
    taken = _taken(kind)
    return {
        name: one.default for name, one in taken.items() if one.default is not one.empty and name in values
    }


def _taken(kind: Any) -> dict[str, inspect.Parameter]:
    return dict(inspect.signature(kind).parameters)


def _equal(one: Any, other: Any) -> bool:
    return one is other or (type(one) is type(other) and repr(one) == repr(other))
