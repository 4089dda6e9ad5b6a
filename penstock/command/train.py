"""`penstock train`: a plain `mlflow run` of the whole way from a table to a registered version."""

import click

from penstock.command.asked import as_json, desk
from penstock.command.entry_point import absolute, run_entry_point
from penstock.problems import BadRequest

OUTCOME = "training.json"
HELP = {
    "spec": "A requirement file, YAML or JSON.",
    "target": "The column to predict.",
    "objective": "The question in one sentence, in place of a target.",
    "name": "The registered model; by default the table's name.",
    "gate": "What a version must reach, such as 'AUC > 0.85'.",
    "candidates": "Only these algorithms, parted by commas.",
    "tune_seconds": "How long is searched.",
    "user": "Whose project folder it is to be in.",
    "project": "The project's name.",
    "set": "Any field of the requirement: 'tuning.patience=5; split.strategy=time'.",
}


def _options(command: click.Command) -> click.Command:
    for name, explained in HELP.items():
        command.params.append(click.Option([f"--{name.replace('_', '-')}"], default="", help=explained))
    return command


@_options
@click.command()
@click.argument("data", required=False, default="")
@as_json
def train(data: str, *, is_json: bool, **given: str) -> int:
    """Train on DATA, compare all candidates, register the best: files, folders, s3:// or a database.

    The version goes to Staging if its gate passes; 'penstock promote' puts it into Production.
    """
    if not data and not given["spec"]:
        raise BadRequest("there is nothing to train on; name a table, or a requirement file with --spec")
    asked = {"data": absolute(data), **given, "spec": absolute(given["spec"])}
    return run_entry_point(desk(), "main", asked, OUTCOME, is_json=is_json)
