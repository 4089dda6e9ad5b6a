"""What is known of versions: the registry's facts, held-out rows, and what quality is held to.

Facts are asked once a round. What is made of the held-out rows is kept while the version is the same; where
MLflow is away, what was known last stands.
"""

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field

from monitoring.drift.base import Reference
from monitoring.quality.standard import Standard
from monitoring.reference import References
from monitoring.registry import Registry, RegistryAwayError, VersionFacts

UNKNOWN_STAGE = "?"
MOST_CELLS = 20_000_000
"""Of all references held in memory, about 160 MB."""

_Key = tuple[str, str]
_Identity = tuple[str, frozenset[str]]


@dataclass(frozen=True, slots=True)
class Version:
    """A version that predictions can be compared with.

    Attributes:
        reference: Its held-out rows.
        standard: What its quality is measured by and held to.
    """

    reference: Reference
    standard: Standard


@dataclass(slots=True)
class Versions:
    """The versions that were asked for.

    Attributes:
        registry: Who knows their facts.
        references: Where their held-out rows are kept.
        on_away: Told when MLflow is away.
    """

    registry: Registry
    references: References
    on_away: Callable[[RegistryAwayError], None]
    _asked: dict[_Key, VersionFacts | None] = field(default_factory=dict)
    _last: dict[_Key, VersionFacts] = field(default_factory=dict)
    _held: OrderedDict[_Key, tuple[_Identity, Version]] = field(default_factory=OrderedDict)

    def begin_round(self) -> None:
        """Ask the registry anew from now on."""
        self._asked.clear()

    def facts(self, model: str, version: str) -> VersionFacts | None:
        """What the registry says, or said last; None where it is away and never said anything.

        Raises:
            UnknownVersionError: It says that there is no such version.
        """
        key = (model, version)
        if key not in self._asked:
            try:
                self._asked[key] = self._last[key] = self.registry.facts(model, version)
            except RegistryAwayError as error:
                self.on_away(error)
                self._asked[key] = None
        return self._asked[key] or self._last.get(key)

    def get(self, model: str, version: str, *, hidden: frozenset[str] = frozenset()) -> Version:
        """The version's held-out rows, and what was made of them.

        Args:
            model: The registered model's name.
            version: Its version.
            hidden: Columns that the log does not hold as they were.

        Raises:
            UnknownVersionError: There is no such version.
            NoReferenceError: It has no held-out rows, or ones that cannot be read.
            RegistryAwayError: MLflow is away and nothing is kept.
        """
        key, facts = (model, version), self.facts(model, version)
        identity = (facts.source if facts else "", hidden)
        held = self._held.get(key)
        if held and (held[0] == identity or not facts):
            self._held.move_to_end(key)
            return held[1]
        reference = self.references.get(model, version, self._asked[key])
        standard = Standard.of(reference.table, facts.tags if facts else {}, hidden=hidden)
        made = Version(reference, standard)
        self._hold(key, identity, made)
        return made

    def _hold(self, key: _Key, identity: _Identity, made: Version) -> None:
        self._held[key] = (identity, made)
        self._held.move_to_end(key)
        while len(self._held) > 1 and sum(map(_cells, self._held.values())) > MOST_CELLS:
            self._held.popitem(last=False)


def _cells(held: tuple[_Identity, Version]) -> int:
    reference = held[1].reference
    return int(reference.rows.size + reference.table.num_rows * reference.table.num_columns)
