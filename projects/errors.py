"""What a person who trains can do wrong."""


class BadInput(Exception):  # noqa: N818 - the sentence is for a person, not the class
    """The data or an option cannot be used; the message says what was wanted, what came and what to do."""
