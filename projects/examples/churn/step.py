"""The entry point `churn`: raw customers with ticket notes become files of their own and a served version.

The files are what summaries, embeddings and XGBoost make of the table. The version is made by `main` of the
same checked rows, by the requirement beside this module, and answers raw records at the gateway.
"""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from projects.examples.churn.config import read_config
from projects.requirement.parameters import SET, SPEC
from projects.requirement.read import read_requirement
from projects.steps.command import Asked, Option, Step, whole
from projects.steps.main import STEP as MAIN
from serving.settings import Settings

REQUIREMENT = Path(__file__).with_name("requirement.yaml")
FOLDER = Path("examples", "churn")
"""Where everything goes, in the var folder."""
RAW = Path("data", "raw", "customer_churn.csv")
PARAMETERS = ("data", "name", "gate", "tune_seconds", "candidates", "stage", "seed", "user", "project")
ROWS, MOST_ROWS = 5000, 10_000_000
LOGGED = ("models", "reports")
"""Folders that are kept with the run, under `churn`. The tables with notes are not; the interpretation quotes
three summaries, and the version holds its input example, as any version does."""


def _train(asked: Asked, settings: Settings) -> Mapping[str, object]:
    from projects.examples.churn.pipeline import run

    folder = Path(asked.own["output"] or settings.var_dir.absolute() / FOLDER)
    config = read_config(asked.own["config"] or None)
    raw = Path(asked.given["data"]) if "data" in asked.given else _synthetic(asked, folder)
    churned = run(raw, folder, config, asked.say)
    asked.say(f"model, figures and interpretation in {folder}")
    spec = asked.given.get(SPEC, str(REQUIREMENT))
    given = {name: text for name, text in asked.given.items() if name in (*PARAMETERS, SET)}
    requirement = read_requirement(spec=spec, parameters=given | {"data": str(churned.cleaned)})
    trained = MAIN.work(replace(asked, requirement=requirement), settings)
    _log(str(trained["run_id"]), folder, churned.interpretation["notes"], churned.metrics)
    return {**trained, "folder": str(folder), "notes": churned.interpretation["notes"]}


def _synthetic(asked: Asked, folder: Path) -> Path:
    from projects.examples.churn.customers import generate_customers
    from projects.examples.churn.written import write_table

    rows = whole(asked, "rows", ROWS, low=1, high=MOST_ROWS)
    made = generate_customers(rows, asked.requirement.seed)
    write_table(made.frame, folder / RAW)
    without, with_notes = made.best_auc()
    asked.say(
        f"{rows:,} synthetic customers in {folder / RAW}; who knew their odds would reach AUC {without:.3f}"
        f" without the notes and {with_notes:.3f} with them"
    )
    return folder / RAW


def _log(run_id: str, folder: Path, notes: Mapping[str, float], metrics: Mapping[str, float]) -> None:
    from mlflow import MlflowClient

    client = MlflowClient()
    for name in LOGGED:
        client.log_artifacts(run_id, str(folder / name), f"churn/{name}")
    for name in ("auc_without_notes", "auc_with_notes"):
        client.log_metric(run_id, f"churn.{name}", notes[name])
    client.log_metric(run_id, "churn.roc_auc", metrics["roc_auc"])


STEP = Step(
    name="churn",
    description="Who will leave, by numbers and ticket notes: raw customers become a registered version.",
    parameters=PARAMETERS,
    work=_train,
    options=(
        Option("rows", f"without data: how many synthetic customers are made; {ROWS} by default"),
        Option("config", "the example's config.yml; by default the one beside it"),
        Option("output", "the folder for tables, model and figures; by default in the var folder"),
    ),
)
