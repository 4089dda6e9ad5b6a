"""Many models from few trainings: slices of a booster and of a forest, a text model with shifted weights.

Each is written as a version's plain files, MLmodel and plan, and registered by the client's own calls; a
pickle would be as large again and is never read where the plan is sound.
"""

import copy
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import lightgbm
import numpy as np
import pandas as pd
from mlflow import MlflowClient
from mlflow.entities import LoggedModelStatus
from mlflow.models import Model, ModelSignature
from mlflow.types.schema import ColSpec, Schema
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import RandomForestClassifier
from sklearn.impute import SimpleImputer
from sklearn.pipeline import Pipeline

from serving.plan.load import digest
from serving.plan.model import Task
from serving.plan.write import write_plan
from tests.benchmarks import served_models as models
from tests.benchmarks.served_models import Fitted

SEED, COLUMNS = 7, 30
UPLOADS = 4
FAMILIES = ("lightgbm", "forest", "text")


@dataclass(frozen=True)
class Artefact:
    """A registered model, its family, and one-row bodies that it answers."""

    name: str
    family: str
    bodies: list[str]


def bases(*, full: bool) -> dict[str, Fitted]:
    """The three trainings, large enough for the largest slices."""
    rng = np.random.default_rng(SEED)
    rows = 12_000 if full else 6_000
    X = pd.DataFrame(rng.normal(size=(rows, COLUMNS)), columns=[f"c{at}" for at in range(COLUMNS)])
    y = np.where(rng.random(rows) < 1 / (1 + np.exp(-X["c0"] - X["c1"] * X["c2"])), "yes", "no")
    trees = 900 if full else 300
    booster = lightgbm.LGBMClassifier(
        n_estimators=trees, num_leaves=511 if full else 255, min_child_samples=2, n_jobs=2, verbose=-1
    )
    forest = RandomForestClassifier(300 if full else 120, random_state=SEED, n_jobs=2)
    return {
        "lightgbm": Fitted("lightgbm", _on_numbers(X, booster).fit(X, y), X),
        "forest": Fitted("forest", _on_numbers(X, forest).fit(X, y), X),
        "text": models.text(),
    }


def register(uri: str, made: dict[str, Fitted], count: int) -> list[Artefact]:
    """Register so many models, the families in turn, each in Production; sizes differ by up to 50 times."""
    client = MlflowClient(uri)
    bodies = {family: models.bodies(fitted, requests=64) for family, fitted in made.items()}
    with ThreadPoolExecutor(UPLOADS) as pool:
        names = list(pool.map(lambda each: _register(client, *each), _variants(made, count)))
    return [Artefact(name, family, bodies[family]) for family, name in names]


def _variants(made: dict[str, Fitted], count: int) -> Iterator[tuple[str, str, Fitted, Any]]:
    rng = np.random.default_rng(SEED)
    shares = np.geomspace(0.04, 1.0, -(-count // len(FAMILIES)))
    rng.shuffle(shares)
    for number in range(count):
        family = FAMILIES[number % len(FAMILIES)]
        fitted = made[family]
        varied = _varied(fitted.pipeline, float(shares[number // len(FAMILIES)]), rng)
        yield family, f"many_{number:03d}", fitted, varied


def _varied(pipeline: Any, share: float, rng: np.random.Generator) -> Any:
    """The pipeline with a share of its trees, or with weights that differ a little."""
    *before, (name, model) = pipeline.steps
    other = copy.copy(model)
    if hasattr(model, "estimators_"):
        size = max(2, round(share * len(model.estimators_)))
        chosen = rng.choice(len(model.estimators_), size, replace=False)
        other.estimators_ = [model.estimators_[at] for at in chosen]
    elif hasattr(model, "booster_"):
        rounds = max(5, round(share * model.n_estimators)) - int(rng.integers(3))
        text = model.booster_.model_to_string(num_iteration=rounds)
        other._Booster = lightgbm.Booster(model_str=text)
    else:
        other.coef_ = model.coef_ * (1 + 1e-3 * rng.normal(size=model.coef_.shape))
    return Pipeline([*before, (name, other)])


def _register(client: MlflowClient, family: str, name: str, fitted: Fitted, pipeline: Any) -> tuple[str, str]:
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        task: Task = "binary" if len(pipeline.classes_) == 2 else "multiclass"
        write_plan(pipeline, fitted.columns, root / "plan", task=task)
        inputs = Schema([ColSpec(column.type, column.name) for column in fitted.columns])
        signature = ModelSignature(inputs, Schema([ColSpec("string")]))
        made = client.create_logged_model("0", name=name)
        Model(signature=signature, model_id=made.model_id).save(str(root / "MLmodel"))
        client.log_model_artifacts(made.model_id, folder)
        sha256 = digest(root / "plan")
    client.finalize_logged_model(made.model_id, LoggedModelStatus.READY)
    client.create_registered_model(name)
    tags = {"penstock.plan_sha256": sha256}
    version = client.create_model_version(
        name, f"models:/{made.model_id}", tags=tags, model_id=made.model_id
    ).version
    client.transition_model_version_stage(name, str(version), "Production")
    return family, name


def zipf_shares(count: int) -> list[float]:
    """The shares of a traffic in which the model of rank k gets one like 1 / k."""
    weights = 1 / np.arange(1, count + 1)
    return list(weights / weights.sum())


def zipf(artefacts: list[Artefact], requests: int) -> list[tuple[str, str]]:
    """Paths and bodies of a traffic with Zipf's shares, in the order of the models."""
    picks = np.random.default_rng(SEED).choice(len(artefacts), requests, p=zipf_shares(len(artefacts)))
    return [
        (f"/models/{artefacts[pick].name}/invocations", artefacts[pick].bodies[number % 64])
        for number, pick in enumerate(picks)
    ]


def write_requests(requests: list[tuple[str, str]], file: Path) -> Path:
    """The requests as lines for `wrk.load`."""
    file.write_text("\n".join(f"{path}\t{body}" for path, body in requests), encoding="utf-8")
    return file


def _on_numbers(X: pd.DataFrame, model: Any) -> Pipeline:
    columns = ColumnTransformer([("numbers", SimpleImputer(), list(X))])
    return Pipeline([("columns", columns), ("model", model)])
