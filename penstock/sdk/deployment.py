"""Models of a notebook in the registry: saved as versions, moved, loaded, and tested against each other."""

import json
import random
import warnings
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from penstock.sdk import ab_test
from penstock.sdk.given import TaskType, as_column, as_frame, known_word
from penstock.sdk.reference import Seen, recall, remember
from penstock.sdk.shelf import Shelf
from penstock.sdk.store import Store, open_store
from penstock.sdk.told import Told, read_told
from penstock.sdk.trail import recorded
from penstock.services.identity import model_id as id_of
from penstock.services.model_moves import STATUS
from penstock.services.models import METRICS, of
from penstock.services.versions import ALGORITHM, USER_VERSION, Held
from projects.errors import BadInput
from projects.hints import did_you_mean, shown
from serving.lifecycle.errors import AlreadyThereError
from serving.lifecycle.moves import Move
from serving.lifecycle.stages import PRODUCTION, STAGING

if TYPE_CHECKING:
    from penstock.sdk.publishing import Publishing

LONGEST_TAG = 4000
LEARNED = (
    "the model goes with the rows that it learned from, on which it looks better than it is; "
    "give rows that it has not seen as X_reference and y_reference"
)


class ModelDeployment:
    """Saves fitted models as versions of registered models, and says which of them answers.

    Every method raises LifecycleError with a sentence where MLflow does not answer.

    Args:
        models_dir: A folder that holds a registry of its own, which needs no server; an MLflow address such
            as `http://127.0.0.1:5000`; or None for the registry of the settings, which is the running
            stack's: its gateway then answers what is promoted here.
        draw: Gives a number from 0 to 1, without 1, for A/B tests without a user.

    Raises:
        BadInput: The folder cannot be made.
    """

    def __init__(
        self, models_dir: str | Path | None = None, *, draw: Callable[[], float] = random.random
    ) -> None:
        self._store: Store = open_store(models_dir)
        self._shelf = Shelf(self._store)
        self._draw = draw

    def save_model(
        self,
        *,
        model: Any,
        name: str,
        version: str = "1.0.0",
        task_type: TaskType = "classification",
        algorithm: str = "",
        metrics: Mapping[str, Any] | None = None,
        hyperparameters: Mapping[str, Any] | None = None,
        feature_names: Sequence[str] | None = None,
        target_name: str = "",
        training_samples: int | None = None,
        description: str = "",
        X_reference: Any = None,
        y_reference: Any = None,
    ) -> str:
        """Save a fitted model as a version, and stage it; the one that was staged is archived.

        Args:
            model: Fitted: of `ModelSelector` or `TrainingDashboard`, or an estimator of scikit-learn's kind.
            name: The registered model, which is made if need be.
            version: Your own version, such as `1.0.0`.
            task_type: `classification` or `regression`.
            algorithm: What it is; by default its class.
            metrics: What `ModelEvaluator.evaluate` found.
            hyperparameters: Its parameters.
            feature_names: Its columns, where it does not know them.
            target_name: What it predicts.
            training_samples: How many rows it learned from.
            description: A sentence about it.
            X_reference: Rows that it did not learn from: the scoring plan is checked on them, and drift is
                measured from them. By default those that it was validated on, where the SDK fitted it; of
                `ModelSelector.best_model` those that it learned from, with a warning.
            y_reference: Their truth.

        Returns:
            The version's `model_id`, a UUID: the same by which the API and the gateway know it.

        Raises:
            BadInput: The model is not fitted, or an argument cannot be used.
        """
        from penstock.sdk.publishing import Publishing

        told = read_told(
            model,
            {
                "name": name, "version": version, "task_type": task_type, "algorithm": algorithm,
                "metrics": metrics, "hyperparameters": hyperparameters, "feature_names": feature_names,
                "target_name": target_name, "training_samples": training_samples, "description": description,
            },
        )  # fmt: skip
        self._check_is_new(told)
        seen = _reference(model, X_reference, y_reference)
        if seen is not None and seen.is_learned:
            warnings.warn(LEARNED, stacklevel=2)
        number = self._staged(told, Publishing(model, told, _tags(told), seen))
        return id_of(told.name, number)

    def promote_to_production(self, model_id: str, reason: str = "") -> dict[str, Any]:
        """Let a version answer; the one that did is archived.

        Returns:
            `status`, `model_id`, `name`, `version` and `message`.

        Raises:
            BadInput: There is no such version.
            InvalidMoveError: Its gate failed, or the model's policy wants more people to agree.
        """
        held = self._find(model_id)
        promote = self._store.lifecycle.promote
        with self._recorded("promote", held, reason):
            return self._moved(held, "production", lambda: promote(held.name, held.number, reason=reason))

    def demote(self, model_id: str, reason: str = "") -> dict[str, Any]:
        """Move a version one stage down: from production to staged, or from there to none.

        Returns:
            What `promote_to_production` returns.

        Raises:
            BadInput: There is no such version.
            InvalidMoveError: It is in neither.
        """
        held = self._find(model_id)
        demote = self._store.lifecycle.demote
        with self._recorded("demote", held, reason):
            return self._moved(held, "", lambda: demote(held.name, held.number, reason=reason))

    def archive(self, model_id: str, reason: str = "") -> dict[str, Any]:
        """Take a version out of use; returns what `promote_to_production` returns.

        Raises:
            BadInput: There is no such version.
        """
        held = self._find(model_id)
        archive = self._store.lifecycle.archive
        with self._recorded("archive", held, reason):
            return self._moved(held, "archived", lambda: archive(held.name, held.number, reason=reason))

    def rollback(self, name: str, to_version: str | None = None, reason: str = "") -> dict[str, Any]:
        """Let the version answer that answered before, or a given one that once did.

        Args:
            name: The registered model.
            to_version: Your own version.
            reason: Why, for the journal.

        Returns:
            What `promote_to_production` returns.

        Raises:
            BadInput: There is no such model or version.
            LifecycleError: There is nothing to go back to.
        """
        versions = self._versions_of(name)
        number = None if to_version is None else _called(versions, name, str(to_version)).number
        with recorded(self._store, "model.rollback", f"model {name}", to_version=to_version, reason=reason):
            move = self._store.lifecycle.rollback(name, to_version=number, reason=reason)
        held = next(each for each in versions if each.number == move.version)
        return _told_move(held, "production")

    def load_model(self, model_id: str) -> tuple[Any, dict[str, Any]]:
        """Load a version.

        Returns:
            The model, and its metadata: `model_id`, `name`, `version`, `status`, `created_at`, `task_type`,
            `algorithm`, `metrics`, `hyperparameters`, `feature_names`, `target_name`, `training_samples`,
            `description` and `tags`.

        Raises:
            BadInput: There is no such version, or it is no model of scikit-learn's kind.
        """
        held = self._find(model_id)
        held = self._store.versions.now(held) or held  # its stage may have moved since it was found
        model, told = self._shelf.take(held)
        told.pop("reads_rows", None)
        return model, {**_shown(held), **told}

    def list_models(self, name: str | None = None, status: str | None = None) -> list[dict[str, Any]]:
        """List versions, the newest first.

        Args:
            name: Only of this registered model.
            status: Only `training`, `staged`, `production` or `archived`.

        Returns:
            `model_id`, `name`, `version`, `algorithm`, `status`, `created_at`, `metrics` and others of each.

        Raises:
            BadInput: There is no such status.
        """
        if status is not None:
            known_word(status, STATUS.values(), "status")
        self._store.versions.forget()
        found = [each for each in self._store.versions.listed() if name is None or each.name == name]
        ordered = sorted(found, key=lambda each: (each.created_ms, each.model_id), reverse=True)
        shown_ones = [_shown(each) for each in ordered]
        return [each for each in shown_ones if status is None or each["status"] == status]

    def setup_ab_test(
        self, model_a_id: str, model_b_id: str, test_name: str, split_ratio: float = 0.5
    ) -> dict[str, Any]:
        """Let two versions share the requests for one name; one user always meets the same one.

        Setting it up again with another share moves only the users who must move.

        Args:
            model_a_id: The version A.
            model_b_id: The version B.
            test_name: What callers name; the gateway answers it as a model.
            split_ratio: The share of A.

        Returns:
            `test_name`, `model_a_id`, `model_b_id`, `split_ratio` and `status`.

        Raises:
            BadInput: There is no such version, or the name or the share cannot be used.
        """
        sides = ab_test.Sides(test_name, self._find(model_a_id), self._find(model_b_id), split_ratio)
        with recorded(self._store, "abtest.make", f"route {test_name}", split_ratio=split_ratio):
            ab_test.set_up(self._store, sides)
        return {
            "test_name": test_name, "model_a_id": model_a_id, "model_b_id": model_b_id,
            "split_ratio": float(split_ratio), "status": "running",
        }  # fmt: skip

    def predict_ab_test(self, test_name: str, X: Any, user_id: Any = None) -> tuple[Any, str]:
        """Answer rows by the version that a user meets, here in the notebook.

        Args:
            test_name: The test's.
            X: The rows.
            user_id: Who asks; without one each call draws a version.

        Returns:
            The predictions, shape (rows,), and the `model_id` of the version that answered: the one by which
            the gateway answers the same user.

        Raises:
            BadInput: There is no such test, or the rows cannot be used.
        """
        variant = ab_test.side_of(ab_test.find(self._store, test_name), user_id, self._draw)
        held = self._find(id_of(variant.model, str(variant.version)))
        model, told = self._shelf.take(held)
        frame = as_frame(X)
        if told.get("reads_rows", True) or not told.get("feature_names"):
            return model.predict(X if isinstance(X, np.ndarray) else frame), held.model_id
        missing = [name for name in told["feature_names"] if name not in frame.columns]
        if missing and not isinstance(X, np.ndarray):
            hint = did_you_mean(missing[0], frame.columns)
            raise BadInput(f"the model was fitted on a column '{missing[0]}', which X has not; {hint}")
        rows = X if isinstance(X, np.ndarray) else frame[list(told["feature_names"])]
        return model.predict(rows), held.model_id

    def _find(self, model_id: Any) -> Held:
        held = self._store.versions.find(str(model_id))
        if held is None:
            raise BadInput(
                f"there is no model with the id {shown(model_id)}; list_models() tells those there are"
            )
        return held

    def _versions_of(self, name: str) -> list[Held]:
        versions = self._store.versions.of(name)
        if not versions:
            names = sorted({each.name for each in self._store.versions.listed()})
            raise BadInput(f"there is no model {shown(name)}; {did_you_mean(str(name), names)}")
        return versions

    def _check_is_new(self, told: Told) -> None:
        taken = [each.called for each in self._store.versions.of(told.name)]
        if told.version in taken:
            raise BadInput(
                f"'{told.name}' has a version '{told.version}' already; choose another than"
                f" {', '.join(taken[:8])}"
            )

    def _staged(self, told: Told, publishing: "Publishing") -> str:
        with recorded(self._store, "model.deploy", f"model {told.name}", user_version=told.version):
            number = publishing.register(self._store)
            if told.description:
                self._store.client.update_model_version(told.name, number, told.description)
            self._store.lifecycle.promote(told.name, number, to=STAGING, reason="saved from a notebook")
        return number

    def _recorded(self, action: str, held: Held, reason: str) -> AbstractContextManager[None]:
        what = f"model {held.name} version {held.number}"
        return recorded(self._store, f"model.{action}", what, reason=reason)

    def _moved(self, held: Held, status: str, move: Callable[[], Move]) -> dict[str, Any]:
        try:
            done = move()
        except AlreadyThereError:
            return _told_move(held, status)
        return _told_move(held, STATUS.get(done.to_stage, done.to_stage.lower()))


def _tags(told: Told) -> dict[str, str]:
    scores = json.dumps(told.scores)
    tags = {
        USER_VERSION: told.version,
        ALGORITHM: told.algorithm[:LONGEST_TAG],
        "penstock.task": told.task_type,
        "penstock.target": told.target_name[:LONGEST_TAG],
        METRICS: scores if len(scores) <= LONGEST_TAG else "{}",
    }
    if told.training_samples is not None:
        tags["penstock.training_samples"] = str(told.training_samples)
    return {name: value for name, value in tags.items() if value}


def _reference(model: Any, X: Any, y: Any) -> Seen | None:
    if X is None and y is None:
        return recall(model)
    if X is None or y is None:
        raise BadInput("X_reference and y_reference belong together; give both")
    frame = as_frame(X, what="X_reference")
    truth = as_column(y, len(frame), what="y_reference", of="X_reference")
    if truth.isna().any():
        raise BadInput("y_reference is missing in some rows; leave them out")
    remember(model, frame, truth.to_numpy(dtype=None if truth.dtype.kind in "iufb" else object))
    return recall(model)


def _called(versions: Sequence[Held], name: str, wanted: str) -> Held:
    for each in versions:
        if each.called == wanted:
            return each
    known = [each.called for each in versions]
    raise BadInput(f"'{name}' has no version {shown(wanted)}; {did_you_mean(wanted, known)}")


def _shown(held: Held) -> dict[str, Any]:
    told = of(held)
    return {
        "model_id": told.model_id, "name": told.name, "version": told.version, "algorithm": told.algorithm,
        "status": told.status, "created_at": told.created_at, "metrics": dict(told.metrics),
        "task_type": told.task_type, "target_name": told.target_column, "description": told.description,
        "tags": list(told.tags),
    }  # fmt: skip


def _told_move(held: Held, status: str) -> dict[str, Any]:
    words = {"training": "in no stage", PRODUCTION.lower(): "in production"}.get(status, status)
    return {
        "status": "success", "model_id": held.model_id, "name": held.name, "version": held.called,
        "message": f"version {held.called} of '{held.name}' is {words}",
    }  # fmt: skip
