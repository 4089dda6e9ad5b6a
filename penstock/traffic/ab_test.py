"""A/B tests in Penstock's database: which versions, whose test, since when, how it ended.

The split itself is the route's; what is kept here is what a route does not say.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

import sqlalchemy as sa

from serving.lifecycle.canary.counts import Counts
from serving.lifecycle.database import METADATA, Database

Side = Literal["a", "b"]
SIDES: tuple[Side, Side] = ("a", "b")

_TESTS = sa.Table(
    "penstock_ab_tests",
    METADATA,
    sa.Column("test_id", sa.String(36), primary_key=True),
    sa.Column("name", sa.String(64), nullable=False),
    sa.Column("kept", sa.Text, nullable=False),
    sa.Column("created_s", sa.Double, nullable=False),
    sa.Column("ended_s", sa.Double, nullable=False),
    sa.Index("penstock_ab_tests_name", "name", "created_s"),
    sa.Index("penstock_ab_tests_ended", "ended_s", "created_s"),
)
MOST_LISTED = 1000


@dataclass(frozen=True, slots=True)
class Arm:
    """One side of a test.

    Attributes:
        model_id: The version's id.
        model: Its registered model.
        version: The registry's number.
        called: The user's own version.
        baseline: What the gateway had counted for it when the test began.
    """

    model_id: str
    model: str
    version: str
    called: str
    baseline: Counts = field(default_factory=Counts)


@dataclass(frozen=True, slots=True)
class AbTest:
    """A test; times in seconds since 1970, 0 for not yet.

    Attributes:
        test_id: A UUID.
        name: What callers name.
        arms: Its sides by their letters.
        made_by: Who began it.
        created_s: When it began.
        ended_s: When it was ended.
        ended_by: Who ended it.
        winner: The side that won, if whoever ended it named one.
    """

    test_id: str
    name: str
    arms: Mapping[Side, Arm]
    made_by: str
    created_s: float
    ended_s: float = 0.0
    ended_by: str = ""
    winner: Side | None = None

    def variant(self, side: Side) -> str:
        """A side's variant in the route, which tells this test's traffic from any other's."""
        return f"{self.name}.{side}"

    @property
    def models(self) -> tuple[str, ...]:
        """The registered models that it is about."""
        return tuple(dict.fromkeys(arm.model for arm in self.arms.values()))


class AbTestStore:
    """The tests in the database; usable from several threads and processes.

    Every method raises LifecycleError where the database refuses.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    def put(self, test: AbTest) -> AbTest:
        """Keep a test, over what was kept of it before."""
        values = {"name": test.name, "kept": _written(test)}
        values |= {"created_s": test.created_s, "ended_s": test.ended_s}  # type: ignore[dict-item]
        mine = _TESTS.c.test_id == test.test_id
        with self._database.begin() as connection:
            if not connection.execute(sa.update(_TESTS).where(mine).values(values)).rowcount:
                connection.execute(sa.insert(_TESTS).values(test_id=test.test_id, **values))
        return test

    def drop(self, test: AbTest) -> None:
        """Forget a test that never began."""
        with self._database.begin() as connection:
            connection.execute(sa.delete(_TESTS).where(_TESTS.c.test_id == test.test_id))

    def get(self, name: str) -> AbTest | None:
        """The newest test of a name, also one that has ended; None where there was none."""
        found = self._found(_TESTS.c.name == name, 1)
        return found[0] if found else None

    def listed(self, *, is_ended: bool = False, most: int = MOST_LISTED) -> list[AbTest]:
        """Tests, newest first: those under way, or those that have ended."""
        return self._found(_TESTS.c.ended_s > 0 if is_ended else _TESTS.c.ended_s == 0, most)

    def _found(self, which: sa.ColumnElement[bool], most: int) -> list[AbTest]:
        query = sa.select(_TESTS.c.kept).where(which).order_by(_TESTS.c.created_s.desc()).limit(most)
        with self._database.begin(is_read_only=True) as connection:
            return [_read(text) for text in connection.scalars(query)]


def _written(test: AbTest) -> str:
    table = asdict(test)
    for arm in table["arms"].values():
        buckets = arm["baseline"]["buckets"]
        arm["baseline"]["buckets"] = [[str(bound), count] for bound, count in buckets.items()]
    return json.dumps(table, ensure_ascii=False)


def _read(text: str) -> AbTest:
    table: dict[str, Any] = json.loads(text)
    return AbTest(**table | {"arms": {side: _arm(each) for side, each in table["arms"].items()}})


def _arm(kept: Mapping[str, Any]) -> Arm:
    counts = kept["baseline"]
    buckets = {float(bound): count for bound, count in counts["buckets"]}
    return Arm(**{**kept, "baseline": Counts(**{**counts, "buckets": buckets})})
