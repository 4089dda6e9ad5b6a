"""Fits of text features that are made once: every style of a fold, and the last fit, reads texts alike.

Reading texts takes as long as many a model's fit, and depends on the rows and their labels alone.
"""

import hashlib
import threading
from collections import OrderedDict
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pandas as pd

KIND = "AdaptiveFeatureExtractor"
MOST_KEPT = 12


class KeptTexts:
    """What a scikit-learn pipeline takes for its `memory`: keeps fits of text features, and of nothing else.

    Safe for threads: one fit at a time. A copy is the same object, and a pickle holds None in its place: a
    served version remembers no training.

    Args:
        most: Fits that are kept, the latest ones.
    """

    def __init__(self, most: int = MOST_KEPT) -> None:
        self._most = most
        self._kept: OrderedDict[bytes, tuple[Any, Any]] = OrderedDict()
        self._lock = threading.RLock()

    def cache(self, fit: Callable[..., Any], ignore: Sequence[str] = ()) -> Callable[..., Any]:  # noqa: ARG002 - joblib's
        """Return a function that fits as the given one does, once for the same texts and labels."""

        def kept(transformer: Any, X: Any, y: Any, *rest: Any, **more: Any) -> Any:
            if type(transformer).__name__ != KIND:
                return fit(transformer, X, y, *rest, **more)
            key = _key(transformer, X, y)
            with self._lock:
                if key not in self._kept:
                    with reading():
                        self._keep(key, fit(transformer, X, y, *rest, **more))
                self._kept.move_to_end(key)
                return self._kept[key]

        return kept

    def keep(self, fitted: Any, X: Any, y: Any, numbers: Any) -> None:
        """Take a fit that was made elsewhere: of this extractor, on these texts, with these numbers."""
        with self._lock:
            self._keep(_key(fitted, X, y), (numbers, fitted))

    def clear(self) -> None:
        """Let all of them go."""
        with self._lock:
            self._kept.clear()

    def _keep(self, key: bytes, made: tuple[Any, Any]) -> None:
        self._kept[key] = made
        while len(self._kept) > self._most:
            self._kept.popitem(last=False)

    def __deepcopy__(self, memo: object) -> "KeptTexts":
        return self

    def __reduce__(self) -> tuple[Any, ...]:
        return type(None), ()


def reading() -> Any:
    """Read texts on one thread: threads that wait for each other take five times as long on such matrices."""
    from threadpoolctl import threadpool_limits

    return threadpool_limits(1, user_api="blas")


def _key(transformer: Any, X: Any, y: Any) -> bytes:
    found = hashlib.blake2b(digest_size=20)
    found.update(repr(sorted(transformer.get_params(deep=False).items())).encode())
    frame = pd.DataFrame(X)
    found.update(repr(tuple(frame.columns)).encode())
    found.update(pd.util.hash_pandas_object(frame, index=False).to_numpy().tobytes())
    found.update(_truth(y))
    return found.digest()


def _truth(y: Any) -> bytes:
    """Labels and their codes are the same truth."""
    values = np.asarray(y)
    if values.dtype.kind == "f":
        return values.astype(np.float64).tobytes()
    return np.unique(values, return_inverse=True)[1].astype(np.int64).tobytes()
