"""The entry point `ingest`: any source becomes a folder of clean rows, with a report and its lineage."""

from collections.abc import Mapping
from pathlib import Path

from projects.compute.cluster import cluster
from projects.counted import counted
from projects.quality.report import write_report
from projects.rows import clean_rows, told_place
from projects.shell import connect
from projects.steps.command import Asked, Option, Step
from projects.steps.placed import keep, log_outcome, workspace
from projects.steps.profiled import profile_of
from projects.tracking import started_run
from serving.settings import Settings


def _ingest(asked: Asked, settings: Settings) -> Mapping[str, object]:
    connect(settings.tracking_uri)
    requirement = asked.requirement
    place = told_place(requirement.data_source)
    with (
        started_run(f"ingest {place}") as tracker,
        workspace(settings, "ingest") as folder,
        cluster(requirement.compute, asked.say, folder=folder) as client,
    ):
        tracker.parameters(asked.given)
        output = asked.own["output"]
        earlier = Path(output) if output else None
        clean = clean_rows(requirement, folder / "clean", asked.say, earlier=earlier, client=client)
        profile = write_report(clean.folder, target=clean.target, title=clean.name)
        for finding in profile.findings:
            asked.say(f"{finding.severity}: {finding.what}; {finding.advice}")
        where = keep(asked, clean.folder)
        asked.say(f"{counted(clean.rows, 'clean row')} of {counted(len(clean.columns), 'column')}: {where}")
        tracker.tags({"penstock.kind": "ingest", "penstock.data_sha256": clean.sha256})
        tracker.metrics({"rows": clean.rows, "columns": len(clean.columns)})
        found = {
            "status": "success",
            "output": where,
            "name": clean.name,
            "rows": clean.rows,
            "columns": len(clean.columns),
            **profile_of(clean.parquet),
            "sha256": clean.sha256,
            "findings": [finding.what for finding in profile.findings],
        }
        return log_outcome(found, "ingest")


STEP = Step(
    name="ingest",
    description="Read any source into a folder of clean rows, with a quality report and its lineage.",
    parameters=("data", "target", "approve", "plan", "name", "compute"),
    work=_ingest,
    options=(Option("output", "a folder for the clean rows; they are kept with the run in any case"),),
)
