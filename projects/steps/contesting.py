"""What `compare` and `tune` share: a contest over a requirement's rows in a run; nothing is registered."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

from projects.article_choice import with_articles
from projects.beyond_memory.choice import with_streaming_candidates
from projects.compute.cluster import cluster
from projects.contests import hold_contest
from projects.errors import BadInput
from projects.feature_store.store import resolve
from projects.learning.contest import STEPS
from projects.learning.winner import Winner
from projects.problem import Problem, read_problem
from projects.progress import Progress
from projects.rows import read_rows, told_place
from projects.shell import connect
from projects.steps.command import Asked
from projects.steps.placed import workspace
from projects.tracking import started_run
from serving.settings import Settings


@dataclass(frozen=True)
class Held:
    """A contest that was held.

    Attributes:
        problem: Over what.
        winner: What it found.
    """

    problem: Problem
    winner: Winner


@contextmanager
def contested(asked: Asked, settings: Settings, name: str, changes: Mapping[str, object]) -> Iterator[Held]:
    """Hold a contest in a run that stays open for what comes of it.

    Args:
        asked: What was asked.
        settings: Where things are.
        name: The step's.
        changes: What the step changes in the requirement.

    Raises:
        BadInput: The data or an option cannot be used.
    """
    connect(settings.tracking_uri)
    requirement = asked.requirement.model_copy(update=dict(changes))
    progress = Progress(total=STEPS + 1, write=asked.write)
    place = told_place(requirement.data_source)
    with (
        started_run(f"{name} {place}") as tracker,
        workspace(settings, name) as folder,
        cluster(requirement.compute, progress.note, folder=folder) as client,
    ):
        tracker.parameters(asked.given)
        with progress.step(f"reading {place}"):
            table = read_rows(requirement, folder, progress.note, client=client)
            problem = read_problem(table, resolve(tracker.client, requirement.features.store))
        for sentence in (*problem.suspicions, *problem.notices):
            progress.note(sentence)
        problem = with_streaming_candidates(with_articles(problem, progress), table, progress.note)
        tracker.tags({"penstock.kind": name, "penstock.data_sha256": table.clean.sha256})
        yield Held(problem, hold_contest(problem, tracker, settings, progress, client))


def one_algorithm(asked: Asked) -> tuple[str]:
    """Read the step's one algorithm.

    Raises:
        BadInput: None was named, or several.
    """
    from projects.learning.candidates.listing import CANDIDATES, parse_candidates

    name = asked.own["algorithm"]
    names = parse_candidates(name)
    if not name or len(names) != 1 or names == ("all",):
        known = ", ".join(sorted(candidate.name for candidate in CANDIDATES))
        raise BadInput(f"name one algorithm with -P algorithm=NAME; there are {known}")
    return (names[0],)
