"""The entry point `clean`: gaps filled and outliers pulled in, over a whole table."""

import json
import shutil
from collections.abc import Mapping
from pathlib import Path

from projects.counted import agreeing, counted
from projects.errors import BadInput
from projects.hints import did_you_mean
from projects.ingest.lineage import digest_of
from projects.ingest.publish import LINEAGE, LINES, ROWS, SCHEMA
from projects.rows import Clean, by_clean_names, clean_rows, told_place
from projects.shell import connect
from projects.steps.command import Asked, Option, Step
from projects.steps.filled import Filled, fill, write_lines
from projects.steps.placed import keep, log_outcome, workspace
from projects.steps.profiled import profile_of
from projects.tracking import started_run
from serving.settings import Settings


def _clean(asked: Asked, settings: Settings) -> Mapping[str, object]:
    connect(settings.tracking_uri)
    requirement = asked.requirement
    place = told_place(requirement.data_source)
    with started_run(f"clean {place}") as tracker, workspace(settings, "clean") as folder:
        tracker.parameters(asked.given)
        # Repeated rows are left out with the gaps, whether or not the rows were read before.
        keeping = requirement.cleaning.model_copy(update={"duplicates": "keep"})
        clean = clean_rows(requirement.model_copy(update={"cleaning": keeping}), folder / "read", asked.say)
        done = _cleaned(clean, asked, folder / "cleaned")
        where = keep(asked, folder / "cleaned")
        asked.say(f"{counted(done.original_rows, 'row')} became {done.cleaned_rows:,}: {where}")
        tracker.tags({"penstock.kind": "clean", "penstock.data_sha256": clean.sha256})
        tracker.metrics({"original_rows": done.original_rows, "cleaned_rows": done.cleaned_rows})
        found = {
            "status": "success",
            "output": where,
            "original_rows": done.original_rows,
            "cleaned_rows": done.cleaned_rows,
            "filled": dict(done.filled),
            "pulled": dict(done.pulled),
            "repeated": done.repeated,
            "sha256": digest_of(folder / "cleaned" / ROWS),
            **profile_of(folder / "cleaned" / ROWS),
        }
        return log_outcome(found, "clean")


def _cleaned(clean: Clean, asked: Asked, folder: Path) -> Filled:
    requirement = by_clean_names(asked.requirement, clean)
    target, names = requirement.target or clean.target, [column.name for column in clean.columns]
    if target and target not in names:
        raise BadInput(f"there is no column '{target}'; {did_you_mean(target, names)}")
    folder.mkdir()
    done = fill(clean.parquet, folder / ROWS, requirement.cleaning, keep=target)
    if not done.cleaned_rows:
        raise BadInput(
            "no row is left: each has a gap somewhere; choose another missing_strategy than drop, or leave"
            " the emptiest columns out"
        )
    write_lines(folder / ROWS, folder / LINES)
    shutil.copy(clean.folder / LINEAGE, folder / LINEAGE)
    schema = json.loads((clean.folder / SCHEMA).read_text(encoding="utf-8"))
    told = json.dumps({**schema, "rows": done.cleaned_rows, "target": target}, ensure_ascii=False, indent=1)
    (folder / SCHEMA).write_text(told + "\n", encoding="utf-8")
    if done.repeated:
        repeats, are = counted(done.repeated, "row", "repeats"), agreeing(done.repeated, "is")
        asked.say(f"{repeats} another and {are} left out")
    for column, count in done.filled.items():
        asked.say(f"column '{column}': {counted(count, 'gap')} filled")
    for column, count in done.pulled.items():
        asked.say(f"column '{column}': {counted(count, 'outlier')} pulled to the bound")
    return done


STEP = Step(
    name="clean",
    description="Fill gaps and pull in outliers over a whole table (a training does so on training rows).",
    parameters=("data", "target"),
    work=_clean,
    options=(
        Option(
            "missing_strategy",
            "mean, median, mode, drop, forward_fill or backward_fill",
            "cleaning.missing_strategy",
        ),
        Option("outlier_method", "iqr, zscore or none", "cleaning.outlier_method"),
        Option("outlier_threshold", "in interquartile ranges or deviations", "cleaning.outlier_threshold"),
        Option("duplicates", "drop or keep rows that repeat another", "cleaning.duplicates"),
        Option("output", "a folder for the rows; they are kept with the run in any case"),
    ),
)
