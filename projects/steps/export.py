"""The entry point `export`: a registered version as code and files that need no Penstock."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from projects.errors import BadInput
from projects.hints import did_you_mean
from projects.shell import connect
from projects.steps.command import Asked, Option, Step
from projects.steps.placed import log_outcome, workspace
from projects.tracking import started_run
from serving.settings import Settings

if TYPE_CHECKING:
    from projects.export.exported import Exported

FORMATS, ENVIRONMENTS = ("folder", "zip"), ("isolated", "venv")
KEPT, ARCHIVE = "run", "export.zip"
"""The output that is a file of the run's, and that file's name."""


def _export(asked: Asked, settings: Settings) -> Mapping[str, object]:
    import mlflow

    from projects.export.environment import KINDS
    from projects.export.exported import FORMATS
    from projects.export.registered import Wish, export_version

    own = asked.own
    name, form = own["model"] or asked.requirement.registered_name, _one_of("format", own["format"], FORMATS)
    if not name:
        raise BadInput("name the registered model with -P model=NAME")
    place = _one_of("environment", own["environment"], KINDS)
    is_kept = own["output"] == KEPT
    output = Path(own["output"]) if own["output"] else None
    connect(settings.tracking_uri)
    with started_run(f"export {name}") as tracker, workspace(settings, "export") as folder:
        tracker.parameters(asked.given)
        if is_kept:
            output, form = folder / ARCHIVE, "zip"
        wish = Wish(name, own["version"], own["stage"] or "Production", output, form, place)  # type: ignore[arg-type]
        made = export_version(tracker.client, wish, folder / "version", asked.say)
        tracker.tags({"penstock.kind": "export", "penstock.model": made.name,
                      "penstock.version": made.number, "penstock.export": _said(made)})  # fmt: skip
        for sentence in made.lacking:
            asked.say(f"not in it: {sentence}")
        if is_kept:
            mlflow.log_artifact(str(made.path))
            made = replace(made, path=Path(ARCHIVE))
        asked.say(f"{made.name} version {made.number} is in {made.path}: {len(made.files)} files")
        return log_outcome(made.as_json, "export")


def _said(made: "Exported") -> str:
    return "complete" if made.is_complete else "; ".join(made.lacking)[:4000]


def _one_of(name: str, text: str, known: tuple[str, ...]) -> str:
    word = text.casefold() or known[0]
    if word not in known:
        raise BadInput(f"{name} must be {' or '.join(known)}, not '{text}'; {did_you_mean(text, known)}")
    return word


STEP = Step(
    name="export",
    description="Export a registered version as code and files that stand alone, and prove that they do.",
    parameters=(),
    work=_export,
    options=(
        Option("model", "the registered model"),
        Option("version", "the version; by default the one in the stage"),
        Option("stage", "the stage, by default Production"),
        Option(
            "output",
            "the folder or zip to make; by default MODEL-vVERSION here; run: a zip among the run's files",
        ),
        Option("format", "folder or zip"),
        Option("environment", "where it proves itself: isolated (seconds), or venv (installs its packages)"),
    ),
)
