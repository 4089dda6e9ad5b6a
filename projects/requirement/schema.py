"""The JSON Schema of a requirement, for editors and for programs that write one."""

import json
from typing import Any

from projects.requirement.model import Requirement

DIALECT = "https://json-schema.org/draft/2020-12/schema"


def requirement_schema() -> dict[str, Any]:
    """Return the schema; its descriptions are the fields' own docstrings."""
    schema = Requirement.model_json_schema()
    _without_titles(schema)
    return {"$schema": DIALECT, "title": "A requirement of Penstock", **schema}


def schema_text() -> str:
    """Return the schema as the text of its file."""
    return json.dumps(requirement_schema(), indent=2, ensure_ascii=False) + "\n"


def _without_titles(part: Any) -> None:
    """Take away the titles that only repeat the key."""
    if isinstance(part, list):
        for item in part:
            _without_titles(item)
    if isinstance(part, dict):
        if isinstance(part.get("title"), str) and not isinstance(
            part.get("properties", {}).get("title"), str
        ):
            part.pop("title")
        for item in part.values():
            _without_titles(item)
