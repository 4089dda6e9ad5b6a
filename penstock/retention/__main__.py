"""`python -m penstock.retention sweep|repeat`: what the job service does now and then, at once.

Exit codes: 0 done, 1 something could not be removed or does not answer, 2 bad settings.
"""

import argparse
import json
import sys
from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING

from serving.callers.administrator import act_as_administrator
from serving.settings import SettingsError, load

if TYPE_CHECKING:
    from penstock.desk import Desk


def main(arguments: Sequence[str] | None = None) -> int:
    """Do one of both and give its exit code."""
    options = _parser().parse_args(arguments)
    try:
        settings = load()
        act_as_administrator(settings)
    except SettingsError as error:
        print(f"retention: {error}", file=sys.stderr)
        return 2
    from mlflow.exceptions import MlflowException

    from penstock.desk import Desk
    from penstock.problems import Problem
    from serving.lifecycle.errors import LifecycleError

    desk = Desk(settings)
    try:
        return _sweep(desk, options) if options.command == "sweep" else _repeat(desk, options)
    except (LifecycleError, MlflowException, OSError, Problem) as error:
        print(f"retention: {error!s:.500}", file=sys.stderr)
        return 1
    finally:
        desk.trail.close()


def _sweep(desk: "Desk", options: argparse.Namespace) -> int:
    from penstock.retention.sweep import sweep

    report = sweep(desk)
    kept = "".join(f"\n  kept {each.dataset_id} of {each.project}: {each.why}" for each in report.kept)
    _say(options, asdict(report), f"removed {len(report.removed)} data sets, kept {len(report.kept)}{kept}")
    for problem in report.problems:
        print(f"retention: {problem}", file=sys.stderr)
    return 1 if report.problems else 0


def _repeat(desk: "Desk", options: argparse.Namespace) -> int:
    from penstock.retention.people import repeat

    done = repeat(desk)
    left = [each for each in done if not each.done_s]
    damaged = sorted({name for each in left for name in each.damaged_files})
    text = (
        f"{len(done) - len(left)} removals are over, {len(left)} wait for what could not be looked into yet"
    )
    _say(options, {"over": len(done) - len(left), "waiting": len(left), "damaged_files": damaged}, text)
    for name in damaged:
        told = f"'{name}' of the prediction log cannot be read; restore it or move it away"
        print(f"retention: {told}", file=sys.stderr)
    return 1 if damaged else 0


def _say(options: argparse.Namespace, answer: object, text: str) -> None:
    print(json.dumps(answer, ensure_ascii=False) if options.json else text)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m penstock.retention", description="Remove what is to go.")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for name, explained in {
        "sweep": "remove data sets that are older than their projects keep them",
        "repeat": "remove again a data subject's records that lay in open segments",
    }.items():
        command = commands.add_parser(name, help=explained, description=explained)
        command.add_argument("--json", action="store_true", help="answer as JSON")
    return parser


if __name__ == "__main__":
    sys.exit(main())
