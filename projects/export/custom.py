"""A person's own feature functions: their modules go along where their source is at hand and is the same."""

import ast
import sys
import sysconfig
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from types import CodeType, FunctionType
from typing import Any

TAKEN = (
    "features", "best_model", "train", "predict", "evaluate", "tables", "test_predictions", "model_parts",
)  # fmt: skip
"""Names of the export's own files."""


@dataclass(frozen=True)
class Custom:
    """The custom functions of a model.

    Attributes:
        files: The source of their modules, by path in the export.
        modules: The modules that go along.
        lacking: Functions whose source is not at hand or is another by now, with the reason.
    """

    files: dict[str, str]
    modules: tuple[str, ...]
    lacking: dict[str, str]


def custom_of(model: Any) -> Custom:
    """Find the functions of a fitted model's `ApplyFunction` steps, and their source."""
    files: dict[str, str] = {}
    modules: list[str] = []
    lacking: dict[str, str] = {}
    for step in _applied(model, set()):
        module = step.function.rpartition(".")[0]
        if not module or module.split(".")[0] in sys.stdlib_module_names:
            continue
        path, why = None, f"the export has a file of its own called {module.split('.')[0]}"
        if module.split(".")[0] not in TAKEN:
            path, why = _source(step.function_, module)
        if path is None:
            lacking[step.function] = why
            continue
        modules.append(module)
        files |= _with_local_imports(module, path)
    return Custom(files, tuple(dict.fromkeys(modules)), lacking)


def _applied(part: Any, seen: set[int]) -> Iterator[Any]:
    if id(part) in seen:
        return
    seen.add(id(part))
    if type(part).__name__ == "ApplyFunction" and hasattr(part, "function_"):
        yield part
    inner: list[Any] = list(part) if isinstance(part, list | tuple) else []
    if hasattr(part, "get_params") and not isinstance(part, type):
        inner = list(vars(part).values())
    for one in inner:
        yield from _applied(one, seen)


def _source(function: Any, module: str) -> tuple[Path | None, str]:
    try:
        spec = find_spec(module)
    except (ImportError, ValueError):
        spec = None
    if spec is None or not spec.origin or not spec.origin.endswith(".py"):
        return None, f"the module {module} is not on this machine's path"
    path = Path(spec.origin)
    known = getattr(function, "__code__", None)
    if not isinstance(function, FunctionType) or known is None:
        return None, "it is no plain function"
    codes = _codes(compile(path.read_text("utf-8"), str(path), "exec"))
    if not any(_alike(code, known) for code in codes if code.co_name == known.co_name):
        return None, f"{path.name} has been changed since the version was trained"
    return path, ""


def _codes(code: CodeType) -> Iterator[CodeType]:
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield constant
            yield from _codes(constant)


def _alike(one: CodeType, other: CodeType) -> bool:
    plain = [[each for each in code.co_consts if not isinstance(each, CodeType)] for code in (one, other)]
    return (one.co_code, one.co_names, plain[0]) == (other.co_code, other.co_names, plain[1])


def _with_local_imports(module: str, path: Path) -> dict[str, str]:
    """Return a module's file and those that it imports: beside it, or if it is installed of its own package.

    What else is installed is no file of the person's, and is required as a package.
    """
    root = path.parents[module.count(".") + (path.name == "__init__.py")]
    is_installed = root in {Path(sysconfig.get_path(name)) for name in ("purelib", "platlib")}
    files: dict[str, str] = {}
    left = [path]
    while left:
        file = left.pop()
        place = file.relative_to(root)
        if str(place) in files:
            continue
        files[str(place)] = file.read_text("utf-8")
        packages = [root / parent / "__init__.py" for parent in place.parents if str(parent) != "."]
        left += [package for package in packages if package.is_file()]
        for name in _names(files[str(place)], place.parent.parts):
            if is_installed and name.partition(".")[0] != module.partition(".")[0]:
                continue
            near = root / name.replace(".", "/")
            left += [one for one in (near.with_suffix(".py"), near / "__init__.py") if one.is_file()]
    return files


def _names(code: str, package: tuple[str, ...]) -> set[str]:
    """Name the modules that a file's code may import.

    Args:
        code: The file's.
        package: The names of the package that the file is in, which relative imports begin at.
    """
    found: set[str] = set()
    for node in ast.walk(ast.parse(code)):
        if isinstance(node, ast.Import):
            found |= {name.name for name in node.names}
        elif isinstance(node, ast.ImportFrom):
            above = package[: len(package) - node.level + 1] if node.level else ()
            base = ".".join([*above, *([node.module] if node.module else [])])
            found |= {base, *(f"{base}.{name.name}" for name in node.names)}
    return found - {""}
