"""What the history's entries are about, by names and addresses in place of ids."""

import re
from collections.abc import Iterable, Mapping

from penstock.console.job_words import job_title
from penstock.console.visit import Visit, at
from penstock.problems import NotFound
from penstock.services import datasets, jobs
from penstock.services.versions import Held
from serving.lifecycle.errors import LifecycleError

_ROUTE = re.compile(r"route (\S{1,200}) of model ([^/]{1,200})")
_BY_ID = re.compile(r"route [0-9a-f-]{36} of model .+")
_PROJECT = re.compile(r"project ([^/]+)/([^/]+)")
_MODEL = re.compile(r"model ([^/]{1,200}?)(?: version \d+)?")


def named(visit: Visit, subjects: Iterable[str]) -> dict[str, tuple[str, str]]:
    """Words and an address for each subject that has a page the person may see; the rest are left out.

    Args:
        visit: Who looks.
        subjects: As the entries write them: `job ID`, `dataset ID`, `model NAME version 3` ...
    """
    once = set(subjects)
    held = _held(visit) if any(_BY_ID.fullmatch(subject) for subject in once) else {}
    found = {subject: _of(visit, subject, held) for subject in once}
    return {subject: words for subject, words in found.items() if words is not None}


def _held(visit: Visit) -> Mapping[str, Held]:
    """The registry's versions by their ids; none where it is away, as the history is told without it, too."""
    try:
        return {each.model_id: each for each in visit.desk.versions.listed()}
    except LifecycleError:
        return {}


def _of(visit: Visit, subject: str, held: Mapping[str, Held]) -> tuple[str, str] | None:
    kind, _, name = subject.partition(" ")
    try:
        if kind == "job":
            return f"job '{job_title(jobs.get(visit.desk, visit.person, name))}'", at("jobs", name)
        if kind == "dataset":
            found = datasets.get(visit.desk, visit.person, name)
            return f"data set '{found.name}'", at("datasets", name)
    except NotFound:
        return None
    return _by_name(subject, held)


def _by_name(subject: str, held: Mapping[str, Held]) -> tuple[str, str] | None:
    """Of what is written by its name already, the address."""
    if route := _ROUTE.fullmatch(subject):
        one = held.get(route[1])
        if one is None or one.name != route[2]:
            return subject, at("models", route[2], "route")
        return f"version {one.called} of {one.name}, under its id", at("versions", one.model_id)
    if model := _MODEL.fullmatch(subject):
        return subject, at("models", model[1])
    if project := _PROJECT.fullmatch(subject):
        return subject, at("projects", project[1], project[2])
    test = subject.removeprefix("A/B test ")
    return (subject, at("tests", test)) if test != subject else None
