"""Who may look at the monitor, where MLflow's users sign in: each sees the models that they may READ."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from serving.callers.doorkeeper import Doorkeeper, Refused
from serving.callers.loopback import are_status_doors_open
from serving.settings import Settings


@dataclass(frozen=True, slots=True)
class Watch:
    """Lets people and programs in.

    Attributes:
        keeper: Tells them from strangers.
        are_metrics_open: Whether `/metrics` is shown to everybody, as the gateway's is.
    """

    keeper: Doorkeeper
    are_metrics_open: bool

    def let_in(self, headers: Mapping[str, str], address: str, *, is_all: bool) -> Callable[[str], bool]:
        """What somebody may read, by registered models' names.

        Args:
            headers: The request's, with names in small letters.
            address: Where it comes from.
            is_all: Whether it asks for what tells of all models at once.

        Raises:
            Refused: They may not look.
        """
        reader = self.keeper.reader(headers, address)
        if is_all and not reader.is_for_all:
            raise Refused(403, f"'{reader.name}' may not see all models, of which /metrics tells")
        return reader.may_read


def watch_of(settings: Settings) -> Watch | None:
    """What the settings want; None where nobody is asked who they are."""
    if settings.auth == "off":
        return None
    return Watch(Doorkeeper(settings), are_status_doors_open(settings))
