"""Every command: its module and its one sentence, so that the list of them imports none."""

from collections.abc import Mapping
from difflib import get_close_matches

PLACES: Mapping[str, tuple[str, str]] = {
    "up": ("stack", "start the local stack: MLflow, gateway, monitor, API, jobs"),
    "down": ("stack", "stop it"),
    "status": ("stack", "which of its servers answer"),
    "train": ("train", "from a table to a registered version"),
    "models": ("models", "the versions of all models, or of one"),
    "promote": ("models", "move a version to Production, or to Staging"),
    "rollback": ("models", "go back to the version before"),
    "export": ("export", "a version as code that needs no Penstock"),
    "approvals": ("approvals", "promotions that need a second person"),
    "route": ("route", "show and split the traffic of a model"),
    "history": ("models", "who moved which version, when and why"),
    "drift": ("drift", "what the monitor has found of a model's traffic"),
    "jobs": ("jobs", "what waits, what runs, what came of it"),
    "users": ("users", "people who sign in, and what is shared with them"),
    "audit": ("audit", "who did what: list, export, verify"),
    "backup": ("backup", "make back-ups, look whether they are whole, restore one"),
    "tidy": ("tidy", "remove artefacts that nothing uses any more"),
    "completion": ("completion", "make a shell complete commands and models' names"),
}


def nearest(name: str) -> str:
    """What somebody who typed a name may have meant."""
    near = get_close_matches(name, PLACES, n=1)
    return f"did you mean '{near[0]}'?" if near else f"there are {', '.join(PLACES)}"
