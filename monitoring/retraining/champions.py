"""What the registry says of the models that the loop looks after, in a request or two for all of them."""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from mlflow.exceptions import MlflowException
from mlflow.tracking import MlflowClient

from monitoring.registry import UNREACHABLE, RegistryAwayError
from serving.lifecycle.stages import PRODUCTION

PRODUCTION_ALIAS = "production"
TARGET_TAG = "penstock.target"
LEARNED_TAG = "penstock.learned_until"
"""Of a retrained version: when the newest logged row that it learned from was asked about."""
_PAGE = 1_000


@dataclass(frozen=True, slots=True)
class Champion:
    """A registered model and its version in Production.

    Attributes:
        model: Its name.
        policy: The text of its policy's tag; None where it has none.
        version: The version in Production; empty where there is none.
        made_s: When that version was registered, in seconds since 1970.
        target: The column that it predicts; empty where the version does not say.
        learned_s: It has learned from what was logged until then; 0 for nothing.
    """

    model: str
    policy: str | None
    version: str = ""
    made_s: float = 0.0
    target: str = ""
    learned_s: float = 0.0


def champions(client: MlflowClient, models: Iterable[str], tag: str) -> dict[str, Champion]:
    """The champions of these models, as far as the registry has them.

    Args:
        client: The registry.
        models: Which models.
        tag: The tag that holds a model's policy.

    Raises:
        RegistryAwayError: MLflow does not answer.
    """
    wanted = set(models)
    try:
        found: dict[str, Champion] = {}
        token = None
        while True:
            page = client.search_registered_models(max_results=_PAGE, page_token=token)
            found |= {each.name: _champion(client, each, tag) for each in page if each.name in wanted}
            token = page.token
            if not token:
                return found
    except UNREACHABLE as error:
        raise RegistryAwayError(f"MLflow did not say which versions are champions ({error})"[:300]) from error


def _champion(client: MlflowClient, model: Any, tag: str) -> Champion:
    policy = model.tags.get(tag)
    version = next((each for each in model.latest_versions if each.current_stage == PRODUCTION), None)
    version = _named(client, model, version)
    if version is None:
        return Champion(model.name, policy)
    tags = version.tags
    return Champion(
        model.name,
        policy,
        str(version.version),
        version.creation_timestamp / 1000,
        tags.get(TARGET_TAG, ""),
        _seconds(tags.get(LEARNED_TAG)),
    )


def _seconds(text: str | None) -> float:
    try:
        found = float(text or 0.0)
    except ValueError:
        return 0.0
    return found if math.isfinite(found) else 0.0


def _named(client: MlflowClient, model: Any, highest: Any) -> Any:
    """The version that the alias names, if it is in Production: two may be, after a move made elsewhere."""
    alias = model.aliases.get(PRODUCTION_ALIAS)
    if highest is None or alias is None or str(alias) == str(highest.version):
        return highest
    try:
        named = client.get_model_version(model.name, str(alias))
    except MlflowException as error:
        if error.error_code not in ("RESOURCE_DOES_NOT_EXIST", "NOT_FOUND"):
            raise
        return highest
    return named if named.current_stage == PRODUCTION else highest
