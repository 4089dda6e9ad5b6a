"""What callers say became of predictions: one JSON object or a list, each taken or refused by itself."""

import difflib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

import orjson

from serving.prediction_log.outcomes import Outcome
from serving.protocol.errors import RequestError

KEYS = ("prediction_id", "label", "value", "ts")
LONGEST_LABEL = 1000
LATEST_AHEAD_S = 86_400.0
"""How far ahead a `ts` may lie: the last one wins, so one from the future would win for ever."""
_ID = re.compile(
    r"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}(-(0|[1-9][0-9]{0,6}))?"
)
_BODY = (
    'the body must be JSON: {"prediction_id": ..., "label": ... and/or "value": ..., "ts": ...}, or a list of'
    " such objects"
)


@dataclass(frozen=True, slots=True)
class Refused:
    """One object that is not taken.

    Attributes:
        index: Its place in the list, from 0.
        prediction_id: What it says it is about, if that is text.
        message: What was wanted, and what came.
    """

    index: int
    prediction_id: str | None
    message: str


@dataclass(frozen=True, slots=True)
class Feedback:
    """What a body holds."""

    outcomes: list[Outcome]
    refused: list[Refused]


def read_feedback(body: bytes, now_s: float) -> Feedback:
    """Read a body.

    Args:
        body: As it came.
        now_s: When it came, in seconds since 1970.

    Raises:
        RequestError: 400; it is no JSON, or neither an object nor a list.
    """
    try:
        parsed = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise RequestError(400, f"{_BODY}; {error}") from error
    if not isinstance(parsed, dict | list):
        raise RequestError(400, f"{_BODY}, not {type(parsed).__name__}")
    found = Feedback([], [])
    for index, item in enumerate([parsed] if isinstance(parsed, dict) else parsed):
        try:
            found.outcomes.append(_outcome(item, now_s))
        except ValueError as error:
            named = item.get("prediction_id") if isinstance(item, dict) else None
            found.refused.append(Refused(index, named if isinstance(named, str) else None, str(error)))
    return found


def _outcome(item: object, now_s: float) -> Outcome:
    if not isinstance(item, dict):
        raise ValueError(f"must be an object with prediction_id and label or value, not {_shown(item)}")  # noqa: TRY004
    for key in item:
        if key not in KEYS:
            near = difflib.get_close_matches(key, KEYS, n=1)
            hint = f"did you mean '{near[0]}'?" if near else f"known are {', '.join(KEYS)}"
            raise ValueError(f"'{key[:64]}' is no key of feedback; {hint}")
    label, value = item.get("label"), item.get("value")
    if label is None and value is None:
        raise ValueError("must have a label or a value")
    return Outcome(
        _prediction_id(item, now_s), _label(label), _value(value), _ts(item.get("ts"), now_s), now_s
    )


def _prediction_id(item: Mapping[str, object], now_s: float) -> str:
    name = item.get("prediction_id")
    if not isinstance(name, str) or not _ID.fullmatch(name.lower()):
        wanted = "must be an answer's X-Prediction-Id, with -0, -1, ... behind it for the rows of a batch"
        raise ValueError(f"prediction_id {wanted}, not {_shown(name)}")
    made_s = int(name[:8] + name[9:13], 16) / 1000
    if made_s > now_s + LATEST_AHEAD_S:
        raise ValueError(f"prediction_id {_shown(name)} is of a prediction that is yet to be made")
    return name.lower()


def _label(label: object) -> str | None:
    if label is None:
        return None
    if not isinstance(label, str | int | float):
        raise ValueError(f"label must be a number, a text, true or false, not {_shown(label)}")  # noqa: TRY004 - the caller's value
    if isinstance(label, str) and len(label) > LONGEST_LABEL:
        raise ValueError(f"label must be at most {LONGEST_LABEL} characters, not {len(label)}")
    return orjson.dumps(label).decode()


def _value(value: object) -> float | None:
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueError(f"value must be a number, not {_shown(value)}")  # noqa: TRY004 - as above
    return float(value)


def _ts(ts: object, now_s: float) -> float:
    if ts is None:
        return now_s
    time_s = _time_s(ts)
    if time_s is None or time_s < 0:
        raise ValueError(
            f"ts must be seconds since 1970 or a time like 2026-07-31T12:00:00Z, not {_shown(ts)}"
        )
    if time_s > now_s + LATEST_AHEAD_S:
        raise ValueError(f"ts must not lie more than a day ahead, as {_shown(ts)} does; is it in seconds?")
    return time_s


def _time_s(ts: object) -> float | None:
    if isinstance(ts, str):
        try:
            moment = datetime.fromisoformat(ts)
        except ValueError:
            return None
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
    return float(ts) if isinstance(ts, int | float) and not isinstance(ts, bool) else None


def _shown(value: object) -> str:
    text = orjson.dumps(value).decode()
    return text if len(text) <= 80 else f"{text[:77]}..."
