"""The one kind of error by which a version is refused."""


class LoadError(Exception):
    """A version that cannot be served; the message says why."""
