"""From an answer to its line on the prediction log."""

import time
from hashlib import sha256

from serving.prediction_log.record import Record, encode
from serving.registry.table import Lane
from serving.scorers.scorer import Scored
from serving.web.masks import Masks

WITHOUT_KEY = Masks()


def answered(
    prediction_id: str,
    lane: Lane,
    scored: Scored,
    *,
    request_id: str | None,
    user_key: str | None,
    spent_s: float,
    shadow: bool = False,
    masks: Masks = WITHOUT_KEY,
) -> bytes:
    """The line of one answered request.

    Args:
        prediction_id: The request's.
        lane: Who answered.
        scored: What was answered.
        request_id: The caller's own id.
        user_key: The hashed sticky key.
        spent_s: Seconds from the request's arrival.
        shadow: Whether nobody was given the answer.
        masks: Drops or hashes what the lane's policy wants out of the log.
    """
    policy = lane.policy
    rows = masks.masked(lane, scored) if policy.mask or policy.hashed else scored.rows
    return encode(
        Record(
            prediction_id,
            time.time(),
            lane.held.model,
            lane.held.version,
            lane.variant,
            shadow,
            request_id,
            user_key,
            scored.columns,
            rows,
            scored.predictions,
            scored.probabilities,
            int(spent_s * 1e6),
        )
    )


def hashed(salt: bytes, user_key: bytes | None) -> str | None:
    """A user's key as the log holds it."""
    return None if user_key is None else sha256(salt + b"\0" + user_key).hexdigest()[:32]
