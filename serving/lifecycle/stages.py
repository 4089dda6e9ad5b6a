"""The stages' names, and which way down they lead."""

from serving.lifecycle.errors import InvalidMoveError

NONE = "None"
STAGING = "Staging"
PRODUCTION = "Production"
ARCHIVED = "Archived"
DELETED = "Deleted"
"""No stage of MLflow's: the journal's word for a version that was removed from the registry."""

ALIASES = {"staging": STAGING, "production": PRODUCTION}
"""The aliases that follow a stage."""

BELOW = {PRODUCTION: STAGING, STAGING: NONE}
"""Where a demoted version goes."""


def promotion_target(stage: str) -> str:
    """The stage's own spelling.

    Raises:
        InvalidMoveError: Not a stage that a version is promoted to.
    """
    for known in (STAGING, PRODUCTION):
        if stage.strip().lower() == known.lower():
            return known
    raise InvalidMoveError(f"a version is promoted to {STAGING} or {PRODUCTION}, not to '{stage}'")
