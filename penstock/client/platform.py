"""The platform API as a program calls it: a method an endpoint, answers as the API gives them."""

import tempfile
import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, Self
from urllib.parse import quote, urlencode

from penstock.client.errors import ClientError, Refused, TooLate
from penstock.client.form import file_form
from penstock.client.transport import Access, Patience, Reply, Transport

PLATFORM = "http://127.0.0.1:8080"
OVER = ("completed", "failed", "cancelled")
FIRST_LOOK_S, LATER_LOOK_S = 0.2, 2.0
PAGE = 1000
"""What lists are asked for at once, which is the most that a page may hold."""


class PlatformClient:
    """Calls the platform API; usable from several threads.

    Every write bears a key of its own, so that a repeated one is done once. Every method raises ClientError:
    refused, too late, or unreachable. Requests take the API's own fields as keywords.

    Args:
        url: The platform's address.
        api_key: A service key, where the platform asks for one.
        username: In place of a key.
        password: Beside the name.
        project: `name` of a project of yours, or `owner/name`, for what has a project; by default `default`.
        timeout_s: Of one call; work on data is waited for that long.
        connections: Kept at once.
    """

    def __init__(
        self,
        url: str = PLATFORM,
        *,
        api_key: str = "",
        username: str = "",
        password: str = "",
        project: str = "",
        timeout_s: float = 600.0,
        connections: int = 4,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        patience = Patience(timeout_s=timeout_s, deadline_s=timeout_s)
        access = Access(api_key, username, password)
        self._transport = Transport(url, access, patience, connections, sleep=sleep)
        self._project, self._timeout_s, self._sleep = project, timeout_s, sleep

    def upload_dataset(self, data: Any, *, name: str = "", target_column: str = "") -> dict[str, Any]:
        """Upload a file, sent as it is read, or a data frame."""
        if hasattr(data, "to_parquet"):
            with tempfile.TemporaryDirectory(prefix="penstock-") as folder:
                path = Path(folder) / "table.parquet"
                data.to_parquet(path, index=False)
                return self.upload_dataset(path, name=name, target_column=target_column)
        fields = {"name": name, "target_column": target_column, "project": self._project}
        try:
            form = file_form(Path(data), fields)
        except OSError as error:
            raise ClientError(f"'{data}' cannot be read ({error.strerror or error}); name a file") from error
        return self._write("/api/ml/datasets/upload", form.content, form.headers)

    def dataset(self, dataset_id: str) -> dict[str, Any]:
        """A data set with its columns' types and statistics."""
        return dict(self._read(f"/api/ml/datasets/{quote(dataset_id, safe='')}"))

    def datasets(self) -> list[dict[str, Any]]:
        """All data sets, the newest first."""
        return list(self.each("/api/ml/datasets", project=self._project))

    def clean(self, dataset_id: str, **options: Any) -> dict[str, Any]:
        """Clean a data set; `cleaned_dataset_id` is the result's."""
        return self._write("/api/ml/data/clean", {"dataset_id": dataset_id, **options})

    def select_features(self, dataset_id: str, **options: Any) -> dict[str, Any]:
        """Say which columns matter to the target."""
        return self._write("/api/ml/data/select-features", {"dataset_id": dataset_id, **options})

    def split(self, dataset_id: str, **options: Any) -> dict[str, Any]:
        """Part the rows."""
        return self._write("/api/ml/data/split", {"dataset_id": dataset_id, **options})

    def train(self, dataset_id: str, **options: Any) -> dict[str, Any]:
        """Start a training; `wait(job_id)` has its results."""
        return self._write("/api/ml/models/train", {"dataset_id": dataset_id, **options})

    def tune(self, dataset_id: str, **options: Any) -> dict[str, Any]:
        """Start a search for better hyperparameters; `wait(job_id)` has its results."""
        return self._write("/api/ml/models/tune", {"dataset_id": dataset_id, **options})

    def compare(self, dataset_id: str, **options: Any) -> dict[str, Any]:
        """Compare algorithms on the same folds."""
        return self._write("/api/ml/models/compare", {"dataset_id": dataset_id, **options})

    def training(self, job_id: str) -> dict[str, Any]:
        """A training or a search as it is now."""
        return dict(self._read(f"/api/ml/models/train/{quote(job_id, safe='')}"))

    def job(self, job_id: str) -> dict[str, Any]:
        """Any job as it is now."""
        return dict(self._read(f"/api/ml/jobs/{quote(job_id, safe='')}"))

    def cancel(self, job_id: str) -> dict[str, Any]:
        """End a job with all its processes."""
        return self._write(f"/api/ml/jobs/{quote(job_id, safe='')}/cancel", {})

    def log(self, job_id: str) -> str:
        """What a job has printed so far."""
        return str(self._read(f"/api/ml/jobs/{quote(job_id, safe='')}/log")["text"])

    def wait(self, job_id: str, *, timeout_s: float | None = None) -> dict[str, Any]:
        """Wait until a training or a search is over; return it with its results.

        Raises:
            Refused: It failed or was cancelled, with why.
            TooLate: It is not over in time.
        """
        return self._over(self.training, job_id, self._timeout_s if timeout_s is None else timeout_s)

    def deploy(self, training_job_id: str, model_name: str, **options: Any) -> dict[str, Any]:
        """Register a training's model as a version; `model_id` is its id."""
        body = {"training_job_id": training_job_id, "model_name": model_name, **options}
        return self._write("/api/ml/models/deploy", body)

    def models(self, *, name: str = "", status: str = "") -> list[dict[str, Any]]:
        """All deployed versions, the newest first."""
        return list(self.each("/api/ml/models/deployed", name=name, status=status))

    def promote(self, model_id: str, **options: Any) -> dict[str, Any]:
        """Let a version answer for its model."""
        return self._write(f"/api/ml/models/{quote(model_id, safe='')}/promote", options)

    def demote(self, model_id: str, **options: Any) -> dict[str, Any]:
        """Move a version one stage down."""
        return self._write(f"/api/ml/models/{quote(model_id, safe='')}/demote", options)

    def rollback(self, model_name: str, to_version: str = "") -> dict[str, Any]:
        """Let the version answer that answered before, or a given one that once did."""
        query = f"?{urlencode({'to_version': to_version})}" if to_version else ""
        return self._write(f"/api/ml/models/{quote(model_name, safe='')}/rollback{query}", {})

    def export(self, model_id: str, output: str | Path) -> Path:
        """Have a version written as code that needs no Penstock, wait for it, and keep the zip.

        Raises:
            ClientError: It could not be made, or the file cannot be written.
        """
        path = f"/api/ml/models/{quote(model_id, safe='')}/export"
        job_id = self._write(path, {})["job_id"]
        archive = self._transport.call("GET", f"/api/ml/jobs/{quote(job_id, safe='')}/export").body
        try:
            Path(output).write_bytes(archive)
        except OSError as error:
            raise ClientError(f"'{output}' cannot be written ({error.strerror or error})") from error
        return Path(output)

    def ab_test(
        self, model_a_id: str, model_b_id: str, test_name: str, split_ratio: float = 0.5
    ) -> dict[str, Any]:
        """Let two versions share the requests for one name."""
        body = {
            "model_a_id": model_a_id, "model_b_id": model_b_id, "test_name": test_name,
            "split_ratio": split_ratio,
        }  # fmt: skip
        return self._write("/api/ml/models/ab-test", body)

    def predict(
        self,
        features: Any,
        *,
        model_id: str | None = None,
        ab_test_name: str | None = None,
        user_id: str | None = None,
    ) -> dict[str, Any]:
        """Predict one row, or a list of rows, by a version or by an A/B test."""
        asked = {"model_id": model_id, "ab_test_name": ab_test_name, "user_id": user_id, "features": features}
        body = {key: value for key, value in asked.items() if value is not None}
        return dict(self._transport.call("POST", "/api/ml/models/predict", body=body).json())

    def feedback(self, prediction_id: str, **outcome: Any) -> dict[str, Any]:
        """Tell what became of a prediction: its `label`, `value` or both."""
        body = {"prediction_id": prediction_id, **outcome}
        return dict(self._transport.call("POST", "/api/ml/feedback", body=body, is_idempotent=True).json())

    def jobs(self, **query: Any) -> list[dict[str, Any]]:
        """All jobs, the newest first; `state`, `entry` and `project` tell which."""
        return list(self.each("/api/ml/jobs", **query))

    def projects(self) -> list[dict[str, Any]]:
        """All projects that one may see."""
        return list(self.each("/api/ml/projects"))

    def get(self, path: str, **query: Any) -> Any:
        """Any other endpoint that reads, such as `/api/ml/routes`; of a list, the first page."""
        return self._read(path, **query)

    def each(self, path: str, **query: Any) -> Iterator[dict[str, Any]]:
        """All that an endpoint lists, such as `/api/ml/predictions`, page by page as they are consumed.

        Args:
            path: The endpoint's.
            query: Its parameters; `limit` is how many come at once.

        Raises:
            Refused: The endpoint lists nothing in pages, or as usual.
        """
        wanted = {"limit": PAGE, **query}
        while True:
            reply = self._transport.call("GET", _with_query(path, wanted))
            yield from _listed(path, reply)
            cursor = reply.headers.get("x-next-cursor", "")
            if not cursor:
                return
            wanted["cursor"] = cursor

    def close(self) -> None:
        """End the connections."""
        self._transport.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _read(self, path: str, **query: Any) -> Any:
        return self._transport.call("GET", _with_query(path, query)).json()

    def _write(self, path: str, body: Any, headers: Mapping[str, str] | None = None) -> dict[str, Any]:
        key = {"Idempotency-Key": str(uuid.uuid4())}
        reply = self._transport.call("POST", path, body=body, headers={**(headers or {}), **key},
                                     is_idempotent=True)  # fmt: skip
        answer: dict[str, Any] = reply.json()
        return self._completed(answer) if reply.status == 202 else answer

    def _completed(self, answer: dict[str, Any]) -> dict[str, Any]:
        """Wait for work that took longer than the platform waits; return what came of it."""
        found = self._over(self.job, answer["job_id"], self._timeout_s)
        return {**answer, **(found.get("results") or {}), "status": "success"}

    def _over(self, look: Callable[[str], dict[str, Any]], job_id: str, limit_s: float) -> dict[str, Any]:
        ends, pause = self._transport.clock() + limit_s, FIRST_LOOK_S
        while (found := look(job_id))["status"] not in OVER:
            if self._transport.clock() + pause > ends:
                raise TooLate(f"job {job_id} is {found['status']} still; wait longer, or cancel it")
            self._sleep(pause)
            pause = min(LATER_LOOK_S, 1.5 * pause)
        if found["status"] != "completed":
            told = found.get("error")
            why = told.get("message") if isinstance(told, dict) else told or "no reason is given"
            raise Refused(f"job {job_id} {found['status']}: {why}", 409, str(found["status"]), found)
        return found


def _with_query(path: str, query: Mapping[str, Any]) -> str:
    asked = {key: value for key, value in query.items() if value not in ("", None)}
    return f"{path}?{urlencode(asked, doseq=True)}" if asked else path


def _listed(path: str, reply: Reply) -> list[dict[str, Any]]:
    """What a page holds: the answer itself, or its one list."""
    answer = reply.json()
    lists = [answer] if isinstance(answer, list) else []
    if isinstance(answer, dict):
        lists = [value for value in answer.values() if isinstance(value, list)]
    if len(lists) != 1:
        raise Refused(f"{path} answers no list; call get() for it", reply.status, "no_list", answer)
    return lists[0]
