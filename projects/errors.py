"""What a person who trains can do wrong."""


class BadInput(Exception):  # noqa: N818 - the sentence is for a person, not the class
    """The data or an option cannot be used; the message says what was wanted, what came and what to do.

    Attributes:
        code: A word for programs, such as `unknown_key`; it stays when the sentence is rewritten.
        cause: What was wanted and what came.
        fix: What to do; empty where the cause says it all.
    """

    def __init__(self, sentence: str, *, code: str = "bad_input", cause: str = "", fix: str = "") -> None:
        super().__init__(sentence)
        # The sentences of this project end with what to do, after their last semicolon.
        head, _, tail = sentence.rpartition("; ")
        self.code = code
        self.cause = cause or head or sentence
        self.fix = fix or (tail if head else "")

    def as_data(self) -> dict[str, str]:
        """Return the error for programs: `code`, `cause`, `fix` and the whole `message`."""
        return {"code": self.code, "cause": self.cause, "fix": self.fix, "message": str(self)}
