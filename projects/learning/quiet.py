"""Libraries' notes while models are fitted, held back: a fit cut short shows in its score."""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def fitting_quietly() -> Iterator[None]:
    """Hold back what the libraries say of convergence, names of columns and numbers that overflow."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield
