"""What a provider can fail at for one text alone."""


class NoAnswer(Exception):  # noqa: N818 - it is what happened to a text, not a fault of ours
    """A text got no usable answer, after all attempts; the others go on.

    Args:
        why: As the end of a sentence.
        is_refused: Whether this text alone is refused, by a provider that answers others.
    """

    def __init__(self, why: str, *, is_refused: bool = False) -> None:
        super().__init__(why)
        self.is_refused = is_refused
