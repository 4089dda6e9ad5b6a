"""Changing a route: under its lease, checked against the registry before it is written, journalled after.

    lease on the name -> read the registry -> check -> write the tag -> journal

Dying between the tag and the journal leaves the change to be noticed by the next one, as external.
"""

from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from difflib import get_close_matches

from mlflow import MlflowClient

from serving.lifecycle.database import Database
from serving.lifecycle.errors import AlreadyThereError, InvalidMoveError
from serving.lifecycle.leases import Leases
from serving.lifecycle.moves import utc_now
from serving.lifecycle.route_journal import Change, RouteJournal
from serving.lifecycle.route_people import check_shares
from serving.lifecycle.route_tags import RouteTags, known_of
from serving.registry.listing import Model
from serving.routing import check
from serving.routing.route import Route, RouteError, parse, straight

LONGEST = 5_000
"""What the registry's database holds of a tag."""


class InvalidRouteError(InvalidMoveError):
    """A route that must not be set.

    Attributes:
        problems: What is wrong with it, a sentence each.
    """

    def __init__(self, problems: tuple[str, ...]) -> None:
        super().__init__("; ".join(problems))
        self.problems = problems


@dataclass(frozen=True, slots=True)
class Checked:
    """A route that may be set.

    Attributes:
        route: As read.
        model: The registered model that carries it.
        text: Its tag.
        before: The tag's text until now; None for no tag.
        remarks: What may surprise, a sentence each.
    """

    route: Route
    model: str
    text: str
    before: str | None
    remarks: tuple[str, ...]


class Routes:
    """Reads, checks and changes the routes of the registry; for threads and processes alike.

    Every method raises LifecycleError with a sentence: `InvalidMoveError` for what is not there or not
    allowed.

    Args:
        client: The registry.
        database_url: Where journal and leases are, as an SQLAlchemy URL.
        actor: Who changes, for the journal.
        now: The time, aware.
        wait_s: How long to wait for another change of the same route.
        lease_s: After how long a change counts as dead, so that another may begin.
    """

    def __init__(
        self,
        client: MlflowClient,
        database_url: str,
        *,
        actor: str,
        now: Callable[[], datetime] = utc_now,
        wait_s: float = 10.0,
        lease_s: float = 60.0,
    ) -> None:
        database = Database(database_url)
        self._tags, self._journal = RouteTags(client), RouteJournal(database)
        self._leases = Leases(database, now=now, duration_s=lease_s)
        self._actor, self._now, self._wait_s = actor, now, wait_s

    def models(self, wanted: Collection[str] | None = None) -> dict[str, Model]:
        """Every registered model; the versions of those wanted, or of all."""
        return self._tags.models(wanted)

    def history(self, name: str) -> list[Change]:
        """The changes of a route in their order."""
        return self._journal.entries(name)

    def verify(self) -> str | None:
        """What is wrong with the first broken entry of the routes' journal, or None when all hold."""
        return self._journal.verify()

    def check(self, name: str, text: str, *, model: str | None = None) -> Checked:
        """Check a route without setting it.

        Args:
            name: What it is called by.
            text: The tag's text.
            model: The registered model that is to carry it; by default the one that carries a route of that
                name, else the one of that name, else the first variant's.

        Raises:
            InvalidRouteError: It must not be set.
            PeopleNeededError: It would give the model's name to versions that several people must agree to.
        """
        if len(text) > LONGEST:
            long = f"route '{name}' has {len(text):,} marks, and a tag takes at most {LONGEST:,}"
            raise InvalidRouteError((long,))
        carrier = model or _carrier(name, text, self._tags.models(()))
        route = _parsed(name, text, carrier)
        models = self._tags.models({variant.model for variant in route.variants + route.shadows} | {carrier})
        known = known_of(models)
        if problems := check.problems(route, carrier, known):
            raise InvalidRouteError(problems)
        check_shares(route, carrier, models)
        before = models[carrier].route_tags.get(name)
        return Checked(
            route, carrier, text, before, check.remarks(route, known, _earlier(name, carrier, before))
        )

    def set(self, name: str, text: str, *, model: str | None = None, reason: str = "") -> Checked:
        """Set a route.

        Args:
            name: What it is called by.
            text: The tag's text.
            model: The registered model that is to carry it, as in `check`.
            reason: Why, for the journal.

        Raises:
            InvalidRouteError: It must not be set; nothing was written.
            PeopleNeededError: As `check`.
            AlreadyThereError: It is set already.
        """
        with self._leases.held(_lease_name(name), self._actor, wait_s=self._wait_s):
            checked = self.check(name, text, model=model)
            if checked.before == text:
                raise AlreadyThereError(f"route '{name}' is set so already")
            change = self._change("set", reason, name, checked.model)
            self.put(replace(change, before=checked.before, after=text))
            return checked

    def clear(self, name: str, *, reason: str = "") -> Change:
        """Take a route's tag away: a model answers with its version in Production, a named route is gone.

        Raises:
            InvalidMoveError: There is no such route, or the model has nothing in Production to answer with.
            AlreadyThereError: The model has no tag.
        """
        with self._leases.held(_lease_name(name), self._actor, wait_s=self._wait_s):
            models = self._tags.models((name,))
            known = known_of(models)
            model = name if name in models else known.carriers.get(name)
            if model is None:
                raise InvalidMoveError(unknown_route(name, models))
            before = models[model].route_tags.get(name)
            if before is None:
                raise AlreadyThereError(f"model '{name}' has no route: all goes to its version in Production")
            if model == name and not known.meant.get((name, "Production")):
                raise InvalidMoveError(
                    f"without its route '{name}' would answer with its version in Production, and it has "
                    "none; promote one first"
                )
            return self.put(replace(self._change("clear", reason, name, model), before=before))

    @contextmanager
    def held(self, name: str) -> Iterator[None]:
        """Hold the lease under which a route is changed, or be refused at once.

        Raises:
            LeaseBusyError: Another changes it.
        """
        with self._leases.held(_lease_name(name), self._actor, wait_s=0.0):
            yield

    def put(self, change: Change) -> Change:
        """Write a change's text, unchecked, and journal it; for whoever holds the route's lease."""
        if change.before != change.after:
            self._tags.write(change.model, change.route, change.after)
        return self._journal.append(change)

    def _change(self, action: str, reason: str, name: str, model: str) -> Change:
        return Change(self._now(), name, model, action, self._actor, reason, None, None)


def unknown_route(name: str, models: Mapping[str, Model]) -> str:
    """That nobody is called so, with near names."""
    called = {*models, *(route for model in models.values() for route in model.route_tags)}
    near = get_close_matches(name, called, n=1)
    hint = f"did you mean '{near[0]}'?" if near else "python -m serving.routes show lists all"
    return f"there is no route and no model '{name}'; {hint}"


def _lease_name(name: str) -> str:
    return f"routing '{name}'"


def _carrier(name: str, text: str, models: Mapping[str, Model]) -> str:
    if name in models:
        return name
    carrier = known_of(models).carriers.get(name)
    return carrier or _parsed(name, text, name).variants[0].model


def _parsed(name: str, text: str, model: str) -> Route:
    try:
        return parse(text, name=name, model=model)
    except RouteError as error:
        raise InvalidRouteError((str(error),)) from error


def _earlier(name: str, model: str, text: str | None) -> Route | None:
    if text is None:
        return straight(model) if name == model else None
    try:
        return parse(text, name=name, model=model)
    except RouteError:
        return None
