"""What a service key must be for, by the endpoint that it calls; what is not named here takes `manage`."""

import re
from collections.abc import Sequence

from penstock.people.person import Person
from penstock.problems import NotAllowed
from serving.keys.key import OPENS, Action

_API = r"/api/ml"
PAGES = r"/(?!api/|(metrics|ready|health|docs(?:/.*)?|openapi\.json)$).*"
_RULES: Sequence[tuple[str, str, Action | None]] = (
    ("GET", rf"{_API}/me", None),
    ("POST", rf"{_API}/models/predict", "predict"),
    ("POST", rf"{_API}/feedback", "feedback"),
    ("GET", rf"{_API}/(users|keys|audit|people-records)(/.*)?", "manage"),
    ("GET", rf"{_API}/.*", "read"),
    ("GET", r"/(metrics|ready|health|docs(?:/.*)?|openapi\.json)", "read"),
    ("POST", rf"{_API}/models/(train|tune|compare|benchmark|evaluate)(/.*)?", "train"),
    ("POST", rf"{_API}/models/[^/]+/export", "train"),
    ("*", rf"{_API}/requirements(/.*)?", "train"),
    ("*", rf"{_API}/jobs(/.*)?", "train"),
    ("*", rf"{_API}/datasets(/.*)?", "data"),
    ("*", rf"{_API}/data(/.*)?", "data"),
    ("*", rf"{_API}/models(/.*)?", "deploy"),
    ("*", rf"{_API}/routes(/.*)?", "deploy"),
    ("POST", rf"{_API}/approvals(/[^/]+/withdraw)?", "deploy"),
)


def action_of(method: str, path: str) -> Action | None:
    """What a key must be for to call an endpoint; None where every key may.

    >>> action_of("POST", "/api/ml/models/predict")
    'predict'
    >>> action_of("GET", "/api/ml/datasets")
    'read'
    >>> action_of("DELETE", "/api/ml/projects/ann/churn")
    'manage'
    """
    method = "GET" if method == "HEAD" else method
    for wanted, pattern, action in _RULES:
        if wanted in (method, "*") and re.fullmatch(pattern, path):
            return action
    return "manage"


def check_scope(person: Person, method: str, path: str) -> None:
    """See that a key may call an endpoint; people themselves may call all.

    Raises:
        NotAllowed: It is not for that, or the path is a page of the console.
    """
    if person.key is None:
        return
    if re.fullmatch(PAGES, path, re.DOTALL):
        raise NotAllowed(
            f"a service key is for {_API} and the gateway, and this is a page for people; sign in as one",
            code="key_scope",
        )
    action = action_of(method, path)
    if action is not None and action not in person.key.actions:
        raise NotAllowed(
            f"key {person.key.key_id} is for {', '.join(person.key.actions)}, and this takes '{action}' "
            f"({OPENS[action]}); use another key",
            code="key_scope",
        )
