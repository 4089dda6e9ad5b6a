"""From a `model_id` to the registered model and version that it means."""

from typing import NamedTuple

from penstock.desk import Desk
from penstock.problems import NotFound
from penstock.services.identity import model_id
from penstock.services.told import as_problems
from penstock.services.versions import Held

__all__ = ["Named", "find", "held", "model_id"]


class Named(NamedTuple):
    """A registered model's name and the number of one of its versions."""

    name: str
    version: str


def find(desk: Desk, wanted: str) -> Named:
    """The version that an id means; what the caller may do with it is not looked at.

    Raises:
        NotFound: There is none.
        Away: MLflow does not answer.
    """
    found = held(desk, wanted)
    return Named(found.name, found.number)


def held(desk: Desk, wanted: str) -> Held:
    """The same with its stage and tags, as they were a moment ago.

    Raises:
        NotFound: There is none.
        Away: MLflow does not answer.
    """
    with as_problems():
        found = desk.versions.find(wanted)
    if found is None:
        raise unknown(wanted)
    return found


def unknown(wanted: str) -> NotFound:
    """That there is no such model, or none for the caller to know of."""
    return NotFound(
        f"there is no model with the id '{wanted:.80}'; `GET /api/ml/models/deployed` lists yours"
    )
