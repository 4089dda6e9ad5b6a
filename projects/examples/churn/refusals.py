"""What a provider can fail at for one text alone."""


class NoAnswer(Exception):  # noqa: N818 - it is what happened to a text, not a fault of ours
    """A text got no usable answer, after all attempts; the others go on."""
