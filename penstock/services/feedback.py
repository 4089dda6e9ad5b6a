"""What became of predictions: taken of whoever may use the models that made them, and sent to the gateway.

An id that was answered here lately is known from memory, as the log may not hold it yet; any other is looked
up in the log. Administrators, and everybody where nobody signs in, are taken at their word.
"""

import asyncio
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from penstock.calling.refusals import problem_of
from penstock.desk import Desk
from penstock.lineage.sight import Sight
from penstock.people.person import Level, Person
from penstock.problems import Away, BadRequest
from penstock.services.told import as_problems

NOT_YOURS = "there is no such prediction on the log, or its model is not yours to use"
LATER_S = 5.0


@dataclass(frozen=True, slots=True)
class Taken:
    """What became of outcomes that were sent.

    Attributes:
        accepted: How many were taken.
        rejected: What was wrong with each of the others.
    """

    accepted: int
    rejected: Sequence[Mapping[str, Any]]


async def feedback(desk: Desk, person: Person, outcomes: Sequence[Mapping[str, Any]]) -> Taken:
    """Tell what became of predictions; on the disk before the answer leaves.

    Args:
        desk: The process's desk.
        person: Who tells.
        outcomes: Of each its `prediction_id`, and `label`, `value` or both, and `ts` if it was not just now.

    Raises:
        BadRequest: None could be taken.
        Away: The gateway or the log does not answer, or the gateway could not write.
    """
    theirs = await _theirs(desk, person, [str(each["prediction_id"]) for each in outcomes])
    strange = [
        {"index": index, "prediction_id": each["prediction_id"], "message": NOT_YOURS}
        for index, each in enumerate(outcomes)
        if index not in theirs
    ]
    if not theirs:
        raise BadRequest(f"none was taken: {NOT_YOURS}", code="not_yours", details={"rejected": strange})
    headers = [(name.encode(), value.encode()) for name, value in desk.gateway_key.headers().items()]
    sent = [outcomes[index] for index in theirs]
    answer = await desk.gateway.exchange(b"/feedback", orjson.dumps(sent), headers)
    if answer.status != 200:
        raise problem_of(answer.status, answer.body, answer.headers.get(b"retry-after", b"").decode())
    found = orjson.loads(answer.body)
    refused = [each | {"index": theirs[each["index"]]} for each in found["rejected"]]
    return Taken(found["accepted"], sorted([*refused, *strange], key=lambda each: each["index"]))


async def _theirs(desk: Desk, person: Person, ids: Sequence[str]) -> list[int]:
    """The places of the ids that the person may judge."""
    if desk.settings.auth == "off" or (person.is_admin and person.key is None):
        return list(range(len(ids)))
    lately = [desk.switchboard.answered.of(each) for each in ids]
    return await asyncio.to_thread(_looked_up, desk, person, ids, lately)


def _looked_up(
    desk: Desk, person: Person, ids: Sequence[str], lately: Sequence[Collection[str]]
) -> list[int]:
    from penstock.lineage.record import parse_id

    sight = Sight(desk, person)
    with as_problems():
        mine = {
            index
            for index, models in enumerate(lately)
            if models and all(sight.sees_model(name, Level.USE) for name in models)
        }
        left = {each for index, each in enumerate(ids) if index not in mine and parse_id(each)}
        known = _logged(desk, sight, left) if left else set()
    return [index for index, each in enumerate(ids) if index in mine or each in known]


def _logged(desk: Desk, sight: Sight, ids: Collection[str]) -> set[str]:
    """Those of some ids that the log has of models that are the person's to use."""
    from serving.prediction_log.bucket import BucketError
    from serving.prediction_log.whose import known_of

    names = {held.name for held in desk.versions.listed()}
    models = sorted(name for name in names if sight.sees_model(name, Level.USE))
    settings = desk.settings
    try:
        return known_of(settings.prediction_log_dir, ids, models, s3_uri=settings.log_s3_uri)
    except BucketError as error:
        raise Away("the prediction log cannot be read; send it again later", retry_s=LATER_S) from error
