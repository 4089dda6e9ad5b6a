"""A requirement as JSON that may be kept and shown: without the password of a database's address."""

import json
from typing import Any

from projects.requirement.model import Requirement


def as_json(requirement: Requirement) -> str:
    """Return the requirement as JSON, every field with its value."""
    told = requirement.model_dump(mode="json")
    source = told["data_source"]
    if isinstance(source, dict):
        source["url"] = _without_password(source["url"])
    elif isinstance(source, str):
        told["data_source"] = _without_password(source)
    return json.dumps(told, indent=1, ensure_ascii=False)


def _without_password(place: Any) -> str:
    from sqlalchemy.engine import make_url
    from sqlalchemy.exc import ArgumentError

    try:
        return make_url(place).render_as_string(hide_password=True)
    except ArgumentError:
        return str(place)
