"""A job: one entry point of the MLproject, asked for by a person, worked off within limits."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, get_args

State = Literal["pending", "running", "completed", "failed", "cancelled"]
STATES: tuple[State, ...] = get_args(State)
OPEN: tuple[State, ...] = ("pending", "running")
"""The states of jobs that are not over."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What a job may take; 0 where the settings say.

    Attributes:
        cores: Cores.
        gpus: GPUs that it may see.
        memory_bytes: Memory of its processes together.
        disk_bytes: What it may write into its folder.
        time_s: From its start to its end.
    """

    cores: int = 0
    gpus: int = 0
    memory_bytes: int = 0
    disk_bytes: int = 0
    time_s: float = 0.0


@dataclass(frozen=True, slots=True)
class Wanted:
    """A job that is to be made.

    Attributes:
        entry: The MLproject's entry point.
        owner: Whose it is.
        project: `user/name` of the project.
        parameters: The entry point's, by name; texts.
        outcome: The JSON artefact of the run that holds what came of it, such as `clean.json`; empty: none.
        asked: What the person asked for, as they said it; for display.
        experiment: The MLflow experiment that its run goes to.
        limits: What it may take.
        is_repeatable: Whether a start that was cut off by a crash may be followed by another.
        is_urgent: Whether somebody waits for its answer, so that it goes before the owner's other jobs.
    """

    entry: str
    owner: str
    project: str
    parameters: Mapping[str, str]
    outcome: str = ""
    asked: Mapping[str, Any] = field(default_factory=dict)
    experiment: str = ""
    limits: Limits = field(default_factory=Limits)
    is_repeatable: bool = True
    is_urgent: bool = False


@dataclass(frozen=True, slots=True)
class Usage:
    """What a job took.

    Attributes:
        core_s: Seconds of processor time of all its processes.
        peak_bytes: The most memory that they had together.
        disk_bytes: What it left in its folder and among its run's artefacts.
        wall_s: From its start to its end.
    """

    core_s: float = 0.0
    peak_bytes: int = 0
    disk_bytes: int = 0
    wall_s: float = 0.0


@dataclass(frozen=True, slots=True)
class Job:
    """A job as the store holds it; times in seconds since 1970, 0 for not yet.

    Attributes:
        job_id: A UUID.
        wanted: What was asked for.
        state: Where it is.
        created_s: When it was asked for.
        started_s: When it was started the last time.
        ended_s: When it was over.
        attempts: How often it was started.
        run_id: Its MLflow run; empty before there is one.
        results: What came of it: the outcome's JSON.
        why: Why it failed or was cancelled, in a sentence.
        code: The same for programs, such as `out_of_memory`, `time_limit`, `bad_input`.
        progress: What it does now: `{"step": text, "share": 0..1, "said": last line}`.
        usage: What it took, so far.
        cancel_by: Who wants it cancelled; empty for nobody.
        worker: Who works on it; empty for nobody.
    """

    job_id: str
    wanted: Wanted
    state: State
    created_s: float
    started_s: float = 0.0
    ended_s: float = 0.0
    attempts: int = 0
    run_id: str = ""
    results: Mapping[str, Any] = field(default_factory=dict)
    why: str = ""
    code: str = ""
    progress: Mapping[str, Any] = field(default_factory=dict)
    usage: Usage = field(default_factory=Usage)
    cancel_by: str = ""
    worker: str = ""

    @property
    def is_over(self) -> bool:
        """Whether nothing more will happen to it."""
        return self.state not in OPEN
