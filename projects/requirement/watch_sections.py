"""The sections of a requirement that the monitor acts on: what it watches, trains again and scores."""

import re
from typing import Annotated, Self

from pydantic import Field, model_validator

from projects.counted import agreeing
from projects.hints import did_you_mean
from projects.requirement.cron import check_cron
from projects.requirement.section import Section
from projects.requirement.sections import Count, Share

NEVER = "never"
EVENTS = ("drift", "quality", "rows")
SOME_OF = re.compile(r"([1-9]\d*) of ([1-9]\d*)")
PLACES = ("{date}", "{time}")
"""What the moment of a batch stands in for."""


class Retraining(Section):
    """How it is trained again; a key that is not given is the monitor's own."""

    drift_windows: str | None = None
    """How many of the last closed windows must have drifted, such as `2 of 3`, which it is by default."""
    new_rows: Count | None = None
    """How many newly labelled rows start a training, and are the least to learn from; by default 200."""
    cooldown_hours: Annotated[float, Field(ge=0, le=10_000)] | None = None
    """The least time from one training to the next; by default 24."""
    recent_days: Annotated[float, Field(ge=0.01, le=10_000)] | None = None
    """Learn from the rows of so many days alone; by default from all there are, the original ones too."""
    canary: bool = False
    """Whether a better version is let into the traffic by the steps of traffic.canary."""

    @model_validator(mode="after")
    def _some_of_all(self) -> Self:
        if self.drift_windows is None:
            return self
        match = SOME_OF.fullmatch(self.drift_windows.strip())
        if match is None or int(match[1]) > int(match[2]):
            raise ValueError(f"drift_windows must be like '2 of 3', not '{self.drift_windows}'")
        return self


class Monitoring(Section):
    """What is watched, and when to train again; written into the policy of the registered model."""

    business_metrics: dict[str, str] = {}  # noqa: RUF012 - pydantic copies defaults
    """Expressions over `prediction`, `outcome`, `value` and features, by name."""
    drift_share: Share | None = None
    """The share of drifted columns that alarms."""
    min_quality: str = ""
    """Clauses as in a gate, over the metrics of outcomes."""
    retrain: str | tuple[str, ...] = NEVER
    """When: `never`, or one or a list of `drift`, `quality`, `rows` and schedules in cron's five fields."""
    retraining: Retraining = Retraining()
    """How it is trained again."""
    approval: bool = True
    """Whether a retrained version waits for a person before Production."""

    @property
    def occasions(self) -> tuple[str, ...]:
        """When it is trained again, each by itself; empty for never."""
        named = (self.retrain,) if isinstance(self.retrain, str) else self.retrain
        each = [word.strip() for text in named for word in _occasions(text)]
        return tuple(dict.fromkeys(word for word in each if word != NEVER))

    @model_validator(mode="after")
    def _has_a_time_to_retrain(self) -> Self:
        named = (self.retrain,) if isinstance(self.retrain, str) else self.retrain
        for text in named:
            for word in _occasions(text):
                _check_occasion(word.strip())
        if self.occasions and any(NEVER in _occasions(text) for text in named):
            raise ValueError(f"retrain is never and {self.occasions[0]} at once; take one of both away")
        return self


class Promotion(Section):
    """What a promotion to Production takes at the platform; written into the policy."""

    people: Annotated[int, Field(ge=1, le=5)] = 1
    """How many must agree, whoever asks included; above 1 nothing goes to Production by itself."""
    comment: bool = False
    """Whether each must say why."""


class Batch(Section):
    """Rows that are scored by the clock; all three, or none."""

    data: str = ""
    """Where they come from, as the entry point `predict` reads it; `{date}` and `{time}` are the moment's."""
    output: str = ""
    """Where the predictions go; `{date}` and `{time}` are the moment's."""
    schedule: str = ""
    """When, in cron's five fields (UTC), such as `0 6 * * *`."""

    @model_validator(mode="after")
    def _is_whole(self) -> Self:
        given = {"data": self.data, "output": self.output, "schedule": self.schedule}
        lacking = [key for key, text in given.items() if not text.strip()]
        if not lacking:
            check_cron(self.schedule)
            _check_places("data", self.data)
            _check_places("output", self.output)
        elif len(lacking) < len(given):
            named, verb = " and ".join(lacking), agreeing(len(lacking), "is")
            raise ValueError(f"a batch needs data, output and schedule; {named} {verb} not given")
        return self


def _occasions(text: str) -> list[str]:
    """Take a text of several events apart; the commas of a schedule stay."""
    words = [word.strip() for word in text.split(",")]
    return words if len(words) > 1 and all(word in (*EVENTS, NEVER) for word in words) else [text]


def _check_occasion(word: str) -> None:
    if word in (*EVENTS, NEVER):
        return
    if len(word.split()) < 2:
        hint = did_you_mean(word, (NEVER, *EVENTS))
        near = f"; {hint}" if hint.startswith("did") else ""
        raise ValueError(
            f"retrain must be {NEVER}, or of {', '.join(EVENTS)} and schedules in cron's five fields such as"
            f" '0 2 * * 0', not '{word}'{near}"
        )
    check_cron(word)


def _check_places(key: str, text: str) -> None:
    for found in re.findall(r"\{[^}]*\}?", text):
        if found not in PLACES:
            raise ValueError(f"the batch's {key} may hold {' and '.join(PLACES)} only, not '{found}'")
