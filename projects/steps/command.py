"""How a step is asked for: the requirement's parameters that it takes, a few of its own, and `--json`.

A step's own option may set a field of the requirement (`--missing-strategy` is `cleaning.missing_strategy`),
so that a spec file, a sentence and a single parameter mean the same everywhere.
"""

import json
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field

from projects.errors import BadInput
from projects.requirement.model import Requirement
from projects.requirement.parameters import PARAMETERS, SET, SPEC, is_one_part
from projects.requirement.read import read_requirement
from projects.shell import TRACKING, CommandLine, connect, run_command
from serving.settings import Settings

JSON = "--json"
HELP = {parameter.name: parameter.help for parameter in PARAMETERS} | {
    SPEC: "a requirement file, YAML or JSON; single parameters win over it",
    SET: "any field of the requirement: 'tuning.patience=5; split.strategy=time'",
}


@dataclass(frozen=True)
class Option:
    """An option of a step.

    Attributes:
        name: As the command and the MLproject call it.
        help: What it is.
        field: The requirement's field that it sets, dotted; empty if it is the step's alone.
    """

    name: str
    help: str
    field: str = ""


@dataclass(frozen=True)
class Asked:
    """What a person asked of a step.

    Attributes:
        requirement: Everything that it knows of.
        own: The step's own options, by name; empty texts where not given.
        given: Every option that was given, for the run's parameters.
        is_json: Whether the answer is wanted as JSON alone.
    """

    requirement: Requirement
    own: Mapping[str, str]
    given: Mapping[str, str]
    is_json: bool

    def write(self, text: str) -> None:
        """Tell a person a piece of a line at once; standard output is the program's if it wants JSON."""
        print(text, end="", file=sys.stderr if self.is_json else sys.stdout, flush=True)

    def say(self, line: str) -> None:
        """Tell a person a line."""
        self.write(line + "\n")


REGISTER = Option("register", "yes, or no: the model stays with its run, ready to be registered later")


def registers(asked: Asked) -> bool:
    """Whether a version is to be made of the model.

    Raises:
        BadInput: The option is neither yes nor no.
    """
    text = asked.own.get(REGISTER.name, "").casefold() or "yes"
    if text not in ("yes", "no"):
        raise BadInput(f"register must be yes or no, not '{text}'")
    return text == "yes"


Work = Callable[[Asked, Settings], Mapping[str, object]]
"""Does a step; returns what came of it, as JSON."""


@dataclass(frozen=True)
class Step:
    """One entry point.

    Attributes:
        name: Its name.
        description: One sentence for `--help`.
        parameters: Which of the requirement's parameters it takes, beside `spec` and `set`.
        options: Its own.
        work: Does it.
    """

    name: str
    description: str
    parameters: tuple[str, ...]
    work: Work
    options: tuple[Option, ...] = field(default=())

    def run(self, arguments: Sequence[str] | None = None) -> int:
        """Read the command line, do the work, print what came of it; return the exit code."""
        words = list(sys.argv[1:] if arguments is None else arguments)
        is_json = JSON in words

        def work(settings: Settings) -> None:
            try:
                asked = self._asked(vars(self._line().read(words)), is_json=is_json)
            except BadInput as error:
                _note_on_given_run(settings, error)
                raise
            found = self.work(asked, settings)
            if is_json:
                print(json.dumps(found, ensure_ascii=False, default=str), flush=True)

        return run_command(work, is_json=is_json)

    def _line(self) -> CommandLine:
        line = CommandLine(
            prog=f"python -m projects {self.name}",
            description=self.description,
            epilog=TRACKING,
            allow_abbrev=False,
        )
        for name in (SPEC, *self.parameters, SET):
            line.add_argument(_flag(name), default="", help=HELP[name])
        for option in self.options:
            line.add_argument(_flag(option.name), default="", help=option.help)
        line.add_argument(JSON, action="store_true", help="print what came of it as JSON alone")
        return line

    def _asked(self, values: Mapping[str, str], *, is_json: bool) -> Asked:
        given = {name: text.strip() for name, text in values.items() if name != "json" and text.strip()}
        fields = {option.name: option.field for option in self.options if option.field}
        parts = [f"{path}={_quoted(given[name])}" for name, path in fields.items() if name in given]
        parts = [given[SET], *parts] if SET in given else parts
        parameters = {name: text for name, text in given.items() if name in (SPEC, *self.parameters)}
        requirement = read_requirement(parameters=parameters | ({SET: "; ".join(parts)} if parts else {}))
        own = {option.name: values[option.name].strip() for option in self.options if not option.field}
        return Asked(requirement, own, given, is_json)


def _quoted(text: str) -> str:
    """Write a value as a part of `set`: a list as it is, all else in quotes, whatever it holds."""
    is_list = text.startswith("[") and text.endswith("]") and is_one_part(text)
    return text if is_list else json.dumps(text)


def whole(asked: Asked, name: str, default: int, *, low: int, high: int) -> int:
    """Read one of a step's own options as a whole number.

    Raises:
        BadInput: It is none, or out of range.
    """
    text = asked.own[name]
    if not text:
        return default
    try:
        value = float(text)
    except ValueError:
        value = float("nan")
    if not (low <= value <= high and value == int(value)):
        raise BadInput(f"{name} must be a whole number from {low} to {high}, not '{text}'")
    return int(value)


def _note_on_given_run(settings: Settings, error: BadInput) -> None:
    """Say on the run that `mlflow run` has made why nothing was begun."""
    run_id = os.environ.get("MLFLOW_RUN_ID")
    if not run_id:
        return
    from projects.tracking import note_on_run

    with suppress(BadInput):  # without a server there is no run to say it on
        connect(settings.tracking_uri)
        note_on_run(run_id, error)


def _flag(name: str) -> str:
    return "--" + name.replace("_", "-")
