"""A data subject's records in the prediction logs: found and removed by whoever manages the models."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from penstock.audit.trail import Event
from penstock.desk import Desk
from penstock.lineage.sight import Sight
from penstock.people.needs import need_model
from penstock.people.person import Level, Person
from penstock.problems import Away, BadRequest
from penstock.retention.erasures import Asked, Erasure, ErasureStore
from penstock.services.told import as_problems

if TYPE_CHECKING:
    from penstock.retention.people import Found

NOT_REACHED = (
    "uploaded files and data sets, also those that the log was copied into for a retraining: remove those",
    "the held-out rows beside versions (reference.parquet), and what models have learned",
    "lines of the log that could not be read (its folder 'broken'), and backups",
)
"""What a removal from the prediction log does not reach."""
MOST_TOLD = 100


@dataclass(frozen=True, slots=True)
class Sought:
    """A data subject: one of a user's id as callers send it, its hashed key, or a prediction's id.

    Attributes:
        user_id: As it came in `X-User-Id`, or as `user_id`.
        user_key: As the log has it.
        prediction_id: A request's id, or a row's.
        model: Only of this registered model; empty: of all that the person manages.
    """

    user_id: str = ""
    user_key: str = ""
    prediction_id: str = ""
    model: str = ""


@dataclass(frozen=True, slots=True)
class PersonFound:
    """What the prediction log holds of a data subject.

    Attributes:
        models: By registered model.
        user_keys: The hashed keys that were found.
        not_reached: What was not looked into, a sentence each.
    """

    models: "tuple[Found, ...]"
    user_keys: tuple[str, ...]
    not_reached: tuple[str, ...] = NOT_REACHED

    @property
    def predictions(self) -> int:
        """How many rows, all together."""
        return sum(found.predictions for found in self.models)


def find(desk: Desk, person: Person, sought: Sought) -> PersonFound:
    """Find a data subject's records in the prediction log; for whoever manages the models.

    Raises:
        BadRequest: Not exactly one of the three was given.
        NotFound: No such model, or none for the person to know of.
        NotAllowed: The person does not manage it.
        Away: MLflow or the log's copy does not answer.
    """
    with as_problems():
        found = _found(desk, person, sought)
        details = {"user_keys": list(found.user_keys[:MOST_TOLD]), "predictions": found.predictions}
        desk.trail.record(person, Event("people.find", _subject(sought, found), details=details))
    return found


def remove(desk: Desk, person: Person, sought: Sought) -> tuple[PersonFound, Erasure]:
    """Remove a data subject's records from the prediction log, with their outcomes and shadows' copies.

    What lies in segments that are being written is removed as soon as they are sealed: the removal stays
    open until none is left.

    Raises:
        BadRequest: Not exactly one of the three was given.
        NotFound: No such model, or none for the person to know of.
        NotAllowed: The person does not manage it.
        Away: MLflow, the log's copy, or its upkeep's lock is not to be had; the removal is remembered and
            done later.
    """
    from penstock.retention import people

    with as_problems():
        found = _found(desk, person, sought)
        keys = tuple(sorted(_keys(desk, sought)))
        models = _scope(desk, person, sought)
        sees_all = person.is_admin and person.key is None and not sought.model
        asked = Asked(keys, sought.prediction_id, None if sees_all else tuple(models))
        details = {
            "user_keys": list(found.user_keys[:MOST_TOLD]),
            "models": {each.model: each.predictions for each in found.models},
        }
        event = Event("people.remove", _subject(sought, found), details=details)
        with desk.trail.doing(person, event) as more:
            try:
                done = people.remove(desk, person.actor, asked)
            except OSError as error:
                raise Away(
                    f"the prediction log cannot be rewritten now ({error!s:.200}); the removal is remembered "
                    "and done by itself, look at `GET /api/ml/people-records/removals`",
                    code="later", retry_s=60.0,
                ) from error  # fmt: skip
            more |= {
                "erasure": done.erasure_id,
                "predictions": done.predictions,
                "outcomes": done.outcomes,
                "open_segments": done.open_segments,
                "damaged_files": len(done.damaged_files),
            }
    return found, done


def removals(desk: Desk, person: Person) -> list[Erasure]:
    """The removals that are not over: the person's own, an administrator's all."""
    with as_problems():
        found = ErasureStore(desk.database, desk.now_s).open()
    sees_all = person.is_admin and person.key is None
    return [each for each in found if sees_all or each.asked_by == person.actor]


def _found(desk: Desk, person: Person, sought: Sought) -> PersonFound:
    from penstock.retention import people

    given = [text for text in (sought.user_id, sought.user_key, sought.prediction_id) if text]
    if len(given) != 1:
        raise BadRequest(f"one of user_id, user_key and prediction_id is wanted, not {len(given)}; give one")
    models = _scope(desk, person, sought)
    if sought.prediction_id:
        return _found_by_id(desk, models, sought.prediction_id)
    keys = _keys(desk, sought)
    found = [people.find(desk, model, keys) for model in models]
    there = tuple(each for each in found if each is not None)
    return PersonFound(there, tuple(sorted({key for each in there for key in each.user_keys})))


def _found_by_id(desk: Desk, models: Sequence[str], prediction_id: str) -> PersonFound:
    from penstock.lineage.record import find as find_prediction
    from penstock.lineage.record import parse_id
    from penstock.retention import people

    wanted = parse_id(prediction_id)
    settings = desk.settings
    rows = find_prediction(settings.prediction_log_dir, wanted, s3_uri=settings.log_s3_uri) if wanted else []
    mine = [row for row in rows if row["model"] in models]
    if not mine:
        return PersonFound((), ())
    times = [row["ts"].timestamp() for row in mine]
    keys = tuple(sorted({row["user_key"] for row in mine if row["user_key"]}))
    ids = tuple(row["prediction_id"] for row in mine[: people.SAMPLE])
    return PersonFound((people.Found(mine[0]["model"], len(mine), min(times), max(times), ids, keys),), keys)


def _keys(desk: Desk, sought: Sought) -> frozenset[str]:
    from penstock.retention import people

    if sought.user_id:
        return people.keys_of(desk, sought.user_id)
    return frozenset({sought.user_key} - {""})


def _scope(desk: Desk, person: Person, sought: Sought) -> list[str]:
    """The models whose log is looked into."""
    from penstock.retention import people

    if sought.model:
        need_model(desk, person, sought.model, Level.MANAGE)
        return [sought.model]
    names = {held.name for held in desk.versions.listed()}
    if person.is_admin and person.key is None:
        return sorted(names | people.models_in_log(desk.settings.prediction_log_dir))
    sight = Sight(desk, person)
    return sorted(name for name in names if sight.sees_model(name, Level.MANAGE))


def _subject(sought: Sought, found: PersonFound) -> str:
    if sought.prediction_id:
        return f"prediction {sought.prediction_id}"
    return f"user key {found.user_keys[0] if found.user_keys else sought.user_key or 'of nobody in the log'}"
