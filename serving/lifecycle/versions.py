"""A registered model and its versions, as they were at one moment."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from serving.lifecycle.errors import InvalidMoveError


@dataclass(frozen=True, slots=True)
class Version:
    """One version of a registered model.

    Attributes:
        number: Its number, as text.
        stage: The stage it is in.
        gate: The tag `penstock.gate`, empty without one.
        changed: When the registry last changed its stage or description.
        made: When it was registered; None where the registry does not say.
    """

    number: str
    stage: str
    gate: str
    changed: datetime
    made: datetime | None = None


@dataclass(frozen=True, slots=True)
class RegisteredModel:
    """A registered model: its versions by number, in ascending order, its aliases and its policy's text."""

    name: str
    versions: Mapping[str, Version]
    aliases: Mapping[str, str]
    policy: str | None = None

    def version(self, number: str | int) -> Version:
        """One version.

        Raises:
            InvalidMoveError: There is none of that number.
        """
        found = self.versions.get(str(number).strip())
        if found is None:
            known = ", ".join(self.versions) or "none yet"
            raise InvalidMoveError(f"'{self.name}' has no version '{number}'; its versions are: {known}")
        return found

    def in_stage(self, stage: str) -> list[str]:
        """The versions in a stage, in ascending order."""
        return [number for number, version in self.versions.items() if version.stage == stage]
