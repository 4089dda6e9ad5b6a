"""A requirement as JSON that may be kept and shown: a variable's name in place of an address' password."""

import json

from projects.passwords import kept
from projects.requirement.model import Requirement


def as_json(requirement: Requirement) -> str:
    """Return the requirement as JSON, every field with its value; it can be read again."""
    return json.dumps(kept(requirement.model_dump(mode="json")), indent=1, ensure_ascii=False)
