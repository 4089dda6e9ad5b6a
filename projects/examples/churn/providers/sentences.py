"""A text is cut into sentences."""

import re

END = re.compile(r"(?<=[.!?\u2026\u3002\uff01\uff1f])[\"')\]]*\s+|(?<=[\u3002\uff01\uff1f])|[\r\n]+\s*")
MOST = 300
"""Sentences that are weighed; a longer text's others are passed over."""


def sentences_of(text: str) -> list[str]:
    """Return a text's sentences in their order, each once."""
    return list(dict.fromkeys(part.strip() for part in END.split(text) if part and part.strip()))[:MOST]
