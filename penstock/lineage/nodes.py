"""The links of a chain from a prediction to a file; times in seconds since 1970, 0 for not known."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class VersionNode:
    """A version of a registered model.

    Attributes:
        model_id: Its id at the platform.
        model: The registered model.
        version: The registry's number.
        user_version: What its owner calls it.
        stage: Where it is now; `Deleted` where the registry has it no more.
        created_s: When it was registered.
        run_id: The run that made it; empty where nobody knows.
        project: `owner/name`; empty where nothing says.
        data_sha256: The digest of what it learned from.
        tags: Its tags.
    """

    model_id: str
    model: str
    version: str
    user_version: str
    stage: str
    created_s: float = 0.0
    run_id: str = ""
    project: str = ""
    data_sha256: str = ""
    tags: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class RunNode:
    """A run in MLflow.

    Attributes:
        run_id: Its id.
        name: What it is called.
        experiment_id: Its experiment.
        status: MLflow's word.
        user: Who ran it, as MLflow knows.
        started_s: When it began.
        ended_s: When it ended.
        entry_point: The MLproject's entry point.
        git_commit: The code's commit; empty where it was run outside of one.
        source: What was run.
        parameters: Its parameters.
        data_sha256: The digest of what it read.
        inputs: What it logged as its data: name, digest, source, place.
        parent_run_id: The run that it was a part of.
    """

    run_id: str
    name: str
    experiment_id: str
    status: str
    user: str
    started_s: float
    ended_s: float
    entry_point: str
    git_commit: str
    source: str
    parameters: Mapping[str, str]
    data_sha256: str
    inputs: tuple[Mapping[str, str], ...]
    parent_run_id: str


@dataclass(frozen=True, slots=True)
class DatasetNode:
    """A data set, with what was done to make it.

    Attributes:
        dataset_id: Its id.
        project: `owner/name`.
        name: What people call it.
        origin: `upload`, `clean`, `select` or `split`.
        owner: Who brought it.
        parent_id: The data set that it was made from.
        sha256: The digest of its file, or of its rows.
        size_bytes: What its file takes.
        rows: How many rows it has.
        run_id: The run that made its rows.
        job_id: The job that did.
        created_s: When it came.
        removed_s: When it was removed.
        files: What was read: `shown`, `sha256`, `size_bytes`, `rows` ...
        steps: What was done, step by step: `name`, `rows_in`, `rows_out`, `details`.
    """

    dataset_id: str
    project: str
    name: str
    origin: str
    owner: str
    parent_id: str
    sha256: str
    size_bytes: int
    rows: int
    run_id: str
    job_id: str
    created_s: float
    removed_s: float
    files: tuple[Mapping[str, Any], ...] = ()
    steps: tuple[Mapping[str, Any], ...] = ()


@dataclass(frozen=True, slots=True)
class JobNode:
    """A job, and who asked for it."""

    job_id: str
    entry: str
    owner: str
    project: str
    state: str
    created_s: float
    ended_s: float
    run_id: str
    asked: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class EventNode:
    """What put a version where it is.

    Attributes:
        kind: `move` or `route`.
        time: When, as ISO text.
        action: What was done.
        actor: Who did it.
        reason: Why.
        details: From where to where.
    """

    kind: str
    time: str
    action: str
    actor: str
    reason: str
    details: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a version comes from.

    Attributes:
        version: The version.
        run: Its run; None where MLflow has it no more, or the person may not see it.
        job: The job that the run was; None for a run outside of the platform, or not for the person to see.
        datasets: What it learned from, each followed by what that was made of; empty where no data set of
            the platform is known, or none that the person may see.
        hidden_datasets: How many of these the person may not see.
        events: What put it where it is, oldest first.
    """

    version: VersionNode
    run: RunNode | None
    job: JobNode | None
    datasets: tuple[DatasetNode, ...]
    hidden_datasets: int
    events: tuple[EventNode, ...]


@dataclass(frozen=True, slots=True)
class PredictionLineage:
    """A prediction and where it comes from.

    Attributes:
        prediction_id: Its id.
        rows: Its rows, as they were logged.
        origin: The version's.
        notices: What could not be found, a sentence each.
    """

    prediction_id: str
    rows: tuple[Mapping[str, Any], ...]
    origin: Origin
    notices: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Touched:
    """A version that learned from a data set, and what it has answered since.

    Attributes:
        version: The version.
        through: The data set that it learned from: the one asked for, or one that was made of it; empty
            where only the digest of the data says it.
        predictions: How many rows it has answered.
        first_s: The first.
        last_s: The last.
    """

    version: VersionNode
    through: str
    predictions: int
    first_s: float
    last_s: float


@dataclass(frozen=True, slots=True)
class DatasetLineage:
    """What a data set was made of, and what became of it.

    Attributes:
        datasets: The data sets that were asked for: one, or all of a file.
        made_of: What they were made of, nearest first.
        became: The data sets that were made of them.
        jobs: The jobs that read any of them.
        touched: The versions that learned from any of them.
    """

    datasets: tuple[DatasetNode, ...]
    made_of: tuple[DatasetNode, ...]
    became: tuple[DatasetNode, ...]
    jobs: tuple[JobNode, ...]
    touched: tuple[Touched, ...]
