"""The code of an export: templates filled with what a version is."""

import platform
import re
import textwrap
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files
from typing import Any

from projects.export import own_code, told
from projects.export.code import assignment, listed, returned
from projects.export.origin import Origin
from projects.export.outline import Outline, hyperparameters_of, leaves_of, outline_of
from projects.export.printed import Printer
from projects.export.reading import MARKS, Column
from projects.ingest.schema import ColumnSchema

STATIC = ("tables.py", "predict.py", "evaluate.py", "test_predictions.py")
LINE = 110


@dataclass(frozen=True)
class Code:
    """An export's files of text, and what they need.

    Attributes:
        files: By path.
        columns: How raw columns are read.
        algorithms: Of the model and its members.
        imports: Modules that the code imports.
        is_single: Whether the model is one pipeline.
    """

    files: Mapping[str, str]
    columns: tuple[Column, ...]
    algorithms: tuple[str, ...]
    imports: frozenset[str]
    is_single: bool


def code_of(origin: Origin, unfitted: Any, own: Iterable[str] = ()) -> Code:
    """Write the code of a version.

    Args:
        origin: The version.
        unfitted: What its model is fitted from.
        own: Modules of Penstock that the fitted model needs besides.

    Raises:
        Unprintable: A part of the model has no code that makes it.
        LookupError: A module that it needs cannot go along.
    """
    outline = outline_of(unfitted)
    columns = columns_of(origin)
    parts = own_code.sources({*outline.features.own, *outline.best.own, *own, Column.__module__})
    algorithms = tuple(dict.fromkeys([origin.algorithm, *(name for name, _ in leaves_of(unfitted))]))
    is_single = type(unfitted).__name__ == "Pipeline"
    honest = told.honest(algorithms, is_single=is_single)
    made = {
        "features.py": _features(columns, outline),
        "best_model.py": _best_model(origin, outline, complete_columns(origin)),
        "train.py": template("train.py").replace("@@HONEST@@", textwrap.fill(honest, LINE)),
        **{name: template(name) for name in STATIC},
        "ruff.toml": f'line-length = {LINE}\n\n[lint]\nselect = ["E4", "E7", "E9", "F", "I", "UP"]\n',
        **parts,
    }
    imports = own_code.third_party(code for name, code in made.items() if name.endswith(".py"))
    return Code(made, columns, algorithms, frozenset(imports), is_single)


def template(name: str) -> str:
    """Read a template."""
    return files("projects.export").joinpath("templates", f"{name}.tmpl").read_text("utf-8")


def columns_of(origin: Origin) -> tuple[Column, ...]:
    """Say how each of the version's columns is read from raw cells."""
    known = {column.name: column for column in origin.schema}
    return tuple(
        _column(
            column.name, known.get(column.name), as_number=column.type == "double", required=column.required
        )
        for column in origin.columns
    )


def target_of(origin: Origin) -> Column:
    """Say how the target is read: as labels, or as a number."""
    classes = origin.classes
    is_text = classes is not None and isinstance(classes[0], str)
    known = {column.name: column for column in origin.schema}.get(origin.target)
    return _column(origin.target, known, as_number=not is_text, required=True)


def complete_columns(origin: Origin) -> list[str]:
    """Name the columns without whose cells a row is not learned from."""
    cleaning = origin.asked.get("cleaning") or {}
    usual, own = cleaning.get("missing_strategy"), cleaning.get("columns") or {}
    return [
        column.name
        for column in origin.columns
        if ((own.get(column.name) or {}).get("missing_strategy") or usual) == "drop"
    ]


def _column(name: str, known: ColumnSchema | None, *, as_number: bool, required: bool) -> Column:
    if known is None:
        kind = "number" if as_number else "text"
        return Column(name, kind, as_number=as_number, required=required)
    how = known.conversion
    truth = {"true": how.true, "false": how.false} if how.type == "boolean" else {}
    date = {"formats": how.formats, "has_time": how.has_time} if how.type == "date" else {}
    number = {"styled": how.form == "styled", "decimal": how.decimal} if how.type == "number" else {}
    marks = {} if how.missing == MARKS else {"missing": how.missing}
    original = known.original if known.original != name else ""
    given: dict[str, Any] = {**truth, **date, **number, **marks}
    return Column(name, how.type, original=original, as_number=as_number, required=required, **given)


def _features(columns: Sequence[Column], outline: Outline) -> str:
    printer = outline.features
    nodes = [printer.node(column) for column in columns]
    printer.imports.setdefault("pandas as pd", set())
    printer.imports.setdefault("model_parts.reading", set()).update(("Column", "read_columns"))
    functions = "".join(
        f"\n\ndef {name}() -> list:\n"
        '    """Make the steps before the estimator, not yet fitted."""\n'
        f"{''.join(assignment(part, node, 4) for part, node in steps.parts)}"
        f"{returned(steps.made)}"
        for name, steps in outline.steps.items()
    )
    return _filled(
        template("features.py"),
        IMPORTS=printer.import_lines(),
        COLUMNS=assignment("COLUMNS", listed(nodes)).rstrip("\n"),
        STEPS=functions.rstrip("\n"),
    )


def _best_model(origin: Origin, outline: Outline, complete: Sequence[str]) -> str:
    printer = outline.best
    found = hyperparameters_of(outline)
    target = printer.node(target_of(origin))
    classes = printer.node(origin.classes)
    for module, names in (
        ("pickle", ()), ("functools", ("lru_cache",)), ("pathlib", ("Path",)), ("numpy as np", ()),
        ("pandas as pd", ()), ("sklearn.base", ("BaseEstimator",)),
        ("features", ("FEATURES", "preprocess_data")), ("model_parts.reading", ("Column", "read_columns")),
    ):  # fmt: skip
        printer.imports.setdefault(module, set()).update(names)
    hyperparameters = assignment("HYPERPARAMETERS", found)
    return _filled(
        template("best_model.py"),
        IMPORTS=printer.import_lines(),
        TITLE=_one_line(told.title(origin)),
        ABOUT=_paragraph(told.about(origin)),
        TARGET=printer.node(origin.target).flat,
        TARGET_COLUMN=assignment("TARGET_COLUMN", target).rstrip("\n"),
        CLASSES=assignment("CLASSES", classes).rstrip("\n"),
        COMPLETE=assignment("COMPLETE", Printer().node(list(complete))).rstrip("\n"),
        HYPERPARAMETERS=hyperparameters,
        MODEL=returned(outline.model),
    )


def _one_line(text: str) -> str:
    return re.sub(r'["\\\n]', " ", text)


def _paragraph(text: str) -> str:
    plain = text.replace("\\", " ").replace('"""', "'''").rstrip('"')
    return "\n".join(textwrap.fill(line, LINE) for line in plain.splitlines())


def _filled(text: str, **values: str) -> str:
    return re.sub(r"@@([A-Z_]+)@@", lambda found: values[found[1]], text)


def readme(origin: Origin, code: Code, files_told: Sequence[str], proof: str) -> str:
    """Write README.md."""
    return _filled(
        template("README.md"),
        TITLE=told.title(origin),
        ABOUT=told.about(origin),
        PYTHON=python(),
        FILES="\n".join(files_told),
        COLUMNS=told.columns_table(code.columns),
        PROOF=proof,
        HONEST=told.honest(code.algorithms, is_single=code.is_single),
        SLUG=re.sub(r"[^a-z0-9]+", "-", origin.name.lower()).strip("-") or "model",
    )


def dockerfile(requirements: Sequence[str]) -> str:
    """Write the Dockerfile."""
    system = ""
    if any(line.startswith("lightgbm") for line in requirements):
        system = (
            "# LightGBM's wheel brings no OpenMP.\n"
            "# hadolint ignore=DL3008\n"
            "RUN apt-get update && apt-get install --yes --no-install-recommends libgomp1"
            " && rm -rf /var/lib/apt/lists/*\n"
        )
    return _filled(template("Dockerfile"), PYTHON=python(), SYSTEM=system.rstrip("\n")).replace(
        "\n\nWORK", "\nWORK"
    )


def python() -> str:
    """Return this Python's version, to the second number: a pickle is tied to it."""
    return ".".join(platform.python_version().split(".")[:2])
