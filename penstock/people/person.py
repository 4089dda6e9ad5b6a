"""Who asks, and how much of a thing's rights they have."""

from dataclasses import dataclass
from enum import IntEnum

from serving.keys.key import Key


class Level(IntEnum):
    """MLflow's levels of permission; each holds the ones below."""

    NONE = 0
    READ = 1
    USE = 2
    EDIT = 3
    MANAGE = 4


@dataclass(frozen=True, slots=True)
class Person:
    """Whoever asks something of the platform.

    Attributes:
        name: MLflow's user name; the local user's where `auth` is off.
        is_admin: Whether MLflow lets them do everything.
        address: Where they ask from; empty for a command on this machine.
        key: The service key that speaks for them; None for the person themselves.
        acting: Which of the key's actions it is used for now; empty where that is not known.
    """

    name: str
    is_admin: bool = False
    address: str = ""
    key: Key | None = None
    acting: str = ""

    @property
    def caller(self) -> str:
        """What tells callers apart: two keys of one person may bear one name."""
        return f"key:{self.key.key_id}" if self.key else f"user:{self.name}"

    @property
    def actor(self) -> str:
        """How journals name them: a machine's key stands beside its owner."""
        return f"{self.name} (key {self.key.name})" if self.key else self.name


PENSTOCK = Person("penstock", is_admin=True)
"""Who does what nobody asked for just now; no user."""
