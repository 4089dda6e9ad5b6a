"""What a notebook does to the platform's own models stands on the platform's audit trail."""

from collections.abc import Iterator
from contextlib import contextmanager

from penstock.sdk.store import Store
from serving.lifecycle.person import clean, user


@contextmanager
def recorded(store: Store, action: str, what: str, **details: object) -> Iterator[None]:
    """Record that something is done, as it begins and as it ends; a folder's registry has no trail.

    Args:
        store: Where the models are.
        action: One of `penstock.audit.actions`.
        what: What it is done to, such as `model churn version 3`.
        **details: More for the reader.

    Raises:
        Away: The trail cannot be written; then nothing is done.
    """
    if not store.is_platforms:
        yield
        return
    from penstock.audit.trail import Event
    from penstock.desk import Desk
    from penstock.people.person import Person

    trail = Desk(store.settings).trail
    try:
        with trail.doing(Person(clean(user()), is_admin=True), Event(action, what, details=details)):
            yield
    finally:
        trail.close()
