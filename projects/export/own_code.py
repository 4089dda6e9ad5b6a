"""Which of Penstock's modules a model needs, and their source as a package of the export's own.

Whole modules go along, each as its own file under `model_parts`: a class keeps its neighbours and its tests'
meaning, names of two modules never meet, and a pickle finds each class under one path. What a module imports
of Penstock goes along too; functions that only Penstock's own doors call are left out.
"""

import ast
import re
from collections.abc import Iterable
from importlib.util import find_spec
from pathlib import Path

PACKAGE = "model_parts"
ROOMS = {
    "projects.transformers": f"{PACKAGE}.transformers",
    "projects.estimators": f"{PACKAGE}.estimators",
    "projects.text": f"{PACKAGE}.text",
    "projects.errors": f"{PACKAGE}.errors",
    "projects.hints": f"{PACKAGE}.hints",
    "projects.export.reading": f"{PACKAGE}.reading",
    "serving.plan.text": f"{PACKAGE}.words",
}
"""Penstock's rooms that a model may be made of, and their names in the export."""
LEFT_OUT = ("projects.text.bulk", "projects.text.workers", "projects.text.saved", "projects.pickled")
"""Doors of the text features that no prediction and no fit goes through."""
LICENCE = "# Copyright the Penstock authors. Licensed under the Apache License, Version 2.0.\n"
PENSTOCK = ("projects", "serving", "monitoring", "penstock")
_CHECKERS = re.compile(r"  # (?:noqa|type: ignore)[^\n]*")
"""Words to the checkers of Penstock's own code."""
NAMED = re.compile("|".join(rf"\b{re.escape(room)}\b" for room in sorted(ROOMS, key=len, reverse=True)))


def is_own(module: str) -> bool:
    """Whether a module is one of Penstock's that may go along."""
    return any(module == room or module.startswith(f"{room}.") for room in ROOMS)


def new_name(module: str) -> str:
    """Return a module's name in the export."""
    return NAMED.sub(lambda found: ROOMS[found.group()], module)


def own_names(modules: Iterable[str]) -> set[str]:
    """Return the names in Penstock of the export's modules among these."""
    found = set()
    for room, new in ROOMS.items():
        same = {module for module in modules if module == new or module.startswith(f"{new}.")}
        found |= {room + module.removeprefix(new) for module in same}
    return found


def sources(modules: Iterable[str]) -> dict[str, str]:
    """Return the files of `model_parts` for these modules and what they import, by path.

    Raises:
        LookupError: One imports of Penstock what may not go along; the message names both.
    """
    found: dict[str, str] = {}
    left = list(modules)
    while left:
        module = left.pop()
        if module in found:
            continue
        found[module] = _without_doors(_source(module))
        for needed in _imported(found[module]):
            if not is_own(needed):
                raise LookupError(f"{module} imports {needed}")
            left.append(needed)
    files = {f"{new_name(module).replace('.', '/')}.py": _renamed(code) for module, code in found.items()}
    folders = {str(parent) for path in files for parent in Path(path).parents} - {"."}
    about = '"""What the model is made of."""\n'
    return {**{f"{folder}/__init__.py": about for folder in sorted(folders)}, **dict(sorted(files.items()))}


def third_party(files: Iterable[str]) -> set[str]:
    """Name the top-level modules that code imports outside of functions."""
    found = set()
    for code in files:
        for node in ast.parse(code).body:
            if isinstance(node, ast.Import):
                found |= {name.name.split(".")[0] for name in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                found.add(node.module.split(".")[0])
    return found


def _source(module: str) -> str:
    spec = find_spec(module)
    if spec is None or not spec.origin:
        raise LookupError(f"the source of {module} is not at hand")
    return Path(spec.origin).read_text("utf-8")


def _imported(code: str) -> set[str]:
    """Name the modules of Penstock that code imports anywhere."""
    found = set()
    for node in ast.walk(ast.parse(code)):
        if isinstance(node, ast.Import):
            found |= {name.name for name in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            parts = [f"{node.module}.{name.name}" for name in node.names]
            modules = [part for part in parts if node.module.startswith(PENSTOCK) and _is_module(part)]
            found |= set(modules) or {node.module}
    return {name for name in found if name.split(".")[0] in PENSTOCK}


def _is_module(name: str) -> bool:
    try:
        return find_spec(name) is not None
    except ModuleNotFoundError:
        return False


def _without_doors(code: str) -> str:
    """Cut functions and methods that import what is left out."""
    lines = code.splitlines(keepends=True)
    for node in sorted(_doors(ast.parse(code)), key=lambda one: -one.lineno):
        first = min([node.lineno, *(each.lineno for each in node.decorator_list)]) - 1
        while first and not lines[first - 1].strip():
            first -= 1
        del lines[first : node.end_lineno]
    return "".join(lines)


def _doors(tree: ast.AST) -> list[ast.FunctionDef | ast.AsyncFunctionDef]:
    functions = [one for one in ast.walk(tree) if isinstance(one, ast.FunctionDef | ast.AsyncFunctionDef)]
    return [one for one in functions if _imported(ast.unparse(one)) & set(LEFT_OUT)]


def _renamed(code: str) -> str:
    code = "".join(_CHECKERS.sub("", line) for line in code.splitlines(keepends=True))
    return LICENCE + NAMED.sub(lambda found: ROOMS[found.group()], code)
