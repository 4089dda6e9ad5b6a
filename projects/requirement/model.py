"""The requirement: all that a person can ask of a training, typed, with a default for all but the data.

The first six fields are the ones a person writes; the sections are for those who want more. Every command
reads the same requirement, whether it came from a file, a sentence or single parameters.
"""

import hashlib
import json
from typing import Annotated, Any, Literal, Self

from pydantic import Field, model_validator

from projects.requirement.compute_section import Compute
from projects.requirement.section import Section
from projects.requirement.sections import (
    Cleaning,
    ColumnCleaning,
    Database,
    Ensembles,
    Evaluation,
    FeatureSection,
    Join,
    MissingStrategy,
    OutlierMethod,
    Positive,
    Rule,
    Sampling,
    ScalingMethod,
    SelectionMethod,
    Share,
    Splitting,
    Tables,
    Traffic,
    Tuning,
    TuningMethod,
)
from projects.requirement.text_section import TextSection
from projects.requirement.watch_sections import Batch, Monitoring, Promotion

__all__ = [
    "Batch",
    "Cleaning",
    "ColumnCleaning",
    "Compute",
    "Database",
    "Ensembles",
    "Evaluation",
    "FeatureSection",
    "Join",
    "MissingStrategy",
    "Monitoring",
    "OutlierMethod",
    "Positive",
    "Promotion",
    "Requirement",
    "Rule",
    "Sampling",
    "ScalingMethod",
    "Section",
    "SelectionMethod",
    "Share",
    "Splitting",
    "Tables",
    "TextSection",
    "Traffic",
    "Tuning",
    "TuningMethod",
]


class Requirement(Section):
    """What a person asks for: data, what to predict from it, how good it must be, and how it is used."""

    project_name: str = ""
    """The project; also the registered model's name unless `name` says otherwise."""
    data_source: str | tuple[str, ...] | Database = ""
    """A file, a folder, a glob, `s3://...`, `sklearn:NAME`, several of these, or a database."""
    objective: str = ""
    """What to predict, in a sentence, such as `Predict which customers will churn in next 30 days`."""
    data_description: str = ""
    """What the data is, in a sentence."""
    target_metric: str = ""
    """Gate clauses, such as `AUC > 0.85`; the first one's metric is compared by."""
    deployment: str = ""
    """How it will be used, in a sentence, such as `Production API serving 100k requests/day`."""

    user: str = ""
    """Whose project it is, for the project's folder."""
    name: str = ""
    """The registered model; by default the project's name."""
    target: str = ""
    """The column to predict; without it the objective must name it."""
    task: Literal["auto", "classification", "regression"] = "auto"
    """What to do with the target; `auto` looks at its values."""
    metric: str = ""
    """What candidates are compared by; by default the gate's first metric, else the task's own."""
    gate: str = ""
    """More clauses that a version must pass, such as `recall >= 0.6 and p99_ms < 5`."""
    candidates: tuple[str, ...] = ("all",)
    """The algorithms to compare, or `all`."""
    hyperparameters: dict[str, dict[str, Any]] = {}  # noqa: RUF012 - pydantic copies defaults
    """Fixed parameters, by candidate."""
    stage: Literal["Staging", "Production", "None"] = "Staging"
    """Where a version goes that passes its gate."""
    seed: Annotated[int, Field(ge=0, lt=2**31)] = 7
    """The same seed gives the same split, folds and models."""

    tables: Tables = Tables()
    sampling: Sampling = Sampling()
    cleaning: Cleaning = Cleaning()
    validation: tuple[Rule, ...] = ()
    """Rules that the data must keep."""
    split: Splitting = Splitting()
    features: FeatureSection = FeatureSection()
    tuning: Tuning = Tuning()
    ensembles: Ensembles = Ensembles()
    evaluation: Evaluation = Evaluation()
    traffic: Traffic = Traffic()
    monitoring: Monitoring = Monitoring()
    promotion: Promotion = Promotion()
    batch: Batch = Batch()
    compute: Compute = Compute()

    @model_validator(mode="after")
    def _keeps_the_target(self) -> Self:
        if not self.target:
            return self
        given_up = [name for name, column in self.cleaning.columns.items() if not column.keep]
        if self.target in {*self.features.drop, *given_up}:
            raise ValueError(f"'{self.target}' is the target and is left out too; take it from one of both")
        return self

    @model_validator(mode="after")
    def _canary_has_steps(self) -> Self:
        if self.monitoring.retraining.canary and not self.traffic.canary:
            raise ValueError(
                "monitoring.retraining.canary leads through the steps of traffic.canary, which has none; set"
                " them, such as [5, 25, 100]"
            )
        return self

    @model_validator(mode="after")
    def _waits_for_people(self) -> Self:
        if self.promotion.people > 1 and (self.stage == "Production" or self.traffic.promote):
            what = "stage: Production" if self.stage == "Production" else "traffic.promote"
            raise ValueError(
                f"promotion.people asks for {self.promotion.people} people, and {what} promotes without any;"
                " take one of both away"
            )
        return self

    @property
    def registered_name(self) -> str:
        """The registered model's name: `name`, else the project's; empty where neither is given."""
        return self.name or self.project_name

    @property
    def sha256(self) -> str:
        """The digest of what was asked for."""
        return hashlib.sha256(json.dumps(self.model_dump(mode="json"), sort_keys=True).encode()).hexdigest()
