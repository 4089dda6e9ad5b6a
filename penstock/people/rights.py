"""The port to permissions, and the adapter of a stack without authentication.

A project's rights are those of its MLflow experiment, a model's those of its registered model: the same hold
in MLflow's own pages. `penstock.people.mlflow_rights` is the adapter that asks MLflow.
"""

from typing import Literal, Protocol

from penstock.people.person import Level, Person

Kind = Literal["experiment", "registered_model"]


class Rights(Protocol):
    """What people may do. Usable from several threads.

    Raises:
        Away: MLflow does not answer; what it said a moment ago still holds.
    """

    def level(self, person: Person, kind: Kind, name: str) -> Level:
        """The level that a person has.

        Args:
            person: Who; a key's level is its owner's, less what the key is not for.
            kind: What it is about.
            name: An experiment's id, or a registered model's name.
        """
        ...

    def grant(self, user: str, kind: Kind, name: str, level: Level) -> None:
        """Give a user a level, in place of an earlier one; `Level.NONE` takes it away."""
        ...


class OpenRights:
    """Everybody may do everything: `auth` is off, and the doors are on loopback."""

    def level(self, person: Person, kind: Kind, name: str) -> Level:  # noqa: ARG002 - the port's
        """MANAGE."""
        return Level.MANAGE

    def grant(self, user: str, kind: Kind, name: str, level: Level) -> None:
        """Nothing: there is nobody to tell apart."""
