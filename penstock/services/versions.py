"""The registry's versions as they were a moment ago: one search for all who ask, repeated when it is old."""

import threading
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from penstock.people.mlflow_rights import PROJECT_TAG
from penstock.services.identity import model_id
from serving.lifecycle.registry import Registry

if TYPE_CHECKING:
    from mlflow import MlflowClient

PAGE = 10_000
USER_VERSION, PROJECT, JOB = "penstock.user_version", PROJECT_TAG, "penstock.job"
DATASET, ALGORITHM = "penstock.dataset", "penstock.algorithm"


@dataclass(frozen=True, slots=True)
class Held:
    """A version of a registered model.

    Attributes:
        name: The registered model.
        number: The registry's number.
        stage: Its stage, in MLflow's spelling.
        created_ms: When it was made, in milliseconds since 1970.
        run_id: Its run; empty where it has none.
        source: Where its files are.
        description: What a person wrote about it.
        tags: Its tags.
    """

    name: str
    number: str
    stage: str
    created_ms: int
    run_id: str
    source: str
    description: str
    tags: Mapping[str, str]

    @property
    def model_id(self) -> str:
        """The id by which it is called."""
        return model_id(self.name, self.number)

    @property
    def called(self) -> str:
        """The user's own version; the registry's number for versions made elsewhere."""
        return self.tags.get(USER_VERSION, "") or self.number


class Versions:
    """What the registry holds; usable from several threads.

    Every method raises LifecycleError where MLflow is away.

    Args:
        client: MLflow.
        now_s: Seconds, monotonic.
        fresh_s: How long what was read counts as new.
        rest_s: The least time between two readings for an id that nobody knows.
    """

    def __init__(
        self, client: "MlflowClient", now_s: Callable[[], float], *, fresh_s: float = 5.0, rest_s: float = 0.5
    ) -> None:
        self._client, self._registry = client, Registry(client)
        self._now_s, self._fresh_s, self._rest_s = now_s, fresh_s, rest_s
        self._lock = threading.Lock()
        self._read_s = float("-inf")
        self._held: tuple[Held, ...] = ()
        self._by_id: Mapping[str, Held] = {}

    def listed(self) -> Sequence[Held]:
        """Every version, as it was at most a moment ago."""
        self._read_if_older(self._fresh_s)
        return self._held

    def find(self, wanted: str) -> Held | None:
        """The version of an id; None where there is none, and the registry was asked just now."""
        if wanted not in self._by_id:
            self._read_if_older(self._rest_s)
        return self._by_id.get(wanted)

    def forget(self) -> None:
        """Read again at the next question: something was changed."""
        with self._lock:
            self._read_s, self._by_id = float("-inf"), {}

    def now(self, held: Held) -> Held | None:
        """A version as it is now; None where it is there no more."""
        from mlflow.exceptions import MlflowException

        with self._registry.asking(f"read version {held.number} of '{held.name}'"), _without_warnings():
            try:
                return _held(self._client.get_model_version(held.name, held.number))
            except MlflowException as error:
                if error.error_code == "RESOURCE_DOES_NOT_EXIST":
                    return None
                raise

    def of(self, name: str) -> list[Held]:
        """The versions of one model as they are now, the newest first."""
        quote = '"' if "'" in name else "'"
        return sorted(
            self._search(f"name={quote}{name}{quote}"), key=lambda held: int(held.number), reverse=True
        )

    def _read_if_older(self, seconds: float) -> None:
        with self._lock:
            if self._now_s() - self._read_s <= seconds:
                return
            held = tuple(self._search(None))
            self._held, self._by_id = held, {each.model_id: each for each in held}
            self._read_s = self._now_s()

    def _search(self, query: str | None) -> list[Held]:
        found: list[Held] = []
        token = None
        with self._registry.asking("list the versions"), _without_warnings():
            while True:
                page = self._client.search_model_versions(query, max_results=PAGE, page_token=token)
                found += [_held(each) for each in page]
                token = page.token
                if not token:
                    return found


@contextmanager
def _without_warnings() -> Iterator[None]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)  # stages are deprecated, and the contract here
        yield


def _held(found: Any) -> Held:
    return Held(
        found.name, str(found.version), found.current_stage or "None", int(found.creation_timestamp or 0),
        found.run_id or "", found.source or "", found.description or "", dict(found.tags or {}),
    )  # fmt: skip
