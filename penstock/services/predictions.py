"""Predictions through the gateway, and the log of them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from penstock.audit.trail import Event
from penstock.calling.asked import Asked
from penstock.calling.switchboard import Predicted
from penstock.desk import Desk
from penstock.people.needs import need_model
from penstock.people.person import Level, Person
from penstock.problems import BadRequest, NotFound
from penstock.services import model_ids
from penstock.services.identity import model_id
from penstock.services.told import as_problems

if TYPE_CHECKING:
    import pyarrow as pa

MOST_MODELS = 50
"""Models whose logs one listing looks through where none is named."""


async def predict(desk: Desk, person: Person, asked: Asked) -> Predicted:
    """Have rows scored by a model, an A/B test or a route; routed, logged and measured as any other request.

    Raises:
        NotFound: There is no such model or test, or the person may not know of it.
        NotAllowed: The person may not use it.
        BadRequest: The features are not what the model takes; the gateway's sentence says how.
        Away: The gateway, or for a new name MLflow, does not answer.
    """
    return await desk.switchboard.predict(person, asked)


@dataclass(frozen=True, slots=True)
class Logged:
    """A prediction as the log holds it.

    Attributes:
        prediction_id: What feedback names.
        model_id: The id of the version that answered.
        model: The registered model.
        version: The registry's number.
        variant: The route's variant that was chosen.
        time_us: When it was answered, in microseconds since 1970.
        features: The row's values by column; None where the log keeps none.
        prediction: What was answered.
        prediction_proba: The probabilities; None for models without.
        latency_ms: From the request's arrival to its answer.
        request_id: The caller's own id of the request; None without one.
        user_key: The hashed user; None without one.
        label: What turned out to be true; None while nothing has come.
        value: What it was worth; None while nothing has come.
    """

    prediction_id: str
    model_id: str
    model: str
    version: str
    variant: str
    time_us: int
    features: Mapping[str, Any] | None
    prediction: Any
    prediction_proba: Sequence[float] | None
    latency_ms: float
    request_id: str | None
    user_key: str | None
    label: Any
    value: float | None

    @property
    def created_at(self) -> str:
        """When it was answered, as ISO 8601 in UTC."""
        return datetime.fromtimestamp(self.time_us / 1e6, UTC).isoformat(timespec="milliseconds")

    @property
    def place(self) -> tuple[int, str]:
        """Where it stands in a listing."""
        return self.time_us, self.prediction_id


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which logged predictions.

    Attributes:
        model_id: Only of this version, if given.
        model: Only of this registered model, if given.
        variant: Only of this variant, if given: an A/B test's are `<name>.a` and `<name>.b`.
        since_s: Only since then, in seconds since 1970.
        before: Only those behind this place of an earlier page.
        most: At most so many.
    """

    model_id: str = ""
    model: str = ""
    variant: str = ""
    since_s: float | None = None
    before: tuple[int, str] | None = None
    most: int = 100


def logged(desk: Desk, person: Person, wanted: Wanted) -> list[Logged]:
    """Logged predictions of models that the person may see, newest first, with what became of them.

    Raises:
        NotFound: There is no such model, or the person may not know of it.
        BadRequest: No model is named, and there are too many.
        Away: The registry or the log cannot be read.
    """
    lanes = _lanes(desk, person, wanted)
    with as_problems():
        found = [each for name, version in lanes for each in _read(desk, wanted, name, version)]
    found.sort(key=lambda each: each.place, reverse=True)
    shown = found[: wanted.most]
    details = {
        "models": sorted({name for name, _ in lanes})[:20],
        "count": len(shown),
        "since_s": wanted.since_s,
    }
    about = f"model {lanes[0][0]}" if len(lanes) == 1 else f"{len(lanes)} models"
    with as_problems():
        desk.trail.record(person, Event("predictions.read", about, details=details))
    return shown


def _lanes(desk: Desk, person: Person, wanted: Wanted) -> list[tuple[str, str | None]]:
    """The registered models, and versions of them, that are to be read."""
    if wanted.model_id:
        held = model_ids.held(desk, wanted.model_id)
        try:
            need_model(desk, person, held.name, Level.READ)
        except NotFound as error:
            raise model_ids.unknown(wanted.model_id) from error
        return [(held.name, held.number)]
    if wanted.model:
        need_model(desk, person, wanted.model, Level.READ)
        return [(wanted.model, None)]
    with as_problems():
        names = dict.fromkeys(held.name for held in desk.versions.listed())
    mine = [name for name in names if desk.rights.level(person, "registered_model", name) >= Level.READ]
    if len(mine) > MOST_MODELS:
        raise BadRequest(
            f"you may see {len(mine)} models, and a listing looks through {MOST_MODELS}; name one by model_id"
        )
    return [(name, None) for name in mine]


def _read(desk: Desk, wanted: Wanted, name: str, version: str | None) -> list[Logged]:
    """A model's newest rows behind the place; rows of one moment may be on both sides of it."""
    most = wanted.most + _SPARE
    while True:
        table = _table(desk, wanted, name, version, most)
        found = [_logged(row) for row in table.to_pylist()]
        found = [each for each in found if wanted.before is None or each.place < wanted.before]
        if len(found) >= wanted.most or table.num_rows < most:
            return found
        most *= 4


_SPARE = 32


def _table(desk: Desk, wanted: Wanted, name: str, version: str | None, most: int) -> "pa.Table":
    from serving.prediction_log.read import read

    settings = desk.settings
    until_s = None if wanted.before is None else (wanted.before[0] + 1) / 1e6
    return read(
        settings.prediction_log_dir, model=name, version=version, variant=wanted.variant or None,
        since_s=wanted.since_s, until_s=until_s, limit=most, outcomes=True, s3_uri=settings.log_s3_uri,
    )  # fmt: skip


def _logged(row: Mapping[str, Any]) -> Logged:
    time: datetime = row["ts"]
    return Logged(
        prediction_id=row["prediction_id"],
        model_id=model_id(row["model"], row["version"]),
        model=row["model"],
        version=row["version"],
        variant=row["variant"],
        time_us=round(time.timestamp() * 1e6),
        features=row["features"],
        prediction=row["prediction"],
        prediction_proba=row["probabilities"],
        latency_ms=row["latency_us"] / 1000,
        request_id=row["request_id"],
        user_key=row["user_key"],
        label=row["label"],
        value=row["value"],
    )
