"""What can go wrong with a call; each message is one sentence.

ClientError
  Unreachable   nobody answered: the address is wrong, or nothing runs there
  TooLate       no answer within the time limit; it may have been worked on
  Refused       an answer that is a refusal, with its status
"""


class ClientError(Exception):
    """A call that did not come about."""


class Unreachable(ClientError):  # noqa: N818 - a verdict, read as one
    """Nobody answered."""


class TooLate(ClientError):  # noqa: N818 - a verdict, read as one
    """No answer came within the time limit."""


class Refused(ClientError):  # noqa: N818 - a verdict, read as one
    """The server refused.

    Attributes:
        status: The HTTP status.
        code: The server's word for it; empty where it has none.
        answer: The whole body, where it is JSON.
    """

    def __init__(self, sentence: str, status: int, code: str = "", answer: object = None) -> None:
        super().__init__(sentence)
        self.status, self.code, self.answer = status, code, answer
