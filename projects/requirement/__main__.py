"""`python -m projects.requirement`: a project to start from, the JSON Schema, and what a file means.

    new     makes <projects>/<user>/<project> with a requirement from a template
    check   reads a requirement and says what it means
    schema  prints the JSON Schema

Exit codes: 0 done, 2 bad input, 1 a failure of ours. With `--json` answers and errors are JSON on standard
output; an error is `{"error": {"code", "cause", "fix", "message"}}`.
"""

import argparse
import json
import os
import shlex
import sys
from collections.abc import Callable, Sequence
from typing import Any

from projects.counted import counted
from projects.errors import BadInput
from projects.requirement.parameters import PARAMETERS, SET
from projects.requirement.templates import NAMES
from serving.settings import SettingsError, load

OK, OURS, BAD_INPUT = 0, 1, 2
Answer = tuple[dict[str, Any], str]
"""What a command answers: for programs, and for people."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; return the exit code."""
    asked = _parser().parse_args(arguments)
    run: Callable[[argparse.Namespace], Answer] = asked.run
    try:
        data, text = run(asked)
    except (BadInput, SettingsError) as error:
        return _failed(asked.json, error, BAD_INPUT)
    except OSError as error:
        return _failed(asked.json, error, OURS)
    print(json.dumps(data, ensure_ascii=False, indent=2) if asked.json else text)
    return OK


def _new(asked: argparse.Namespace) -> Answer:
    from projects.requirement.project_folder import make_folder, plain_name, project_folder
    from projects.requirement.read import read_requirement
    from projects.requirement.templates import filled, template
    from projects.requirement.this_machine import this_machine
    from projects.requirement.user_tasks import tasks_markdown, user_tasks

    settings = load(os.environ)
    folder = project_folder(settings.projects_dir, asked.user, asked.project)
    user, project = plain_name(asked.user, "user"), plain_name(asked.project, "project")
    values = {"user": user, "project_name": project, "data_source": asked.data or str(folder.root / "data")}
    if asked.objective:
        values["objective"] = asked.objective
    text = filled(template(asked.template), values)
    parameters = {"user": user, "project": project, "data": values["data_source"]}
    requirement = read_requirement(parameters=parameters | {"objective": asked.objective})
    written = make_folder(folder, text, "")
    requirement = read_requirement(spec=str(folder.requirement))
    tasks = user_tasks(requirement, this_machine(settings), ())
    folder.tasks.write_text(tasks_markdown(tasks, project), encoding="utf-8")
    spec = shlex.quote(str(folder.requirement.absolute()))
    next_step = f"mlflow run . --env-manager local -P spec={spec}"
    data = {
        "folder": str(folder.root),
        "files": [str(path) for path in written],
        "tasks": [{"section": task.section, "text": task.text} for task in tasks],
        "next": next_step,
    }
    things = counted(len(tasks), "thing", "is")
    left = f"{things} left to you: {folder.tasks}" if tasks else "nothing is left to you"
    return data, f"made {folder.root}\nedit {folder.requirement}\n{left}\nthen: {next_step}"


def _check(asked: argparse.Namespace) -> Answer:
    from projects.requirement.meaning import in_words
    from projects.requirement.policy import policy_of
    from projects.requirement.read import read_requirement
    from projects.requirement.shown import as_json
    from projects.requirement.this_machine import this_machine
    from projects.requirement.user_tasks import user_tasks

    given = {parameter.name: getattr(asked, parameter.name) for parameter in PARAMETERS} | {SET: asked.set}
    requirement = read_requirement(spec=asked.file, parameters=given)
    words = in_words(requirement)
    tasks = user_tasks(requirement, this_machine(load(os.environ)), ())
    data = {
        "meaning": words,
        "requirement": json.loads(as_json(requirement)),
        "policy": policy_of(requirement),
        "tasks": [{"section": task.section, "text": task.text} for task in tasks],
    }
    left = ["", "Left to you:", *(f"- {task.text}" for task in tasks)] if tasks else []
    return data, "\n".join([*words, *left])


def _schema(asked: argparse.Namespace) -> Answer:
    from projects.requirement.schema import requirement_schema, schema_text

    del asked
    return requirement_schema(), schema_text().rstrip()


def _failed(as_json: bool, error: Exception, code: int) -> int:
    if not as_json:
        print(f"penstock: {error}", file=sys.stderr)
        return code
    failure = BadInput(str(error), code="failed" if code == OURS else "bad_setting")
    data = error.as_data() if isinstance(error, BadInput) else failure.as_data()
    print(json.dumps({"error": data}, ensure_ascii=False, indent=2))
    return code


def _parser() -> argparse.ArgumentParser:
    line = argparse.ArgumentParser(
        prog="python -m projects.requirement", description="The requirement of a project."
    )
    commands = line.add_subparsers(required=True, metavar="COMMAND")
    new = commands.add_parser("new", help="make a project's folder with a requirement from a template")
    new.add_argument("--template", default="churn", help=", ".join(NAMES))
    new.add_argument("--user", required=True, help="whose project it is")
    new.add_argument("--project", required=True, help="the project's name")
    new.add_argument("--data", default="", help="where its data is; by default the folder's own data/")
    new.add_argument("--objective", default="", help="what to predict, in a sentence")
    new.set_defaults(run=_new)
    check = commands.add_parser("check", help="read a requirement and say what it means")
    check.add_argument("file", nargs="?", default="", help="a requirement in YAML or JSON")
    for parameter in PARAMETERS:
        check.add_argument(f"--{parameter.name.replace('_', '-')}", default="", help=parameter.help)
    check.add_argument(
        "--set", default="", help="any field, such as 'tuning.patience=5; split.strategy=time'"
    )
    check.set_defaults(run=_check)
    schema = commands.add_parser("schema", help="print the JSON Schema")
    schema.set_defaults(run=_schema)
    for command in (new, check, schema):
        command.add_argument("--json", action="store_true", help="answer, and fail, in JSON")
    return line


if __name__ == "__main__":
    sys.exit(main())
