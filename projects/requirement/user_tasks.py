"""What only a person can supply, derived from a requirement and the machine: `to_user_tasks.md`."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from projects.requirement.capacity import read_deployment
from projects.requirement.model import Database, Requirement
from projects.requirement.words import name_words

SECTIONS = (
    "Data",
    "Credentials",
    "Access",
    "Infrastructure",
    "Compliance",
    "Custom algorithms and functions",
)
VARIABLE = re.compile(r"\$\{(?P<name>\w+)\}")
PASSWORD = re.compile(r"://[^/@:\s]+:(?P<password>[^@/\s]+)@")
REQUESTS_OF_A_WORKER = 1000
"""Requests a second that one worker of the gateway answers with ease: a fraction of what was measured."""
PERSONAL = {
    "a name": {"name", "surname", "lastname", "firstname", "fullname", "forename"},
    "an address": {"address", "street", "postcode", "zip", "zipcode", "postal"},
    "a contact": {"email", "mail", "phone", "telephone", "mobile"},
    "an identity": {
        "ssn",
        "passport",
        "iban",
        "nin",
        "licence",
        "license",
        "ip",
        "imei",
        "customerid",
        "card",
    },
    "a birth date": {"birthdate", "birthday", "birth"},
}
PROTECTED = {"gender", "sex", "race", "ethnicity", "religion", "nationality", "disability", "marital",
             "marriage", "pregnant", "pregnancies", "orientation", "foreign", "age"}  # fmt: skip
OF_A_PERSON = {"first", "last", "full", "middle", "given", "family", "maiden", "person", "customer", "client",
               "user", "employee", "patient", "passenger", "member", "owner", "contact", "holder", "student",
               "my", "your"}  # fmt: skip
"""What stands beside `name` in the name of a person; `department_name` is none."""
ABOUT_A_THING = {"service", "plan", "type", "model", "brand", "provider", "usage", "calls", "minutes",
                 "lines", "count", "opened", "sent"}  # fmt: skip
"""`phone_service` is no phone."""
EXTRAS = {
    "balanced": ("textblob",),
    "enhanced": ("textblob", "gensim"),
    "maximum": ("textblob", "gensim", "sentence_transformers"),
}
DEEP = frozenset({"lstm", "mlp"})


@dataclass(frozen=True)
class Machine:
    """What is asked of the machine.

    Attributes:
        environ: Its environment variables.
        has_module: Whether a Python module can be found.
        holds: Whether a path is a file, or a folder with something in it.
        home: The user's home folder.
        host: Where the gateway listens.
        workers: The gateway's workers.
    """

    environ: Mapping[str, str]
    has_module: Callable[[str], bool]
    holds: Callable[[Path], bool]
    home: Path
    host: str = "127.0.0.1"
    workers: int = 1


@dataclass(frozen=True)
class Task:
    """One thing to do.

    Attributes:
        section: Which of `SECTIONS` it belongs to.
        text: What to do, and why.
    """

    section: str
    text: str


def user_tasks(requirement: Requirement, machine: Machine, columns: Iterable[str] = ()) -> tuple[Task, ...]:
    """List what is left to a person.

    Args:
        requirement: What is asked for.
        machine: Where it is to run.
        columns: The data's columns, where they are known.
    """
    names = tuple(columns)
    return (
        *_data(requirement, machine),
        *_credentials(requirement, machine),
        *_access(requirement),
        *_infrastructure(requirement, machine),
        *_text_extras(requirement, machine),
        *_compliance(requirement, names),
        *_custom(requirement, machine),
    )


def tasks_markdown(tasks: Iterable[Task], project: str) -> str:
    """Write the tasks as a list to tick off."""
    listed = list(tasks)
    lines = [f"# What only a person can do for {project or 'this project'}", ""]
    lines += (
        []
        if listed
        else ["Nothing: the data is there, and no credential, access or decision is missing.", ""]
    )
    for section in SECTIONS:
        own = [task for task in listed if task.section == section]
        lines += [f"## {section}", "", *(f"- [ ] {task.text}" for task in own), ""] if own else []
    return "\n".join(lines)


def sources(requirement: Requirement) -> tuple[str, ...]:
    """Return the data's places as texts; of a database its URL."""
    source = requirement.data_source
    if isinstance(source, Database):
        return (source.url,)
    return tuple(part for part in ((source,) if isinstance(source, str) else source) if part)


def _data(requirement: Requirement, machine: Machine) -> Iterator[Task]:
    places = sources(requirement)
    if not places:
        yield Task("Data", "Say where the data is: set `data_source`.")
    for place in places:
        is_path = "://" not in place and not place.startswith("sklearn:") and not VARIABLE.search(place)
        if is_path and not any(mark in place for mark in "*?[") and not machine.holds(Path(place)):
            yield Task(
                "Data", f"Put the data at `{place}`, where there is none, or set another `data_source`."
            )
    if not (requirement.target or requirement.objective):
        yield Task("Data", "Say what to predict: set `objective` to a sentence, or `target` to a column.")
    watched = requirement.monitoring
    text = requirement.features.text
    for key, place in (("rules", text.rules), ("word2vec", text.word2vec)):
        if place and not machine.holds(Path(place)):
            yield Task("Data", f"Put the file of `features.text.{key}` at `{place}`, where there is none.")
    needs = [
        *(["quality and business metrics"] if watched.min_quality or watched.business_metrics else []),
        *(["retraining"] if watched.occasions else []),
    ]
    if needs:
        need = "needs" if needs == ["retraining"] else "need"
        yield Task("Data", f"Report what came true to `POST /feedback`: {' and '.join(needs)} {need} it.")


def _credentials(requirement: Requirement, machine: Machine) -> Iterator[Task]:
    for place in sources(requirement):
        for name in VARIABLE.findall(place):
            if not machine.environ.get(name):
                yield Task(
                    "Credentials", f"Set the environment variable `{name}`, which `data_source` reads."
                )
        if (match := PASSWORD.search(place)) and not VARIABLE.fullmatch(match["password"]):
            yield Task(
                "Credentials",
                "Take the password out of `data_source`, and write `${NAME}` in its place: the file is kept.",
            )
        if place.startswith("s3://") and not _has_aws(machine):
            keys = "`AWS_ACCESS_KEY_ID` and `AWS_SECRET_ACCESS_KEY`, or `AWS_PROFILE`"
            yield Task("Credentials", f"Give AWS credentials for `{place}`: set {keys}, or run under a role.")


def _has_aws(machine: Machine) -> bool:
    keys = ("AWS_ACCESS_KEY_ID", "AWS_PROFILE", "AWS_WEB_IDENTITY_TOKEN_FILE",
            "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI")  # fmt: skip
    return any(machine.environ.get(key) for key in keys) or machine.holds(
        machine.home / ".aws" / "credentials"
    )


def _access(requirement: Requirement) -> Iterator[Task]:
    for place in sources(requirement):
        if "://" in place:
            scheme = place.partition("://")[0]
            yield Task("Access", f"See that this machine may reach the {scheme} source and only read it.")
    if requirement.monitoring.approval and requirement.monitoring.occasions:
        yield Task(
            "Access",
            "Name who says yes to a retrained version before Production: `monitoring.approval` is on.",
        )


def _infrastructure(requirement: Requirement, machine: Machine) -> Iterator[Task]:
    capacity = read_deployment(requirement.deployment)
    load = requirement.traffic.requests_per_day or capacity.requests_per_day or 0
    if load / 86_400 > machine.workers * REQUESTS_OF_A_WORKER:
        workers = -(-load // (86_400 * REQUESTS_OF_A_WORKER))
        why = f"{load:,.0f} requests a day are {load / 86_400:,.0f} a second"
        yield Task(
            "Infrastructure",
            f"Give the gateway {workers:.0f} workers (`PENSTOCK_GATEWAY_WORKERS`) or more machines: {why}.",
        )
    if requirement.batch.schedule:
        yield Task(
            "Infrastructure",
            "Keep the monitor running (`python -m monitoring loop`): it scores the batch by its schedule.",
        )
    elif capacity.is_batch:
        when = f" {capacity.schedule}" if capacity.schedule else ""
        yield Task(
            "Infrastructure",
            f"Let a scheduler run the entry point `predict`{when}: the deployment is a batch.",
        )
    elif requirement.deployment and machine.host in {"127.0.0.1", "localhost", "::1"}:
        yield Task(
            "Infrastructure",
            f"Decide how callers on other machines reach the gateway: it listens on {machine.host} alone.",
        )
    wanted = {name.casefold() for name in requirement.candidates} & DEEP
    if wanted and not machine.has_module("torch"):
        yield Task(
            "Infrastructure",
            f"Install PyTorch for {' and '.join(sorted(wanted))}: `pip install 'torch>=2.6,<3'`.",
        )


def _text_extras(requirement: Requirement, machine: Machine) -> Iterator[Task]:
    """What the parts that a configuration names need installed; without them the next best one is used."""
    wanted = EXTRAS.get(requirement.features.text.configuration, ())
    lacking = [name for name in wanted if not machine.has_module(name)]
    if lacking:
        named = " and ".join(f"`{name}`" for name in lacking)
        extra = f"`features.text.configuration: {requirement.features.text.configuration}`"
        packages = " ".join(name.replace("_", "-") for name in lacking)
        yield Task("Infrastructure", f"Install {named} for {extra}: `pip install {packages}`.")


def _compliance(requirement: Requirement, columns: tuple[str, ...]) -> Iterator[Task]:
    mask = {*requirement.traffic.mask, *requirement.traffic.hashed}
    for column in columns:
        words = set(name_words(column)) | {"".join(name_words(column))}
        kind = _personal(words)
        if kind and column not in mask:
            ways = "drop it (`features.drop`), or keep it off the log (`traffic.mask`)"
            yield Task("Compliance", f"Decide about `{column}`, which looks like {kind} of a person: {ways}.")
        elif words & PROTECTED and column not in requirement.evaluation.groups:
            alike = "list it in `evaluation.groups` if people must be treated alike"
            yield Task("Compliance", f"Decide whether `{column}` may be used, and {alike}.")
    for group in requirement.evaluation.groups:
        look = "look at the fairness table of the model card"
        yield Task(
            "Compliance", f"Say what difference between groups of `{group}` is acceptable, and {look}."
        )
    if requirement.deployment and requirement.traffic.retention_days is None and columns:
        yield Task("Compliance", "Say how long predictions are kept: set `traffic.retention_days`.")


def _personal(words: set[str]) -> str:
    """Say what of a person a column's name names; empty if nothing."""
    if words & ABOUT_A_THING:
        return ""
    found = next((kind for kind, known in PERSONAL.items() if words & known), "")
    is_of_another = "name" in words and len(words) > 1 and not words & OF_A_PERSON
    return "" if found == "a name" and is_of_another else found


def _custom(requirement: Requirement, machine: Machine) -> Iterator[Task]:
    section = "Custom algorithms and functions"
    for name in requirement.features.custom:
        module = name.rpartition(".")[0]
        if not machine.has_module(module.split(".")[0]):
            why = f"there is no module `{module}` on `PYTHONPATH`"
            yield Task(section, f"Write `{name}`, a function from frame to frame: {why}.")
    for stored in requirement.features.store:
        yield Task(section, f"See that the feature store holds `{stored}`.")
