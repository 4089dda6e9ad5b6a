"""The experiments that are the platform's own: made as its administrator, and in nobody else's hands.

Who makes an experiment in MLflow manages it. So whoever came first to one of these names could write what the
platform believes: they are made at the start, and grants that others have on them are taken away.
"""

import logging
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from penstock.audit.heads import EXPERIMENT as AUDIT
from penstock.audit.trail import Event
from penstock.desk import Desk
from penstock.people.person import PENSTOCK, Level
from penstock.people.user_names import JOB_PREFIX
from penstock.problems import Problem
from penstock.services.told import as_problems
from projects.feature_store.ledger import EXPERIMENT as FEATURES

THREADS = 8
AGAIN_S = 30.0
FROM = {AUDIT: Level.EDIT, FEATURES: Level.MANAGE}
"""From which level on nobody but administrators may have a grant; stored features are written by many."""
_logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Holder:
    """Somebody with a grant of their own on an experiment; administrators need none and are left out."""

    user: str
    level: Level


def claim(desk: Desk) -> list[Holder]:
    """Make the platform's own experiments if need be, and take away what others hold on them.

    Returns:
        Who held what.

    Raises:
        Away: MLflow does not answer.
    """
    if desk.settings.auth == "off":
        return []
    with as_problems():
        return [holder for name, least in FROM.items() for holder in _claimed(desk, name, least)]


def claim_soon(desk: Desk, is_over: threading.Event) -> None:
    """`claim` in a thread of its own, again and again while MLflow does not answer.

    Args:
        desk: The desk.
        is_over: Set when nobody is to go on.
    """
    if desk.settings.auth != "off":
        threading.Thread(target=_claim_until, args=(desk, is_over), name="claiming", daemon=True).start()


def _claim_until(desk: Desk, is_over: threading.Event) -> None:
    while not is_over.is_set():
        try:
            claim(desk)
        except Problem as problem:
            _logger.warning("the platform's own experiments are looked at later: %s", problem)
        else:
            return
        is_over.wait(AGAIN_S)


def holders(desk: Desk, experiment_id: str, *, owner: str = "") -> list[Holder]:
    """Who has a grant on an experiment; jobs' accounts are left out, and administrators, to whom all is open.

    Args:
        desk: The desk.
        experiment_id: The experiment.
        owner: Somebody who is told of although they are an administrator.

    Raises:
        Away: MLflow does not answer.
    """
    if desk.settings.auth == "off":
        return []
    names = [
        account.name
        for account in desk.accounts.listed()
        if (not account.is_admin or account.name == owner) and not account.name.startswith(JOB_PREFIX)
    ]
    with ThreadPoolExecutor(THREADS) as threads:
        levels = threads.map(lambda name: _granted(desk, name, experiment_id), names)
    return [Holder(name, level) for name, level in zip(names, levels, strict=True) if level]


def _granted(desk: Desk, name: str, experiment_id: str) -> Level:
    """The level that was given to a user themselves; what a role gives holds for a project's models, too."""
    return max(
        (
            Level[row["permission"]]
            for row in desk.accounts.granted(name)
            if (row["resource_type"], row["resource_pattern"]) == ("experiment", experiment_id)
            and row["permission"] in Level.__members__
        ),
        default=Level.NONE,
    )


def _claimed(desk: Desk, name: str, least: Level) -> list[Holder]:
    found = desk.client.get_experiment_by_name(name)
    if found is None:
        desk.client.create_experiment(name)
        return []
    strange = [each for each in holders(desk, found.experiment_id) if each.level >= least]
    for each in strange:
        _logger.warning(
            "'%s' held %s on the experiment '%s'; it is taken away", each.user, each.level.name, name
        )
        details = {"user": each.user, "level": each.level.name}
        with desk.trail.doing(PENSTOCK, Event("experiment.claim", f"experiment {name}", details=details)):
            desk.rights.grant(each.user, "experiment", found.experiment_id, Level.NONE)
    if strange and name == AUDIT and desk.trail.mirror is not None:
        desk.trail.mirror.forget_strange(desk.trail.name, desk.trail.holds)
    return strange
