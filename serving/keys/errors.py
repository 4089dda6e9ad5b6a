"""What can go wrong with keys; each message is one sentence for the person who asked.

The store itself being away is `serving.lifecycle.errors.LifecycleError`, as for all of the database.
"""


class InvalidKeyError(ValueError):
    """Asked for a key that is not there, or that cannot be made."""
