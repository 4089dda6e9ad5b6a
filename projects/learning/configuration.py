"""A configuration: a candidate with all its parameters, and the model that it makes."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from projects.learning.candidates.candidate import Candidate, Making, Parameters

Origin = Literal["default", "portfolio", "search", "grid", "ensemble"]


@dataclass(frozen=True)
class Configuration:
    """What is fitted.

    Attributes:
        candidate: Which.
        parameters: All of its parameters.
        origin: Who proposed them.
        has_fixed_rounds: Whether a person fixed the number of rounds, so that none is looked for.
        ticket: What the proposer wants back with the score.
    """

    candidate: Candidate
    parameters: Parameters
    origin: Origin
    has_fixed_rounds: bool = False
    ticket: Any = field(default=None, compare=False)

    @property
    def key(self) -> str:
        """The same for the same candidate and parameters."""
        content = json.dumps([self.candidate.name, dict(sorted(self.parameters.items()))], default=repr)
        return hashlib.sha256(content.encode()).hexdigest()[:24]

    def model(self, making: Making, rounds: int | None = None) -> Any:
        """Make the unfitted model, perhaps with a number of rounds."""
        parameters = dict(self.parameters)
        if rounds is not None and self.candidate.rounds is not None:
            parameters[self.candidate.rounds.parameter] = rounds
        return self.candidate.make(making, parameters)

    def with_parameters(self, changes: Parameters, origin: Origin) -> "Configuration":
        """Return another one of the same candidate."""
        return Configuration(self.candidate, {**self.parameters, **changes}, origin, self.has_fixed_rounds)


def starting(candidate: Candidate, fixed: Parameters) -> Configuration:
    """Return a candidate's defaults with what a person fixed."""
    has_fixed_rounds = candidate.rounds is not None and candidate.rounds.parameter in fixed
    return Configuration(candidate, {**candidate.defaults, **fixed}, "default", has_fixed_rounds)


Fixed = Mapping[str, Parameters]
