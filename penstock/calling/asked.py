"""A request for predictions: read from JSON with the errors of a person in mind, without a model of classes.

It is the hot path: one pass over the fields, and nothing is made that the gateway does not need.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

import orjson

from penstock.problems import BadRequest, TooLarge

FIELDS = ("model_id", "ab_test_name", "features", "user_id")
LONGEST_USER = 256
LONGEST_NAME = 200
MOST_ROWS = 1000
"""In one request; more belong to the client's batches or the `predict` step."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What is to be predicted, and by whom.

    Attributes:
        called: The id of a model, or the name of an A/B test or route.
        is_route: Whether it is the name of an A/B test or route.
        rows: The features by name, a mapping a row.
        user: Who is predicted for, so that one user always meets the same variant; empty for nobody.
        is_list: Whether several rows were given, as a list.
    """

    called: str
    is_route: bool
    rows: Sequence[Mapping[str, Any]]
    user: bytes = b""
    is_list: bool = False


def read(body: bytes) -> Asked:
    """Read a request's JSON.

    Raises:
        BadRequest: It is none.
        TooLarge: It has too many rows.
    """
    try:
        found = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise BadRequest(f"the body must be JSON, and this is not: {error}", code="bad_json") from error
    if not isinstance(found, dict):
        raise BadRequest(f"the body must be a JSON object with {_named(FIELDS)}; send one")
    return of_fields(found)


def of_fields(found: Mapping[str, Any]) -> Asked:
    """The same from fields that are read already."""
    if not found.keys() <= _KNOWN:
        raise BadRequest(_unknown(found), code="unknown_field")
    model_id, test = found.get("model_id"), found.get("ab_test_name")
    if (model_id is None) == (test is None):
        came = "neither" if model_id is None else "both"
        raise BadRequest(f"give either 'model_id' or 'ab_test_name', and {came} came; leave one of them in")
    called = model_id if test is None else test
    if not isinstance(called, str) or not called or len(called) > LONGEST_NAME:
        field = "model_id" if test is None else "ab_test_name"
        raise BadRequest(f"'{field}' must be a text of 1 to {LONGEST_NAME} characters, not {_shown(called)}")
    features = found.get("features")
    rows: list[Any] = features if isinstance(features, list) else [features]
    if not rows or not all(isinstance(row, dict) and row for row in rows):
        raise BadRequest(
            "'features' must be an object of values by column, such as {\"age\": 41}, or a list of such "
            f"objects, not {_shown(features)}"
        )
    if len(rows) > MOST_ROWS:
        sentence = f"one request takes at most {MOST_ROWS} rows, and {len(rows)} came"
        raise TooLarge(f"{sentence}; send several requests")
    return Asked(called, test is not None, rows, _user(found.get("user_id")), isinstance(features, list))


_KNOWN = frozenset(FIELDS)


def _user(value: object) -> bytes:
    if value is None:
        return b""
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value)
    if not isinstance(value, str) or not value.isprintable() or len(value) > LONGEST_USER:
        raise BadRequest(
            f"'user_id' must be a text of at most {LONGEST_USER} printable characters, not {_shown(value)}"
        )
    return value.strip().encode(errors="replace")


def _unknown(found: Mapping[str, Any]) -> str:
    name = next(name for name in found if name not in _KNOWN)
    near = get_close_matches(name, FIELDS, n=1)
    hint = f"did you mean '{near[0]}'?" if near else f"known are {_named(FIELDS)}"
    return f"there is no field '{name:.80}'; {hint}"


def _named(names: Sequence[str]) -> str:
    return ", ".join(f"'{name}'" for name in names)


def _shown(value: object) -> str:
    kinds = {dict: "an object", list: "a list", type(None): "nothing"}
    return kinds.get(type(value)) or f"{value!r:.60}"
