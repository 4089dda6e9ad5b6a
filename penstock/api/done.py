"""The answer of what was done and has no more to tell."""

from penstock.api.body import Body


class Done(Body):
    """It was done."""

    status: str = "success"
