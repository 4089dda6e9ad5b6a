"""Predictions and what became of them, from the gateway or through the platform API."""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Literal, Self
from urllib.parse import quote
from uuid import UUID

from penstock.client.errors import Refused
from penstock.client.transport import Access, Patience, Reply, Transport

Through = Literal["gateway", "platform"]
GATEWAY, PLATFORM = "http://127.0.0.1:8000", "http://127.0.0.1:8080"


@dataclass(frozen=True)
class Predicted:
    """What was answered, one of each a row.

    Attributes:
        predictions: The labels or numbers.
        probabilities: A list a row in the order of the sorted labels; None of a model without.
        prediction_ids: What feedback names.
        versions: The version that answered: the registry's number, from the platform its `model_id`.
        variants: The variant of the route that answered.
    """

    predictions: list[Any]
    probabilities: list[list[float]] | None
    prediction_ids: list[str]
    versions: list[str]
    variants: list[str]

    def __len__(self) -> int:
        return len(self.predictions)


class PredictionClient:
    """Asks for predictions and tells what became of them; usable from several threads.

    Args:
        url: The gateway's address, or the platform's.
        through: Which of both it is. The gateway takes names of models, routes and A/B tests; the platform
            takes ids of versions and names of A/B tests.
        api_key: A service key, where the server asks for one.
        username: In place of a key.
        password: Beside the name.
        user_id: Who is predicted for, where a call does not say: one user meets one variant.
        timeout_s: Of one try.
        deadline_s: Of all tries of a call.
        tries: The most tries of a call.
        connections: Used at once by `predict_many`.

    >>> PredictionClient("localhost")
    Traceback (most recent call last):
    ValueError: an address must be like http://127.0.0.1:8000, not 'localhost'
    """

    def __init__(
        self,
        url: str = "",
        *,
        through: Through = "gateway",
        api_key: str = "",
        username: str = "",
        password: str = "",
        user_id: Any = "",
        timeout_s: float = 30.0,
        deadline_s: float = 60.0,
        tries: int = 5,
        connections: int = 4,
        now_s: Callable[[], float] = time.time,
    ) -> None:
        if through not in ("gateway", "platform"):
            raise ValueError(f"through must be 'gateway' or 'platform', not {through!r}")
        patience = Patience(timeout_s=timeout_s, deadline_s=deadline_s, tries=max(1, tries))
        address = url or (GATEWAY if through == "gateway" else PLATFORM)
        self._transport = Transport(address, Access(api_key, username, password), patience, connections)
        self._through: Through = through
        self._user_id, self._connections, self._now_s = _user(user_id), max(1, connections), now_s

    def predict(self, model: str, rows: Any, *, user_id: Any = "") -> Predicted:
        """Predict one row or several in one call.

        Args:
            model: The model's, route's or A/B test's name; through the platform a `model_id` or test's name.
            rows: A mapping from columns to values, a list of such, or a data frame.
            user_id: Who is predicted for.

        Raises:
            ClientError: Refused, too late, or unreachable.
            ValueError: The rows are none of these.
        """
        return self._predicted(model, rows_of(rows), _user(user_id) or self._user_id)

    def predict_many(self, model: str, rows: Any, *, batch_size: int = 100, user_id: Any = "") -> Predicted:
        """Predict many rows in batches, several at once; the answers are in the rows' order.

        Args:
            model: As for `predict`.
            rows: A list of mappings, or a data frame.
            batch_size: Rows a call.
            user_id: Who is predicted for.

        Raises:
            ClientError: One batch was refused, too late, or did not reach the server.
            ValueError: The rows are none of these.
        """
        if batch_size < 1:
            raise ValueError(f"batch_size must be 1 at least, not {batch_size}")
        plain = rows_of(rows)
        batches = [plain[at : at + batch_size] for at in range(0, len(plain), batch_size)]
        user = _user(user_id) or self._user_id
        with ThreadPoolExecutor(self._connections) as pool:
            asked = [pool.submit(self._predicted, model, batch, user) for batch in batches]
            try:
                return _joined([each.result() for each in asked])
            finally:
                for each in asked:
                    each.cancel()

    def feedback(
        self, prediction_id: str, label: Any = None, value: float | None = None, ts: float | None = None
    ) -> None:
        """Tell what became of a prediction.

        Args:
            prediction_id: The row's.
            label: What turned out to be true.
            value: What it was worth.
            ts: When it was so, in seconds since 1970; by default now. The latest word counts, so telling the
                same twice is telling it once.

        Raises:
            ClientError: Refused, too late, or unreachable.
        """
        self.feedback_many([{"prediction_id": prediction_id, "label": label, "value": value, "ts": ts}])

    def feedback_many(self, outcomes: Sequence[Mapping[str, Any]]) -> int:
        """Tell what became of several predictions; return how many were taken.

        Args:
            outcomes: Mappings with `prediction_id`, and `label`, `value` or both, and perhaps `ts`.

        Raises:
            Refused: One of them was not taken; the others were.
            ClientError: Too late, or unreachable.
        """
        now = self._now_s()
        told = [
            {"ts": now} | {key: value for key, value in outcome.items() if value is not None}
            for outcome in outcomes
        ]
        path = "/feedback" if self._through == "gateway" else "/api/ml/feedback"
        body: Any = told if self._through == "gateway" else {"outcomes": told}
        reply = self._transport.call("POST", path, body=body, is_idempotent=True)
        answer = reply.json()
        if answer.get("rejected"):
            first = answer["rejected"][0]
            where = f"outcome {first.get('index', 0)} was not taken"
            raise Refused(f"{where}: {first.get('message', first)}", reply.status, "rejected", answer)
        return int(answer["accepted"])

    def close(self) -> None:
        """End the connections."""
        self._transport.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _predicted(self, model: str, rows: list[Mapping[str, Any]], user_id: str) -> Predicted:
        if self._through == "platform":
            return self._by_platform(model, rows, user_id)
        names = list(dict.fromkeys(name for row in rows for name in row))
        split = {"columns": names, "data": [[row.get(name) for name in names] for row in rows]}
        body = {"dataframe_split": split, "params": {"probabilities": True}}
        headers = {"X-User-Id": user_id.encode().decode("latin-1")} if user_id else {}  # UTF-8 on the wire
        path = f"/models/{quote(model, safe='')}/invocations"
        reply = self._transport.call("POST", path, body=body, headers=headers)
        answer = reply.json()
        return _of_gateway(reply, answer["predictions"], answer.get("probabilities"))

    def _by_platform(self, model: str, rows: list[Mapping[str, Any]], user_id: str) -> Predicted:
        named = {"model_id": model} if _is_id(model) else {"ab_test_name": model}
        body = {**named, "features": rows} | ({"user_id": user_id} if user_id else {})
        answer = self._transport.call("POST", "/api/ml/models/predict", body=body).json()
        count = len(answer["prediction"])
        return Predicted(
            answer["prediction"], answer["prediction_proba"], _ids(answer["prediction_id"], count),
            [answer["model_id"]] * count, [answer["variant"]] * count,
        )  # fmt: skip


def rows_of(given: Any) -> list[Mapping[str, Any]]:
    """Return rows as mappings from columns to values.

    Raises:
        ValueError: They are no rows, or there are none.
    """
    rows: list[Mapping[str, Any]] | None
    if hasattr(given, "to_dict") and hasattr(given, "columns"):
        rows = given.to_dict("records")
    else:
        rows = [given] if isinstance(given, Mapping) else list(given) if _is_list(given) else None
    if rows is None or not all(isinstance(row, Mapping) for row in rows):
        raise ValueError("rows must be a mapping from columns to values, a list of such, or a data frame")
    if not rows:
        raise ValueError("there is no row to predict; give one at least")
    return rows


def _user(given: Any) -> str:
    """A user's id as all doors know it; empty for nobody.

    Raises:
        ValueError: It cannot stand in a header.
    """
    text = "" if given is None else str(given).strip()
    if any(ord(mark) < 32 or ord(mark) == 127 for mark in text):
        raise ValueError(f"a user_id must be printable, not {text!r:.80}")
    return text


def _is_list(given: Any) -> bool:
    return isinstance(given, Sequence | Iterator) and not isinstance(given, str | bytes)


def _is_id(name: str) -> bool:
    try:
        return str(UUID(name)) == name.lower()
    except ValueError:
        return False


def _of_gateway(reply: Reply, predictions: list[Any], probabilities: list[list[float]] | None) -> Predicted:
    said = reply.headers
    count = len(predictions)
    return Predicted(
        predictions, probabilities, _ids(said.get("x-prediction-id", ""), count),
        [said.get("x-penstock-version", "")] * count, [said.get("x-penstock-variant", "")] * count,
    )  # fmt: skip


def _ids(request: str, count: int) -> list[str]:
    return [request] if count == 1 else [f"{request}-{at}" for at in range(count)]


def _joined(parts: Sequence[Predicted]) -> Predicted:
    has_shares = all(part.probabilities is not None for part in parts)
    return Predicted(
        [each for part in parts for each in part.predictions],
        [each for part in parts for each in part.probabilities or ()] if has_shares else None,
        [each for part in parts for each in part.prediction_ids],
        [each for part in parts for each in part.versions],
        [each for part in parts for each in part.variants],
    )
