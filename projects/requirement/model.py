"""The requirement: all that a person can ask of a training, typed, with a default for all but the data.

The first six fields are the ones a person writes; the sections are for those who want more. Every command
reads the same requirement, whether it came from a file, a sentence or single parameters.
"""

import hashlib
import json
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

Share = Annotated[float, Field(gt=0, lt=1)]
Positive = Annotated[int, Field(gt=0)]
MissingStrategy = Literal["mean", "median", "mode", "drop", "forward_fill", "backward_fill"]
OutlierMethod = Literal["iqr", "zscore", "none"]
ScalingMethod = Literal["standard", "minmax", "robust", "none"]
SelectionMethod = Literal["correlation", "mutual_info", "rfe", "tree_importance", "statistical", "none"]
TuningMethod = Literal["optuna", "random_search", "grid_search", "none"]


class Section(BaseModel):
    """A part of the requirement: unknown keys are refused, nothing changes after reading."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


class Database(Section):
    """A table or a query of a database.

    Attributes:
        url: A SQLAlchemy URL; `${NAME}` in it is read from the environment, so that no password is written.
        table: Its table, or
        query: what to select.
    """

    url: str
    table: str | None = None
    query: str | None = None


class Join(Section):
    """How a table is joined to the main one (always left: no row of the main table is lost or doubled).

    Attributes:
        table: The name of the table to join, as the discovery lists it.
        to: The table it is joined to; by default the main one.
        left_on: The key's columns in the table joined to.
        right_on: The key's columns in this table; by default the same names.
    """

    table: str
    to: str | None = None
    left_on: tuple[str, ...]
    right_on: tuple[str, ...] | None = None


class Tables(Section):
    """Which of several tables to learn from.

    Attributes:
        main: The table that holds the target; by default the one that does.
        join: `auto` joins the others by keys found, `none` takes the main table alone; or the joins.
    """

    main: str | None = None
    join: Literal["auto", "none"] | tuple[Join, ...] = "auto"


class Sampling(Section):
    """How many rows are learned from.

    Attributes:
        sample_size: `auto` (all up to 100,000 rows; above, min(100,000, 10 %)), `full`, or a number of rows.
        sample_strategy: How they are drawn; `time_based` takes the newest.
        time_column: What orders them in time.
        max_loss: The estimated loss of score from sampling beyond which the winner is fitted on all rows.
        seed: The same seed draws the same rows.
    """

    sample_size: Literal["auto", "full"] | Positive = "auto"
    sample_strategy: Literal["random", "stratified", "time_based"] = "random"
    time_column: str | None = None
    max_loss: Annotated[float, Field(ge=0)] = 0.01
    seed: int = 42


class ColumnCleaning(Section):
    """A correction of the cleaning plan for one column.

    Attributes:
        type: Read it as this, whatever was found.
        keep: False leaves it out.
        rename: Its new name.
        missing: Texts that stand for a missing value here, beside the usual ones.
        missing_strategy: How its gaps are filled.
    """

    type: Literal["number", "text", "date", "boolean"] | None = None
    keep: bool = True
    rename: str | None = None
    missing: tuple[str, ...] = ()
    missing_strategy: MissingStrategy | None = None


class Cleaning(Section):
    """What is done to cells and rows before and while learning.

    Attributes:
        approve: `ask` writes the cleaning plan and stops until it is confirmed.
        duplicates: Whether rows that repeat another are dropped.
        missing_strategy: How gaps in numbers are filled (texts get their own level or the most frequent).
        outlier_method: How outliers of numbers are found; they are pulled to the bound, never dropped.
        outlier_threshold: In interquartile ranges or standard deviations.
        leakage: Whether columns that give the target away are dropped or only named.
        columns: Corrections by column.
    """

    approve: Literal["auto", "ask"] = "auto"
    duplicates: Literal["drop", "keep"] = "keep"
    missing_strategy: MissingStrategy = "median"
    outlier_method: OutlierMethod = "none"
    outlier_threshold: Annotated[float, Field(gt=0)] = 3.0
    leakage: Literal["drop", "flag"] = "drop"
    columns: dict[str, ColumnCleaning] = {}


class Rule(Section):
    """What must hold for a column's cells.

    Attributes:
        column: Which.
        not_null: No cell is missing.
        unique: No value comes twice.
        min: The smallest number or date allowed.
        max: The largest.
        allowed: The only values allowed.
        pattern: A regular expression that each text must match in full.
        on_fail: `refuse` ends the run, `drop` drops the rows (and counts them), `warn` only says so.
    """

    column: str
    not_null: bool = False
    unique: bool = False
    min: float | str | None = None
    max: float | str | None = None
    allowed: tuple[str | float | bool, ...] | None = None
    pattern: str | None = None
    on_fail: Literal["refuse", "drop", "warn"] = "refuse"


class Splitting(Section):
    """How rows are held out, and how candidates are compared on the others.

    Attributes:
        strategy: `auto` is stratified for classes and random for numbers.
        test_size: The share of all rows that is held out and scored once, at the end.
        validation_size: A share for validation by one split; 0 compares by cross-validation.
        group_column: Rows of one group stay on one side.
        time_column: Later rows are held out.
        folds: Folds of the cross-validation.
        cv: Which; `auto` follows the strategy.
        compare_rows: The most rows that candidates are compared on.
    """

    strategy: Literal["auto", "random", "stratified", "group", "time"] = "auto"
    test_size: Annotated[float, Field(ge=0.01, le=0.9)] = 0.2
    validation_size: Annotated[float, Field(ge=0, le=0.9)] = 0.0
    group_column: str | None = None
    time_column: str | None = None
    folds: Annotated[int, Field(ge=2, le=20)] = 5
    cv: Literal["auto", "kfold", "stratified", "group", "time_series"] = "auto"
    compare_rows: Annotated[int, Field(ge=100)] = 20_000


class FeatureSection(Section):
    """What columns become before a model sees them.

    Attributes:
        drop: Columns to leave out.
        scaling_method: For the models whose numbers are scaled.
        selection: How features are selected.
        n_features: How many are kept; None keeps half, at least 10.
        dates: Whether texts that are dates become parts, ages and cycles.
        high_cardinality: From how many distinct texts on a column is encoded by its target or its letters.
        interactions: `auto`, `none`, or pairs of columns.
        custom: Functions by dotted name, frame in, frame out.
        store: Named definitions of the feature store, `name` or `name:version`.
        max_categories: The most one-hot columns of a text column.
    """

    drop: tuple[str, ...] = ()
    scaling_method: ScalingMethod = "standard"
    selection: SelectionMethod = "none"
    n_features: Positive | None = None
    dates: Literal["auto", "none"] = "auto"
    high_cardinality: Annotated[int, Field(ge=2)] = 40
    interactions: Literal["auto", "none"] | tuple[tuple[str, str], ...] = "none"
    custom: tuple[str, ...] = ()
    store: tuple[str, ...] = ()
    max_categories: Annotated[int, Field(ge=2, le=1000)] = 30


class Tuning(Section):
    """How the search for the best candidate spends its time.

    Attributes:
        method: How parameters are looked for.
        seconds: The wall-clock budget of the search over all candidates.
        trials: The most trials.
        parallel: Trials at once; 0 is one a core.
        early_stopping: Whether candidates with rounds or epochs stop when validation no longer improves.
        patience: Rounds or epochs without improvement.
        grid: For grid_search: values by candidate and parameter.
        resume: The name of a search to go on with after a kill.
    """

    method: TuningMethod = "optuna"
    seconds: Annotated[float, Field(ge=0, le=604_800)] = 20.0
    trials: Annotated[int, Field(ge=0, le=100_000)] = 100
    parallel: Annotated[int, Field(ge=0, le=256)] = 1
    early_stopping: bool = True
    patience: Positive = 10
    grid: dict[str, dict[str, tuple[Any, ...]]] = {}
    resume: str = ""


class Ensembles(Section):
    """Models made of models, compared like any other.

    Attributes:
        method: `auto` tries a weighted vote of the best ones and keeps it if it pays.
        members: Which candidates; by default the best three.
        voting: For voting: of probabilities or of labels.
        meta_model: For stacking: the candidate that weighs the others' answers.
        cv: For stacking: folds of the answers that the meta model learns from.
    """

    method: Literal["auto", "none", "voting", "stacking", "bagging"] = "auto"
    members: tuple[str, ...] = ()
    voting: Literal["soft", "hard"] = "soft"
    meta_model: str = ""
    cv: Annotated[int, Field(ge=2, le=20)] = 5


class Evaluation(Section):
    """What is looked at beside the scores.

    Attributes:
        threshold: `auto` moves the threshold of an imbalanced binary task to where F1 is best; or a number.
        calibrate: Whether probabilities are calibrated if that helps.
        segments: Columns to break errors down by; by default the ones that matter most.
        groups: Columns of people's groups, for fairness.
        shap: Whether contributions are computed by SHAP values where the model has them, not by permutation.
    """

    threshold: Literal["auto", "half"] | Share = "half"
    calibrate: Literal["auto", "none"] = "none"
    segments: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()
    shap: bool = False


class Traffic(Section):
    """How a new version takes over traffic; written into the policy of the registered model.

    Attributes:
        challenger_percent: The share of the traffic of a version in Staging.
        canary: The steps, in percent, that the monitor takes.
        requests_per_day: What the deployment must carry.
        cold_ms: The longest wait for a model that is not loaded.
        mask: Columns that never reach the prediction log.
        retention_days: How long the prediction log is kept.
    """

    challenger_percent: Annotated[float, Field(ge=0, le=100)] | None = None
    canary: tuple[Annotated[float, Field(gt=0, le=100)], ...] = ()
    requests_per_day: Positive | None = None
    cold_ms: Positive | None = None
    mask: tuple[str, ...] = ()
    retention_days: Positive | None = None


class Monitoring(Section):
    """What is watched, and when to train again; written into the policy of the registered model.

    Attributes:
        business_metrics: Expressions over `prediction`, `outcome` and features, by name.
        drift_share: The share of drifted columns that alarms.
        min_quality: Clauses as in a gate, over the metrics of outcomes.
        retrain: When: `never`, `drift`, `quality`, or a schedule in cron's five fields.
        approval: Whether a retrained version waits for a person before Production.
    """

    business_metrics: dict[str, str] = {}
    drift_share: Share | None = None
    min_quality: str = ""
    retrain: str = "never"
    approval: bool = True


class Requirement(Section):
    """One requirement.

    Attributes:
        project_name: The project; also the registered model's name unless `name` says otherwise.
        data_source: A file, a folder, a glob, `s3://...`, `sklearn:NAME`, several of these, or a database.
        objective: What to predict, in a sentence.
        data_description: What the data is, in a sentence.
        target_metric: Gate clauses, such as `AUC > 0.85`; the first one's metric is compared by.
        deployment: How it will be used, in a sentence.
        user: Whose project it is, for the project's folder.
        name: The registered model.
        target: The column to predict; without it the objective must name it.
        task: What to do with it.
        metric: What candidates are compared by; by default the gate's first metric, else the task's own.
        gate: More clauses that a version must pass.
        candidates: Names, or `all`.
        hyperparameters: Fixed parameters by candidate.
        stage: Where a version goes that passes its gate.
        seed: The same seed gives the same split, folds and models.
    """

    project_name: str = ""
    data_source: str | tuple[str, ...] | Database = ""
    objective: str = ""
    data_description: str = ""
    target_metric: str = ""
    deployment: str = ""

    user: str = ""
    name: str = ""
    target: str = ""
    task: Literal["auto", "classification", "regression"] = "auto"
    metric: str = ""
    gate: str = ""
    candidates: tuple[str, ...] = ("all",)
    hyperparameters: dict[str, dict[str, Any]] = {}
    stage: Literal["Staging", "Production", "None"] = "Staging"
    seed: Annotated[int, Field(ge=0, lt=2**31)] = 7

    tables: Tables = Tables()
    sampling: Sampling = Sampling()
    cleaning: Cleaning = Cleaning()
    validation: tuple[Rule, ...] = ()
    split: Splitting = Splitting()
    features: FeatureSection = FeatureSection()
    tuning: Tuning = Tuning()
    ensembles: Ensembles = Ensembles()
    evaluation: Evaluation = Evaluation()
    traffic: Traffic = Traffic()
    monitoring: Monitoring = Monitoring()

    @property
    def sha256(self) -> str:
        """The digest of what was asked for."""
        return hashlib.sha256(json.dumps(self.model_dump(mode="json"), sort_keys=True).encode()).hexdigest()
