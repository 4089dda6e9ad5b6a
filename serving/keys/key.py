"""A key as the store keeps it: whose it is, what it is for, and until when."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from fnmatch import fnmatchcase
from typing import Literal, get_args

from serving.keys.errors import InvalidKeyError

Action = Literal["predict", "feedback", "read", "data", "train", "deploy", "manage"]
ACTIONS: tuple[Action, ...] = get_args(Action)
OPENS: Mapping[str, str] = {
    "predict": "asks models for predictions",
    "feedback": "says what became of predictions",
    "read": "sees models, data sets, jobs and figures",
    "data": "uploads, cleans, splits and removes data sets",
    "train": "trains, tunes and compares models, and cancels jobs",
    "deploy": "registers, promotes, rolls back and routes models",
    "manage": "makes and shares projects, and all else that a person may do",
}
"""What each action lets a key do. The gateway has the first three, the platform API all."""
ALL_MODELS = "*"
MOST_PATTERNS = 200
LONGEST_TEXT = 200


@dataclass(frozen=True, slots=True)
class Key:
    """One key; times in UTC.

    Attributes:
        key_id: Its public name.
        digest: What is kept of its secret.
        name: What people call it by.
        owner: The user it was made for; empty where nobody said.
        project: The project it was made for; empty where nobody said.
        models: The called names it is for, as `fnmatch` patterns.
        actions: What it may do.
        rate_per_s: Requests a second; None for no limit.
        burst: Requests at once, above which the rate holds.
        made_at: When it was made.
        expires_at: From when it is refused; None: never.
        revoked_at: When it was revoked; None: it was not.
        used_at: When it was last used, a minute or so inexact; None: never.
    """

    key_id: str
    digest: bytes
    name: str
    owner: str
    project: str
    models: tuple[str, ...]
    actions: tuple[str, ...]
    rate_per_s: float | None
    burst: float | None
    made_at: datetime
    expires_at: datetime | None = None
    revoked_at: datetime | None = None
    used_at: datetime | None = None

    def is_for(self, model: str) -> bool:
        """Whether the key may call a name, or all (`ALL_MODELS`)."""
        if model == ALL_MODELS:
            return ALL_MODELS in self.models
        return any(fnmatchcase(model, pattern) for pattern in self.models)


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a key that is to be made shall be; the words are those of `Key`.

    Raises:
        InvalidKeyError: No key can be like this.
    """

    name: str
    owner: str = ""
    project: str = ""
    models: tuple[str, ...] = (ALL_MODELS,)
    actions: tuple[str, ...] = ("predict", "feedback")
    rate_per_s: float | None = None
    burst: float | None = None
    expires_at: datetime | None = None

    def __post_init__(self) -> None:
        _check_text("name", self.name, at_least=1)
        _check_text("owner", self.owner)
        _check_text("project", self.project)
        if not 1 <= len(self.models) <= MOST_PATTERNS or not all(self.models):
            raise InvalidKeyError(
                f"a key is for 1 to {MOST_PATTERNS} models' names or patterns, such as 'churn*'"
            )
        _check_actions(self.actions)
        _check_positive("rate", self.rate_per_s)
        _check_positive("burst", self.burst)
        if self.burst is not None and self.rate_per_s is None:
            raise InvalidKeyError("a burst needs a rate; give both, or neither")


def _check_text(what: str, text: str, at_least: int = 0) -> None:
    if not at_least <= len(text) <= LONGEST_TEXT or not text.isprintable():
        raise InvalidKeyError(f"a key's {what} must be {at_least} to {LONGEST_TEXT} printable characters")


def _check_actions(actions: Iterable[str]) -> None:
    unknown = [action for action in actions if action not in ACTIONS]
    if unknown or not actions:
        came = f"not '{unknown[0]}'" if unknown else "and at least one"
        raise InvalidKeyError(f"a key's actions are among {', '.join(ACTIONS)}, {came}")


def _check_positive(what: str, value: float | None) -> None:
    if value is not None and not 0 < value < float("inf"):
        raise InvalidKeyError(f"a key's {what} must be above zero, not {value}")
