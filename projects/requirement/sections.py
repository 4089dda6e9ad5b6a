"""The sections of a requirement, for those who want more than its first six fields: every key with a default.

What a key may hold stands in its type; what two keys may not say together is checked by their section.
"""

import re
from typing import Annotated, Any, Literal, Self

from pydantic import BeforeValidator, Field, model_validator

from projects.requirement.forgiving import as_count
from projects.requirement.section import Section
from projects.requirement.text_section import TextSection

Share = Annotated[float, Field(gt=0, lt=1)]
Positive = Annotated[int, Field(gt=0)]
Count = Annotated[int, BeforeValidator(as_count), Field(gt=0)]
Memory = Annotated[str, Field(pattern=r"^(\s*\d+(\.\d+)?\s*[KMGTkmgt]?[Ii]?[Bb]?\s*)?$")]
Percent = Annotated[float, Field(gt=0, le=100)]
MissingStrategy = Literal["mean", "median", "mode", "drop", "forward_fill", "backward_fill"]
OutlierMethod = Literal["iqr", "zscore", "none"]
ScalingMethod = Literal["standard", "minmax", "robust", "none"]
SelectionMethod = Literal["correlation", "mutual_info", "rfe", "tree_importance", "statistical", "none"]
TuningMethod = Literal["optuna", "random_search", "grid_search", "none"]


class Database(Section):
    """A table or a query of a database."""

    url: str
    """A SQLAlchemy URL; `${NAME}` in it is read from the environment, so that no password is written."""
    table: str | None = None
    """The table to read; or give a query."""
    query: str | None = None
    """The SELECT to read, in place of a table."""

    @model_validator(mode="after")
    def _one_of_both(self) -> Self:
        if bool(self.table) == bool(self.query):
            raise ValueError("give either a table or a query, not " + ("both" if self.table else "none"))
        return self


class Join(Section):
    """How a table is joined to the main one (always left: no row of the main table is lost or doubled)."""

    table: str
    """The name of the table to join, as the discovery lists it."""
    to: str | None = None
    """The table it is joined to; by default the main one."""
    left_on: tuple[str, ...]
    """The key's columns in the table joined to."""
    right_on: tuple[str, ...] | None = None
    """The key's columns in this table; by default the same names."""

    @model_validator(mode="after")
    def _keys_agree(self) -> Self:
        if not self.left_on:
            raise ValueError("left_on must name at least one column of the key")
        if self.right_on is not None and len(self.right_on) != len(self.left_on):
            raise ValueError(
                f"left_on and right_on must name as many columns, not {len(self.left_on)}"
                f" and {len(self.right_on)}"
            )
        return self


class Tables(Section):
    """Which of several tables to learn from."""

    main: str | None = None
    """The table that holds the target; by default the one that does."""
    join: Literal["auto", "none"] | tuple[Join, ...] = "auto"
    """`auto` joins the others by keys that are found, `none` takes the main table alone; or the joins."""


class Sampling(Section):
    """How many rows are learned from."""

    sample_size: Literal["auto", "full"] | Count = "auto"
    """`auto` (all up to 100,000 rows; above, min(100,000, 10 %)), `full`, or a number such as 100K."""
    sample_strategy: Literal["random", "stratified", "time_based"] = "random"
    """How they are drawn; `stratified` keeps the classes' shares, `time_based` takes the newest."""
    time_column: str | None = None
    """The column that orders rows in time."""
    max_loss: Annotated[float, Field(ge=0)] = 0.01
    """The estimated loss of score from sampling beyond which the winner is fitted on all rows."""
    seed: Annotated[int, Field(ge=0, lt=2**31)] = 42
    """The same seed draws the same rows."""
    memory: Memory = ""
    """The most that learning may hold, such as 3GB; by default 60 % of what is free. More goes by disk."""


class ColumnCleaning(Section):
    """A correction of the cleaning plan for one column."""

    type: Literal["number", "text", "date", "boolean"] | None = None
    """Read the column as this, whatever was found."""
    keep: bool = True
    """False leaves the column out."""
    rename: str | None = None
    """The column's new name."""
    missing: tuple[str, ...] = ()
    """Texts that stand for a missing value here, beside the usual ones."""
    missing_strategy: MissingStrategy | None = None
    """How the column's gaps are filled."""


class Cleaning(Section):
    """What is done to cells and rows before and while learning."""

    approve: Literal["auto", "ask"] = "auto"
    """`ask` writes the cleaning plan and stops until it is confirmed."""
    duplicates: Literal["drop", "keep"] = "keep"
    """Whether rows that repeat another are dropped."""
    missing_strategy: MissingStrategy = "median"
    """How gaps in numbers are filled (texts get their own level or the most frequent)."""
    outlier_method: OutlierMethod = "none"
    """How outliers of numbers are found; they are pulled to the bound, never dropped."""
    outlier_threshold: Annotated[float, Field(gt=0)] = 3.0
    """The bound, in interquartile ranges or standard deviations."""
    leakage: Literal["drop", "flag"] = "drop"
    """Whether columns that give the target away are dropped or only named."""
    columns: dict[str, ColumnCleaning] = {}  # noqa: RUF012 - pydantic copies defaults
    """Corrections of the cleaning plan, by column."""
    plan: str = ""
    """A file with a corrected cleaning plan, which is applied without asking."""


class Rule(Section):
    """What must hold for a column's cells."""

    column: str
    """The column that the rule is about."""
    not_null: bool = False
    """No cell is missing."""
    unique: bool = False
    """No value comes twice."""
    min: float | str | None = None
    """The smallest number or date allowed."""
    max: float | str | None = None
    """The largest number or date allowed."""
    allowed: tuple[str | float | bool, ...] | None = None
    """The only values allowed."""
    pattern: str | None = None
    """A regular expression that each text must match in full."""
    on_fail: Literal["refuse", "drop", "warn"] = "refuse"
    """`refuse` ends the run, `drop` drops the rows (and counts them), `warn` only says so."""

    @model_validator(mode="after")
    def _can_hold(self) -> Self:
        if not (self.not_null or self.unique) and all(
            bound is None for bound in (self.min, self.max, self.allowed, self.pattern)
        ):
            raise ValueError("the rule checks nothing; set not_null, unique, min, max, allowed or pattern")
        if isinstance(self.min, float) and isinstance(self.max, float) and self.min > self.max:
            raise ValueError(f"min {self.min:g} is above max {self.max:g}, so no value can pass")
        if self.allowed == ():
            raise ValueError("allowed is empty, so no value can pass")
        _check_pattern(self.pattern)
        return self


class Splitting(Section):
    """How rows are held out, and how candidates are compared on the others."""

    strategy: Literal["auto", "random", "stratified", "group", "time"] = "auto"
    """`auto` is stratified for classes and random for numbers; `time` holds the latest rows out."""
    test_size: Annotated[float, Field(ge=0.01, le=0.9)] = 0.2
    """The share of all rows that is held out and scored once, at the end."""
    validation_size: Annotated[float, Field(ge=0, le=0.9)] = 0.0
    """A share of all rows for validation by one split; 0 compares by cross-validation."""
    group_column: str | None = None
    """Rows with the same value in this column stay on one side."""
    time_column: str | None = None
    """The column that says when; later rows are held out."""
    folds: Annotated[int, Field(ge=2, le=20)] = 5
    """Folds of the cross-validation."""
    cv: Literal["auto", "kfold", "stratified", "group", "time_series"] = "auto"
    """Which cross-validation; `auto` follows the strategy."""
    compare_rows: Annotated[int, BeforeValidator(as_count), Field(ge=100)] = 20_000
    """The most rows that candidates are compared on."""

    @model_validator(mode="after")
    def _leaves_rows_to_learn_from(self) -> Self:
        if self.test_size + self.validation_size >= 1:
            raise ValueError(
                f"test_size {self.test_size:g} and validation_size {self.validation_size:g} leave no rows"
                " to learn from; let them sum to less than 1"
            )
        if "group" in {self.strategy, self.cv} and not self.group_column:
            raise ValueError("a split by groups needs group_column; name the column that says who or what")
        return self


class FeatureSection(Section):
    """What columns become before a model sees them."""

    drop: tuple[str, ...] = ()
    """Columns to leave out."""
    scaling_method: ScalingMethod = "standard"
    """For the models whose numbers are scaled."""
    selection: SelectionMethod = "none"
    """How features are selected."""
    n_features: Positive | None = None
    """How many features are kept; by default half of them, at least 10."""
    dates: Literal["auto", "none"] = "auto"
    """Whether texts that are dates become parts, ages and cycles."""
    high_cardinality: Annotated[int, Field(ge=2)] = 40
    """From how many distinct texts on a column is encoded by its target or its letters."""
    interactions: Literal["auto", "none"] | tuple[tuple[str, str], ...] = "none"
    """`auto`, `none`, or pairs of columns."""
    windows: Literal["auto"] | Annotated[int, Field(ge=0, le=50)] = "auto"
    """How many earlier rows, by split.time_column, each row carries; `auto` is 3 for a named lstm, else 0."""
    custom: tuple[str, ...] = ()
    """Functions by dotted name, such as `my_package.features.add_ratios`: frame in, frame out."""
    store: tuple[str, ...] = ()
    """Named definitions of the feature store, `name` or `name:version`."""
    max_categories: Annotated[int, Field(ge=2, le=1000)] = 30
    """The most one-hot columns of a text column."""
    text: TextSection = TextSection()
    """What columns of free text, such as notes and headlines, become."""

    @model_validator(mode="after")
    def _functions_have_dotted_names(self) -> Self:
        for name in self.custom:
            if "." not in name or not all(part.isidentifier() for part in name.split(".")):
                raise ValueError(f"custom must be dotted names like my_module.my_function, not '{name}'")
        return self


class Tuning(Section):
    """How the search for the best candidate spends its time."""

    method: TuningMethod = "optuna"
    """How parameters are looked for."""
    seconds: Annotated[float, Field(ge=0, le=604_800)] = 60.0
    """The wall-clock budget of the search over all candidates; 0 for no tuning."""
    trials: Annotated[int, BeforeValidator(as_count), Field(ge=0, le=100_000)] = 100
    """The most trials."""
    parallel: Annotated[int, Field(ge=0, le=256)] = 1
    """Trials at once; 0 is one a core."""
    early_stopping: bool = True
    """Whether candidates with rounds or epochs stop when validation no longer improves."""
    patience: Positive = 10
    """Rounds or epochs without improvement before they stop."""
    grid: dict[str, dict[str, tuple[Any, ...]]] = {}  # noqa: RUF012 - pydantic copies defaults
    """For grid_search: values by candidate and parameter."""
    resume: str = ""
    """The name of a search to go on with after a kill."""

    @model_validator(mode="after")
    def _grid_is_searched(self) -> Self:
        if self.grid and self.method != "grid_search":
            raise ValueError(
                f"grid is read by grid_search only, not by {self.method}; set method: grid_search"
            )
        return self


class Ensembles(Section):
    """Models made of models, compared like any other."""

    method: Literal["auto", "none", "voting", "stacking", "bagging"] = "auto"
    """`auto` tries a weighted vote of the best ones and keeps it if it pays."""
    members: tuple[str, ...] = ()
    """Which candidates; by default the best three."""
    voting: Literal["soft", "hard"] = "soft"
    """For voting: of probabilities or of labels."""
    meta_model: str = ""
    """For stacking: the candidate that weighs the others' answers."""
    cv: Annotated[int, Field(ge=2, le=20)] = 5
    """For stacking: folds of the answers that the meta model learns from."""


class Evaluation(Section):
    """What is looked at beside the scores."""

    threshold: Literal["auto", "half"] | Share = "half"
    """`auto` moves the threshold of an imbalanced binary task to where F1 is best; or a probability."""
    calibrate: Literal["auto", "none"] = "none"
    """Whether probabilities are calibrated if that helps."""
    segments: tuple[str, ...] = ()
    """Columns to break errors down by; by default the ones that matter most."""
    groups: tuple[str, ...] = ()
    """Columns of people's groups, for fairness."""
    shap: bool = False
    """Whether contributions are computed by SHAP values where the model has them, not by permutation."""


class CanaryHold(Section):
    """What holds a step of a canary back; a limit that is not given is the gateway's own."""

    max_error_ratio: Annotated[float, Field(ge=0, lt=1)] | None = None
    """How far the share of failed requests may exceed the version's in Production; by default 0.01."""
    max_latency_ratio: Annotated[float, Field(gt=0)] | None = None
    """How many times as long it may take as the version in Production (99th percentile); by default 1.5."""
    min_requests: Count | None = None
    """How many requests each of the two must have had in a step; by default 500."""
    min_minutes: Annotated[float, Field(ge=0)] | None = None
    """How long a step lasts at least; by default 10."""


class Traffic(Section):
    """How a new version takes over traffic; written into the policy of the registered model."""

    challenger_percent: Annotated[float, Field(ge=0, le=100)] | None = None
    """The percent of the traffic that a version in Staging gets."""
    canary: tuple[Percent, ...] = ()
    """The steps, in percent, in which a new version takes over, such as [5, 25, 100]."""
    promote: bool = False
    """Whether the step to 100 percent promotes the version without a person."""
    hold: CanaryHold = CanaryHold()
    """What holds a step back."""
    challenger_ms: Positive | None = None
    """When a challenger is late and the version in Production answers, in milliseconds."""
    requests_per_day: Count | None = None
    """What the deployment must carry."""
    cold_ms: Positive | None = None
    """The longest wait for a model that is not loaded, in milliseconds."""
    mask: tuple[str, ...] = ()
    """Columns that never reach the prediction log."""
    hashed: tuple[str, ...] = ()
    """Columns that reach the prediction log only as a keyed hash."""
    max_in_flight: Count | None = None
    """Requests of one version that a gateway's worker answers at a time, where they take long."""
    retention_days: Positive | None = None
    """How long the prediction log is kept."""

    @model_validator(mode="after")
    def _canary_rises(self) -> Self:
        if list(self.canary) != sorted(set(self.canary)):
            steps = ", ".join(f"{step:g}" for step in self.canary)
            raise ValueError(f"canary must rise from step to step, not {steps}")
        return self


def _check_pattern(pattern: str | None) -> None:
    if pattern is None:
        return
    try:
        re.compile(pattern)
    except re.error as error:
        raise ValueError(f"the pattern '{pattern}' is no regular expression: {error}") from error
