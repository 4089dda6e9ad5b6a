"""What a requirement means, in plain words."""

from collections.abc import Iterator

from projects.counted import counted
from projects.evaluation.gate import parse_gate
from projects.requirement.capacity import read_deployment
from projects.requirement.compute_section import LOCAL
from projects.requirement.model import Requirement
from projects.requirement.reading import read
from projects.requirement.target_metric import read_target_metric
from projects.requirement.user_tasks import PASSWORD, sources
from projects.requirement.watch_sections import Retraining


def in_words(requirement: Requirement) -> tuple[str, ...]:
    """Say what a requirement asks for, a sentence each."""
    return (*_data(requirement), *_question(requirement), *_gate(requirement), *_work(requirement),
            *_use(requirement))  # fmt: skip


def _data(requirement: Requirement) -> Iterator[str]:
    places = [PASSWORD.sub("://...@", place) for place in sources(requirement)]
    yield f"The data is read from {' and '.join(places)}." if places else "No data is named yet."
    size, strategy = requirement.sampling.sample_size, requirement.sampling.sample_strategy
    if size == "full":
        yield "All rows are learned from."
    elif size == "auto":
        yield "Above 100,000 rows a sample is learned from: min(100,000, 10 %)."
    else:
        yield f"At most {counted(size, 'row', 'is')} learned from, drawn {strategy.replace('_', ' ')}."
    if requirement.validation:
        yield f"{counted(len(requirement.validation), 'rule')} must hold for the data."
    if requirement.cleaning.approve == "ask":
        yield "The run stops at the cleaning plan until it is confirmed."


def _question(requirement: Requirement) -> Iterator[str]:
    if requirement.target:
        yield f"The column to predict is '{requirement.target}'."
    elif requirement.objective:
        yield "The column to predict is looked for in the data when it is read, by the objective's words."
    else:
        yield "What to predict is not said yet: set objective or target."
    if not requirement.objective:
        return
    reading = read(requirement.objective)
    if requirement.task != "auto" or reading.wants.task:
        task = requirement.task if requirement.task != "auto" else reading.wants.task
        why = "as set" if requirement.task != "auto" else reading.wants.why
        yield f"The task is {task}: {why}."
    if reading.horizon:
        yield f"It looks {reading.horizon.days:g} days ahead ('{reading.horizon.text}')."
    yield from (f"{typo[0].upper()}{typo[1:]}." for typo in reading.typos)


def _gate(requirement: Requirement) -> Iterator[str]:
    stated = read_target_metric(requirement.target_metric)
    clauses = [*stated.clauses, *parse_gate(requirement.gate)]
    said = [measure.clause for measure in read(requirement.objective).measures if measure.clause]
    latency = read_deployment(requirement.deployment).clause
    texts = list(dict.fromkeys([*map(str, clauses), *said, *([latency] if latency else [])]))
    if texts:
        stage = requirement.stage
        clauses_said = " and ".join(texts)
        yield (
            f"A version must reach {clauses_said} to go to {stage}."
            if stage != "None"
            else f"A version is tagged by whether it reaches {clauses_said}, and moves to no stage."
        )
    else:
        yield f"There is no gate: every version goes to {requirement.stage}."
    if metric := requirement.metric or stated.metric:
        yield f"Candidates are compared by {metric}."


def _work(requirement: Requirement) -> Iterator[str]:
    tuning = requirement.tuning
    names = ", ".join(requirement.candidates)
    which = "all candidates" if names == "all" else names
    budget = f"for {tuning.seconds:g} s" if tuning.seconds and tuning.method != "none" else "without tuning"
    yield f"Compared are {which}, {budget}, on {counted(requirement.split.folds, 'fold')}."
    held = f"{requirement.split.test_size:.0%} of the rows"
    how = {"time": ", the latest ones", "group": f", whole groups of '{requirement.split.group_column}'"}
    yield f"Held out until the end: {held}{how.get(requirement.split.strategy, '')}."
    if cluster := requirement.compute.cluster:
        local = f"a cluster of {counted(requirement.compute.workers, 'worker')} on this machine"
        yield f"The work is done on {local if cluster == LOCAL else f'the Dask cluster at {cluster}'}."


def _use(requirement: Requirement) -> Iterator[str]:
    for reason in read_deployment(requirement.deployment).reasons:
        yield f"{reason[0].upper()}{reason[1:]}." if not reason.startswith("'") else f"{reason}."
    watched = requirement.monitoring
    if watched.occasions:
        waits = ", and waits for a person before Production" if watched.approval else ""
        yield f"It is trained again {' or '.join(map(_occasion, watched.occasions))}{waits}."
        yield from _retraining(watched.retraining)
    batch = requirement.batch
    if batch.schedule:
        yield f"{batch.data} is scored into {batch.output} at '{batch.schedule}' (UTC)."
    if watched.business_metrics:
        yield f"Business metrics: {', '.join(watched.business_metrics)}."
    if requirement.traffic.mask:
        yield f"Never logged: {', '.join(requirement.traffic.mask)}."
    if requirement.traffic.hashed:
        yield f"Logged as a keyed hash only: {', '.join(requirement.traffic.hashed)}."


def _occasion(word: str) -> str:
    said = {
        "drift": "on drift",
        "quality": "when quality falls",
        "rows": "when enough newly labelled rows are there",
    }
    return said.get(word, f"at '{word}' (UTC)")


def _retraining(asked: Retraining) -> Iterator[str]:
    if asked.recent_days is not None:
        yield f"It then learns from the labelled rows of the last {asked.recent_days:g} days alone."
    if asked.canary:
        yield "A better version is let into the traffic step by step."
