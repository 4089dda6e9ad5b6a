"""A stored feature: its name, its version and a definition that is plain JSON."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from projects.errors import BadInput

NAME = re.compile(r"[A-Za-z0-9_](?:[A-Za-z0-9_. -]{0,98}[A-Za-z0-9_])?")
REFERENCE = re.compile(r"(?P<name>[^:]+)(?::(?P<version>[1-9]\d{0,8}))?")
LONGEST = 4000
"""Letters of a definition: what every tracking store takes as a tag."""
CUSTOM = "custom"


@dataclass(frozen=True)
class Feature:
    """One version of a feature; it never changes.

    Attributes:
        name: Its name, and that of the column that it makes.
        version: Counts from 1.
        definition: `kind`, `columns` and what the kind needs, as `projects.transformers.derivations` has
            them; or `kind` custom and `function`, a dotted name.
        description: What it is for.
        owner: Who added it.
        created_at: When, in milliseconds since 1970.
        run_id: The run that holds it.
        uses: The statistics of its cells in each training that used it, by the training's run.
    """

    name: str
    version: int
    definition: Mapping[str, Any]
    description: str
    owner: str
    created_at: int
    run_id: str
    uses: Mapping[str, Mapping[str, Any]]

    @property
    def is_custom(self) -> bool:
        """Whether it is a function, not a definition."""
        return bool(self.definition["kind"] == CUSTOM)

    @property
    def column(self) -> dict[str, Any]:
        """The definition as `Derive` takes it."""
        return {"name": self.name, **self.definition}

    def as_json(self) -> dict[str, Any]:
        """Return it as plain JSON."""
        return {
            "name": self.name, "version": self.version, "definition": dict(self.definition),
            "description": self.description, "owner": self.owner, "created_at": self.created_at,
            "run_id": self.run_id, "uses": {run: dict(cells) for run, cells in self.uses.items()},
        }  # fmt: skip


def checked(name: str, definition: Mapping[str, Any]) -> dict[str, Any]:
    """Return a definition that can be stored.

    Raises:
        BadInput: The name or the definition is none.
    """
    if not NAME.fullmatch(name):
        raise BadInput(
            f"a feature's name must be of letters, digits, blanks and _ . - (at most 100), not {name!r:.120}"
        )
    plain = {key: value for key, value in definition.items() if key != "name"}
    try:
        text = json.dumps(plain, sort_keys=True, allow_nan=False)
    except (TypeError, ValueError) as error:
        raise BadInput(f"the definition of feature '{name}' must be plain JSON; {error}") from error
    if len(text) > LONGEST:
        raise BadInput(
            f"the definition of feature '{name}' must be at most {LONGEST} letters, not {len(text)}"
        )
    if plain.get("kind") == CUSTOM:
        _check_custom(name, plain)
    else:
        from projects.transformers.derive import check

        try:
            check({"name": name, **plain})
        except ValueError as error:
            raise BadInput(str(error)) from error
    stored: dict[str, Any] = json.loads(text)
    return stored


def parse_reference(text: str) -> tuple[str, int | None]:
    """Read `name` or `name:version`.

    Raises:
        BadInput: It is neither.
    """
    found = REFERENCE.fullmatch(text.strip())
    if found is None:
        raise BadInput(f"a stored feature is named NAME or NAME:VERSION, not {text!r:.120}")
    version = found["version"]
    return found["name"].strip(), None if version is None else int(version)


def _check_custom(name: str, definition: Mapping[str, Any]) -> None:
    function = definition.get("function")
    if set(definition) != {"kind", "function"} or not isinstance(function, str) or "." not in function:
        raise BadInput(
            f"feature '{name}' (custom) takes 'function' alone, a dotted name such as module.function"
        )
