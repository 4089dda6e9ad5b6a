"""The model registry as moves see it: versions with their stages, over REST and SQL stores alike."""

import difflib
import re
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

from mlflow import MlflowClient
from mlflow.exceptions import MlflowException

from serving.lifecycle.errors import LifecycleError, UnknownModelError
from serving.lifecycle.stages import ALIASES, ARCHIVED, PRODUCTION, STAGING
from serving.lifecycle.versions import RegisteredModel, Version
from serving.policy import TAG as POLICY_TAG

_PAGE = 1000
GATE_TAG = "penstock.gate"
DEFAULT_EXPERIMENT = "0"
_CANNOT_ARCHIVE = "integer <> character varying"
"""MLflow 3.17 compares the version, a text, with a column of numbers where it archives the others; PostgreSQL
refuses that from psycopg 3, which tells it the types."""


class Registry:
    """Reads and moves through one `MlflowClient`; MLflow's errors become sentences."""

    def __init__(self, client: MlflowClient) -> None:
        self._client = client
        self._identity = ""

    def identity(self) -> str:
        """What tells this MLflow server from another, whatever address it is reached by; empty while unknown.

        It is the time at which the server's default experiment was made, which a restored backup keeps.
        """
        if not self._identity:
            try:
                made_ms = self._client.get_experiment(DEFAULT_EXPERIMENT).creation_time
            except MlflowException:  # away, or not for this user: the journal is worth reading all the same
                return ""
            self._identity = f"default experiment of {made_ms}" if made_ms else ""
        return self._identity

    def model(self, name: str) -> RegisteredModel:
        """A model as the registry has it now.

        Raises:
            UnknownModelError: There is none of that name.
            LifecycleError: MLflow cannot be reached or refuses.
        """
        with self.asking(f"read '{name}'"):
            try:
                model = self._client.get_registered_model(name)
            except MlflowException as error:
                if error.error_code != "RESOURCE_DOES_NOT_EXIST":
                    raise
                raise UnknownModelError(self._unknown(name)) from error
            found = sorted(self._versions(name), key=lambda version: int(version.number))
        numbers = {alias: str(number) for alias, number in model.aliases.items()}
        policy = (model.tags or {}).get(POLICY_TAG)
        return RegisteredModel(name, {version.number: version for version in found}, numbers, policy)

    def move(self, name: str, number: str, stage: str) -> None:
        """Put a version into a stage; Staging and Production then hold no other."""
        is_alone = stage in (STAGING, PRODUCTION)
        with self.asking(f"move version {number} of '{name}' to {stage}"), warnings.catch_warnings():
            warnings.simplefilter("ignore", FutureWarning)  # stages are deprecated, and the contract here
            try:
                self._client.transition_model_version_stage(
                    name, number, stage, archive_existing_versions=is_alone
                )
            except MlflowException as error:
                if not is_alone or _CANNOT_ARCHIVE not in str(error):
                    raise
                self._move_then_archive(name, number, stage)

    def _move_then_archive(self, name: str, number: str, stage: str) -> None:
        """The same in steps; the version first, so that the stage is never empty."""
        self._client.transition_model_version_stage(name, number, stage)
        for other in list(self._versions(name)):
            if other.stage == stage and other.number != number:
                self._client.transition_model_version_stage(name, other.number, ARCHIVED)

    def align_aliases(self, model: RegisteredModel) -> None:
        """Make the stages' aliases point at the version in each stage, or at none."""
        for alias, stage in ALIASES.items():
            wanted = next(reversed(model.in_stage(stage)), None)
            if model.aliases.get(alias) == wanted:
                continue
            with self.asking(f"set the alias '{alias}' of '{model.name}'"):
                if wanted is not None:
                    self._client.set_registered_model_alias(model.name, alias, wanted)
                else:
                    self._client.delete_registered_model_alias(model.name, alias)

    def _versions(self, name: str) -> Iterator[Version]:
        quote = '"' if "'" in name else "'"
        token = None
        while True:
            page = self._client.search_model_versions(
                f"name={quote}{name}{quote}", max_results=_PAGE, page_token=token
            )
            for found in page:
                changed = datetime.fromtimestamp((found.last_updated_timestamp or 0) / 1000, UTC)
                made_ms = found.creation_timestamp
                made = datetime.fromtimestamp(made_ms / 1000, UTC) if made_ms else None
                gate = (found.tags or {}).get(GATE_TAG, "")
                yield Version(str(found.version), found.current_stage or "None", gate, changed, made)
            token = page.token
            if not token:
                return

    def _unknown(self, name: str) -> str:
        known = [model.name for model in self._client.search_registered_models(max_results=_PAGE)]
        near = difflib.get_close_matches(name, known, n=3)
        if near:
            hint = "did you mean " + " or ".join(f"'{other}'" for other in near) + "?"
        elif known:
            hint = "known are " + ", ".join(f"'{other}'" for other in known[:10])
        else:
            hint = "the registry is empty, so train a model first"
        return f"there is no registered model '{name}'; {hint}"

    @contextmanager
    def asking(self, what: str) -> Iterator[None]:
        """Turn what MLflow raises into a sentence that says what was to be done."""
        try:
            yield
        except MlflowException as error:
            place = re.sub(r"//[^/@]*@", "//", str(self._client.tracking_uri))
            text = str(error).strip().partition("\n")[0]
            if "failed with exception" in text:
                sentence = f"MLflow at {place} cannot be reached to {what}; is it running? ({_cause(text)})"
                raise LifecycleError(sentence) from error
            raise LifecycleError(f"MLflow at {place} could not {what}: {text[:300]}") from error


def _cause(text: str) -> str:
    found = re.search(r"Caused by (\w+)", text)
    return found[1] if found else text.partition("failed with exception ")[2][:100]
