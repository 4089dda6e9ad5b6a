"""What the loop decided and why, in Penstock's database: written when it is news, never changed.

A decision that only repeats the one before it on the same topic is no news, though its figures differ.
"""

import json
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from serving.lifecycle.database import METADATA, Database

RETRAINING, CANARY, BATCH, POLICY = "retraining", "canary", "batch", "policy"

RETRAIN = "retrain"
WAIT = "wait"
REGISTERED = "registered"
NOT_BETTER = "not_better"
FAILED = "failed"
CANCELLED = "cancelled"
STEPPED = "canary"
HELD = "hold"
BACK = "back"
PROMOTED = "promoted"
SCORING = "batch"
SCORED = "scored"
PROBLEM = "problem"

MEANINGS = {
    RETRAIN: "a retraining was started",
    WAIT: "there is a reason to retrain, and one to wait",
    REGISTERED: "the challenger was better and is registered, in Staging",
    NOT_BETTER: "the challenger was not better, and nothing was registered",
    FAILED: "a retraining or a batch scoring failed, or its version did not pass its gate",
    CANCELLED: "a run was ended because the monitor stopped",
    STEPPED: "a canary was started or got a larger share",
    HELD: "a canary stays where it is",
    BACK: "a canary went back to nothing",
    PROMOTED: "the challenger is the champion now",
    SCORING: "a batch scoring was started",
    SCORED: "a batch scoring ended well",
    PROBLEM: "something in the policy cannot be used",
}
"""Every decision that the journal knows."""

_DECISIONS = sa.Table(
    "penstock_decisions",
    METADATA,
    sa.Column("sequence", sa.Integer, primary_key=True, autoincrement=True),
    sa.Column("time_s", sa.Double, nullable=False),
    sa.Column("model", sa.String(512), nullable=False),
    sa.Column("topic", sa.String(20), nullable=False),
    sa.Column("decision", sa.String(20), nullable=False),
    sa.Column("reasons", sa.Text, nullable=False),
    sa.Column("ticket", sa.String(80), nullable=False),
    sa.Column("version", sa.String(40), nullable=False),
    sa.Column("gist", sa.Text, nullable=False),
    sa.Index("penstock_decisions_model", "model", "sequence"),
)


@dataclass(frozen=True, slots=True)
class Decision:
    """One entry.

    Attributes:
        time_s: When, in seconds since 1970.
        model: The registered model's name.
        topic: What it is about: `retraining`, `canary`, `batch` or `policy`.
        decision: What was decided, a key of `MEANINGS`.
        reasons: Why, a sentence each.
        ticket: The run that it is about; empty for none.
        version: The version that it is about; empty for none.
        gist: What tells news from a repetition; empty where every entry is news.
        sequence: The entry's number, from 1; 0 before it is written.
    """

    time_s: float
    model: str
    topic: str
    decision: str
    reasons: tuple[str, ...]
    ticket: str = ""
    version: str = ""
    gist: str = ""
    sequence: int = 0


class Journal:
    """The decisions in the database; usable from several threads and processes."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, decision: Decision) -> Decision | None:
        """Write a decision, and give it with its number; None where its gist repeats the topic's last.

        Raises:
            LifecycleError: The database refuses.
        """
        same = (_DECISIONS.c.model == decision.model) & (_DECISIONS.c.topic == decision.topic)
        last = sa.select(_DECISIONS).where(same).order_by(_DECISIONS.c.sequence.desc()).limit(1)
        with self._database.begin() as connection:
            before = connection.execute(last).first()
            if decision.gist and before and _names(before) == (decision.decision, decision.gist):
                return None
            written = connection.execute(sa.insert(_DECISIONS).values(_row(decision)))
            key = written.inserted_primary_key
        return _decision(_row(decision) | {"sequence": key[0] if key else 0})

    def last(self, count: int, model: str | None = None) -> list[Decision]:
        """The newest `count` decisions, of one model or of all, oldest first.

        Raises:
            LifecycleError: The database cannot be read.
        """
        query = sa.select(_DECISIONS).order_by(_DECISIONS.c.sequence.desc()).limit(count)
        if model is not None:
            query = query.where(_DECISIONS.c.model == model)
        with self._database.begin(is_read_only=True) as connection:
            rows = [dict(row._mapping) for row in connection.execute(query)]  # noqa: SLF001 - documented
        return [_decision(row) for row in reversed(rows)]


def _names(row: Any) -> tuple[str, str]:
    return str(row.decision), str(row.gist)


def _row(decision: Decision) -> dict[str, Any]:
    reasons = json.dumps(decision.reasons, ensure_ascii=False)
    fields = ("time_s", "model", "topic", "decision", "ticket", "version", "gist")
    return {name: getattr(decision, name) for name in fields} | {"reasons": reasons}


def _decision(row: dict[str, Any]) -> Decision:
    return Decision(**row | {"reasons": tuple(json.loads(row["reasons"]))})
