"""A plan that waits for a person: at a terminal until Enter, elsewhere until the next run."""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Literal

from projects.errors import BadInput
from projects.ingest.fix import Fix
from projects.ingest.plan import Plan
from projects.ingest.plan_file import read_plan, save_plan

Ask = Callable[[str], object]
Answer = tuple[dict[str, Fix], Literal["drop", "keep"], list[str]]


def at_terminal() -> Ask | None:
    """Give what asks the person at the terminal, None if there is none."""
    return input if sys.stdin is not None and sys.stdin.isatty() and sys.stdout.isatty() else None


def wait_for_approval(plan: Plan, path: Path, ask: Ask | None, say: Callable[[str], None]) -> Answer:
    """Write the plan and wait until it is confirmed.

    Raises:
        BadInput: Nobody can be asked; the sentence says how to go on.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    save_plan(plan, path)
    if ask is None:
        raise BadInput(
            f"the cleaning plan waits for approval: read and correct '{path}', then run this again with"
            f" plan={path} (or set cleaning.approve to auto)"
        )
    while True:
        ask(f"The cleaning plan is in {path}. Correct it if it is wrong, then press Enter to go on: ")
        try:
            return read_plan(path, plan)
        except BadInput as error:
            say(str(error))
