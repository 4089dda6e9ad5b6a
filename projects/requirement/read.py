"""A requirement from a file and from single parameters: parameters win, and every wrong word is named."""

import copy
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from projects.errors import BadInput
from projects.requirement.check import check
from projects.requirement.compute_section import as_section
from projects.requirement.document import Document, Path_, read_document
from projects.requirement.model import Requirement
from projects.requirement.parameters import SPEC, given
from projects.requirement.wording import dotted, refusal, shown

COMPUTE = "compute"


def read_requirement(*, spec: str = "", parameters: Mapping[str, str] | None = None) -> Requirement:
    """Read a requirement.

    Args:
        spec: A file of YAML or JSON; empty for none.
        parameters: Texts by the names of `projects.requirement.parameters`; those that are not empty
            win over the file.

    Raises:
        BadInput: The file cannot be read, a key is unknown, or a value is not what was wanted.
    """
    parameters = parameters or {}
    spec = spec or str(parameters.get(SPEC) or "").strip()
    document = read_document(Path(spec)) if spec else Document("", {}, {})
    set_by = given(parameters)
    values = copy.deepcopy(document.values)
    for where, (name, value) in set_by.items():
        put(values, where, value, name)
    labels = {where: name for where, (name, _) in set_by.items()}
    try:
        requirement = Requirement.model_validate(values)
    except ValidationError as error:
        raise refusal(error, labels=labels, lines=document.lines, name=document.name) from error
    check(requirement)
    return requirement


def put(values: dict[str, Any], where: Path_, value: Any, name: str) -> None:
    """Put a value at its place, and make the sections above it.

    Raises:
        BadInput: Something above it is no section.
    """
    inner: Any = values
    for depth, part in enumerate(where[:-1]):
        if part == COMPUTE and part in inner:
            inner[part] = as_section(inner[part])
        inner = inner.setdefault(part, {}) if inner.get(part) is not None else _fresh(inner, part)
        if not isinstance(inner, dict):
            raise BadInput(
                f"{dotted(where[: depth + 1])} must be a section, not {shown(inner)};"
                f" {name} cannot be set in it",
                code="wrong_value",
            )
    inner[where[-1]] = value


def _fresh(inner: dict[str, Any], part: Any) -> dict[str, Any]:
    inner[part] = {}
    return inner[part]  # type: ignore[no-any-return]
