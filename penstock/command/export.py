"""`penstock export`: a version as code and files that need no Penstock."""

from pathlib import Path

import click

from penstock.command.asked import MODEL, as_json, desk, operator
from penstock.command.entry_point import run_entry_point
from penstock.people.person import Level
from penstock.services import model_moves

OUTCOME = "export.json"


@click.command()
@click.argument("name", type=MODEL)
@click.argument("version", default="")
@click.option("--output", default="", help="The folder or zip to make; by default NAME-vVERSION here.")
@click.option("--zip", "is_zip", is_flag=True, help="A zip in place of a folder.")
@click.option(
    "--venv", "is_venv", is_flag=True, help="Prove it in an environment with its packages installed."
)
@as_json
def export(name: str, version: str, output: str, *, is_zip: bool, is_venv: bool, is_json: bool) -> int:
    """Write VERSION of a model as Python code, with its model files and a test.

    VERSION is your own, such as 1.0.0, or the registry's number; without it the one in Production is taken.
    The code is run before it is handed over, without Penstock, and must answer as the version does.
    """
    here = desk()
    if version:
        held = model_moves.called(model_moves.of_model(here, operator(), name, Level.READ), name, version)
        version = held.number
    asked = {
        "model": name,
        "version": version,
        "output": _place(output, name, version, is_zip=is_zip),
        "format": "zip" if is_zip else "folder",
        "environment": "venv" if is_venv else "",
    }
    return run_entry_point(here, "export", asked, OUTCOME, is_json=is_json)


def _place(output: str, name: str, version: str, *, is_zip: bool) -> str:
    """Where it goes as a path from the root: `mlflow run` works in another folder."""
    from projects.export.registered import default_output

    place = (
        Path(output)
        if output
        else default_output(name, version or "production", "zip" if is_zip else "folder")
    )
    return str(place.absolute())
