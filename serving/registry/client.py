"""The questions that the poller asks the registry, over MLflow's REST interface with MLflow's credentials."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson

PAGE = 1000
TIMEOUT_S = 5.0


class RegistryAway(Exception):  # noqa: N818 - a state, read as one
    """The registry did not answer as it should; the message says what it did."""


class RegistryClient:
    """Asks one tracking server. It is used by one thread at a time, never by the event loop."""

    def __init__(self, tracking_uri: str) -> None:
        self._tracking_uri = tracking_uri

    def models(self) -> list[dict[str, Any]]:
        """Every registered model's entry, with its tags, aliases and latest versions.

        Raises:
            RegistryAway: No answer, or not a good one.
        """
        return list(self._pages("registered-models/search", "registered_models", {}))

    def versions(self, name: str) -> list[dict[str, Any]]:
        """Every version of a registered model, with stage and tags.

        Raises:
            RegistryAway: No answer, or not a good one.
        """
        # MLflow's filters know no escape; a name that holds one quote is put between the other.
        quote = '"' if "'" in name else "'"
        wanted = {"filter": f"name={quote}{name}{quote}"}
        return list(self._pages("model-versions/search", "model_versions", wanted))

    def all_versions(self) -> list[dict[str, Any]]:
        """Every version of every registered model, with stage and tags.

        Raises:
            RegistryAway: No answer, or not a good one.
        """
        return list(self._pages("model-versions/search", "model_versions", {}))

    def download(self, model: str, version: str, folder: Path) -> None:
        """Bring all files of a version into an empty folder.

        Raises:
            RegistryAway: They could not be brought.
        """
        from mlflow.artifacts import download_artifacts
        from mlflow.exceptions import MlflowException

        uri = f"models:/{model}/{version}"
        try:
            download_artifacts(
                artifact_uri=uri,
                dst_path=str(folder),
                tracking_uri=self._tracking_uri,
                registry_uri=self._tracking_uri,
            )
        except (MlflowException, OSError, ValueError) as error:
            raise RegistryAway(f"its files could not be fetched: {_first_line(error)}") from error

    def _pages(self, endpoint: str, key: str, query: dict[str, str]) -> Iterator[dict[str, Any]]:
        token = ""
        while True:
            page = self._get(
                endpoint, query | {"max_results": str(PAGE)} | ({"page_token": token} if token else {})
            )
            yield from page.get(key, ())
            token = page.get("next_page_token", "")
            if not token:
                return

    def _get(self, endpoint: str, query: dict[str, str]) -> dict[str, Any]:
        from mlflow.exceptions import MlflowException
        from mlflow.utils.credentials import get_default_host_creds
        from mlflow.utils.rest_utils import http_request

        try:
            answer = http_request(
                get_default_host_creds(self._tracking_uri),
                f"/api/2.0/mlflow/{endpoint}",
                "GET",
                params=query,
                timeout=TIMEOUT_S,
                max_retries=0,
                raise_on_status=False,
            )
        except (MlflowException, OSError) as error:
            raise RegistryAway(f"{self._tracking_uri} did not answer: {_first_line(error)}") from error
        if answer.status_code != 200:
            raise RegistryAway(f"{self._tracking_uri} answered {answer.status_code} to {endpoint}")
        try:
            return dict(orjson.loads(answer.content))
        except (orjson.JSONDecodeError, TypeError, ValueError) as error:
            raise RegistryAway(
                f"{self._tracking_uri} answered {endpoint} with something else than JSON"
            ) from error


def _first_line(error: BaseException) -> str:
    return str(error).strip().split("\n", 1)[0][:300] or type(error).__name__
