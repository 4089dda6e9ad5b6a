"""What writing an estimator gives: a file's bytes, and what else must be known to score it."""

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Written:
    """An estimator as data.

    Attributes:
        content: The file.
        options: JSON beside the file.
    """

    content: bytes
    options: dict[str, Any] = field(default_factory=dict)
