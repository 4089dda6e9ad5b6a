"""Rights as MLflow holds them, with those of service keys cut down to what the keys are for."""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from penstock.people.accounts import Accounts, users_away
from penstock.people.person import Level, Person
from penstock.people.rights import Kind
from penstock.records.project import ProjectStore
from serving.callers.answers import Answers
from serving.callers.asking import UsersAway
from serving.callers.grants import GrantBook
from serving.keys.key import ALL_MODELS, Key

if TYPE_CHECKING:
    from mlflow import MlflowClient

CEILINGS: Mapping[str, Level] = {
    "read": Level.READ,
    "predict": Level.USE,
    "feedback": Level.USE,
    "data": Level.EDIT,
    "train": Level.EDIT,
    "deploy": Level.MANAGE,
    "manage": Level.MANAGE,
}
"""How far each of a key's actions reaches; which endpoints it opens, `scopes` says."""

MANAGE = "manage"
PROJECT_TTL_S = 60.0
PROJECT_TAG = "penstock.project"
"""On a registered model: the path of its project."""


class MlflowRights:
    """What MLflow lets people do; usable from several threads.

    Args:
        book: Everybody's grants.
        accounts: Where grants are given.
        project_of: The path `owner/name` of the project of a registered model or of an experiment's id;
            empty for none.
    """

    def __init__(self, book: GrantBook, accounts: Accounts, project_of: Callable[[Kind, str], str]) -> None:
        self._book, self._accounts, self._project_of = book, accounts, project_of
        self._projects: Answers[str] = Answers(PROJECT_TTL_S)

    def level(self, person: Person, kind: Kind, name: str) -> Level:
        """The level that a person has; a key's is its owner's, less what the key is not for.

        Raises:
            Away: MLflow does not answer, and said nothing lately.
        """
        if person.is_admin and person.key is None:  # also whoever runs a command beside the database
            return Level.MANAGE
        try:
            grants = self._book.of(person.name)
        except UsersAway as error:
            raise users_away() from error
        level = Level(grants.level(kind, name)) if grants else Level.NONE
        if person.key is None or level == Level.NONE:
            return level
        return min(
            self._within(person.key, person.name, kind, name, level), _ceiling(person.key, person.acting)
        )

    def grant(self, user: str, kind: Kind, name: str, level: Level) -> None:
        """Give a user a level, in place of an earlier one; `Level.NONE` takes it away.

        Raises:
            NotFound: There is no such user.
            Away: MLflow does not answer.
        """
        if level == Level.NONE:
            self._accounts.revoke(user, kind, name)
        else:
            self._accounts.grant(user, kind, name, level.name)
        self._book.forget(user)

    def _within(self, key: Key, owner: str, kind: Kind, name: str, level: Level) -> Level:
        if kind == "registered_model" and key.models != (ALL_MODELS,) and not key.is_for(name):
            return Level.NONE
        if key.project:
            path = key.project if "/" in key.project else f"{owner}/{key.project}"
            if self._projects.get((kind, name), lambda: self._project_of(kind, name)) != path:
                return Level.NONE
        return level


def _ceiling(key: Key, acting: str) -> Level:
    """How far a key reaches: one for all that a person may, the whole way, others as their call's action."""
    used = (acting,) if acting and MANAGE not in key.actions else key.actions
    return max((CEILINGS[action] for action in used), default=Level.NONE)


def project_of(client: "MlflowClient", projects: ProjectStore, kind: Kind, name: str) -> str:
    """The path `owner/name` of the project of a registered model or of an experiment's id; empty for none."""
    if kind == "experiment":
        return next((one.path for one in projects.listed() if one.experiment_id == name), "")
    return str(client.get_registered_model(name).tags.get(PROJECT_TAG, ""))
