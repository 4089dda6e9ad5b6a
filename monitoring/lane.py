"""Whose predictions: one version of one model, under the name of one variant."""

from dataclasses import dataclass
from typing import NamedTuple


class Lane(NamedTuple):
    """What drift, quality, latency and business value are told of; the labels of every gauge.

    Attributes:
        model: The registered model's name.
        version: The version that answered.
        variant: The name that the route gave it when it answered.
    """

    model: str
    version: str
    variant: str

    def __str__(self) -> str:
        return f"{self.model} version {self.version} ({self.variant})"


@dataclass(frozen=True, slots=True)
class Span:
    """From one moment on and before another, in seconds since 1970 (UTC)."""

    since_s: float
    until_s: float
