"""A retraining from end to end: fetch the champion, read what came, learn anew, compare, register the better.

champion -> its requirement and rows -> new rows -> stock and rows held back -> search, fit, evaluate
-> both models on the rows held back -> better beyond chance: registered and moved to Staging
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import mlflow
import pandas as pd

from projects.compute.cluster import cluster
from projects.counted import counted
from projects.errors import BadInput
from projects.ingest.schema import ColumnSchema
from projects.learning.contest import STEPS
from projects.progress import Progress
from projects.requirement.model import Requirement
from projects.retraining.arrivals import Arrived, Wanted, read_arrivals
from projects.retraining.judgement import LEARNED_UNTIL, REFUSED, Judgement, Place, as_tags, compared, decided
from projects.retraining.logged import hidden_columns, write_logged
from projects.retraining.original import Original, known_rows, original_rows, read_original
from projects.retraining.stock import Parts, Stock, lay_in, since_of
from projects.retraining.wanted import over_clean_rows, overlaid
from projects.rows import TableRows, with_truths
from projects.sampling.frame import frame_of
from projects.served import Served, fetch_served
from projects.shell import connect
from projects.steps.placed import workspace
from projects.tracking import started_run
from projects.training import Way, learn, read_table, warm_up
from serving.settings import Settings

STEPS_BESIDE_CONTEST = 8
TARGET = "penstock.target"


@dataclass(frozen=True)
class Order:
    """What is asked of a retraining.

    Attributes:
        name: The registered model.
        version: The champion; empty for the one in Production.
        rows: Where the newly labelled rows are; empty for the prediction log.
        spec: A requirement in place of the version's own; None for its own.
        recent_days: Learn from the rows of so many days alone; None for all, the original ones first.
        held_rows: How many of the newest rows are held back; 0 for what is usual.
        ticket: What the run is found by.
        changes: Parameters that are laid over the version's requirement, by the field's path.
        given: The parameters as they were typed.
    """

    name: str
    version: str
    rows: str
    spec: Requirement | None
    recent_days: float | None
    held_rows: int
    ticket: str
    changes: Mapping[tuple[str | int, ...], tuple[str, Any]]
    given: Mapping[str, str]


@dataclass(frozen=True)
class Retrained:
    """What came of it.

    Attributes:
        name: The registered model.
        champion: The version that was held against.
        judgement: The verdict and why.
        run_id: The run.
        link: Where a person sees it.
    """

    name: str
    champion: str
    judgement: Judgement
    run_id: str
    link: str


def retrain(order: Order, settings: Settings, progress: Progress) -> Retrained:
    """Train a version again, and register the new one if it is better.

    Raises:
        BadInput: The rows or the version cannot be used, or MLflow does not answer.
        LifecycleError: The version is registered, but could not be moved.
    """
    warm_up()
    connect(settings.tracking_uri)
    progress.total = STEPS_BESIDE_CONTEST + STEPS
    with started_run(f"retrain {order.name}") as tracker, workspace(settings, "retraining") as folder:
        tracker.tags({"penstock.kind": "retraining", "penstock.ticket": order.ticket})
        place = Place(settings, tracker, folder, progress)
        try:
            champion = _champion(order, place)
            judgement = _retrained(order, champion, place)
        except BadInput as error:
            tracker.tags(as_tags(REFUSED, "", str(error)))
            raise
        return Retrained(champion.name, champion.number, judgement, tracker.run_id, tracker.link)


def _champion(order: Order, place: Place) -> Served:
    with place.progress.step("fetching the champion") as step:
        champion = fetch_served(order.name, order.version, "Production", place.folder / "champion")
        step.result = f"{champion.name} version {champion.number}"
    return champion


def _retrained(order: Order, champion: Served, place: Place) -> Judgement:
    original = read_original(champion, place.folder, order.spec)
    columns = _columns(champion, original)
    stock = _stock(champion, original, order, columns, place)
    asked = overlaid(original.asked, order.changes)
    clean = over_clean_rows(
        asked, str(stock.folder), {each.name for each in columns}, name=champion.name, tags=champion.tags
    )
    table = read_table(clean, place.folder, place.tracker, place.progress, kind="retraining")
    table, held = _with_held(table, stock)
    with cluster(asked.compute, place.progress.note, folder=place.folder) as client:
        way = Way(
            place.tracker, place.settings, order.given, held=held.index.to_numpy(), kept=asked, client=client
        )
        outcome = learn(table, way, place.progress)
    return decided(champion, outcome, compared(champion, outcome, held, place), stock, place)


def _columns(champion: Served, original: Original) -> list[ColumnSchema]:
    """The columns that the champion takes, with the target and those that split: the others did not come."""
    split = original.asked.split
    wanted = {*champion.inputs, champion.tags[TARGET], split.group_column, split.time_column}
    return [column for column in original.columns if column.name in wanted]


def _stock(
    champion: Served, original: Original, order: Order, columns: list[ColumnSchema], place: Place
) -> Stock:
    note = place.progress.note
    with place.progress.step(f"reading the new rows of {order.rows or 'the prediction log'}") as step:
        known = known_rows(champion, place.folder)
        wanted = Wanted(
            columns, champion.tags[TARGET], champion.classes, known=known, rules=original.asked.validation,
            time_column=original.asked.split.time_column or "",
        )  # fmt: skip
        arrived = _arrived(champion, order, wanted, place)
        parts = Parts(None, arrived, None, columns, wanted.target, champion.name, {})
        if order.recent_days is not None:
            parts = replace(parts, since_s=since_of(arrived, order.recent_days))
        else:
            rows, is_whole = original_rows(champion, original, place.folder, note)
            sources = {"original": champion.tags.get("penstock.data_sha256", "")}
            parts = replace(parts, original=rows, sources=sources, known=known if is_whole else None)
        stock = lay_in(parts, place.folder, note, held_rows=order.held_rows)
        step.result = f"{counted(stock.learned_new, 'new row')} to learn from, {stock.held_rows:,} held back"
    return stock


def _arrived(champion: Served, order: Order, wanted: Wanted, place: Place) -> Arrived:
    """Read the rows that came, and refuse those that lack what the log hides.

    Raises:
        BadInput: The rows lack a column that the champion needs, or one that the log masks or hashes.
    """
    hidden, rows = hidden_columns(place.tracker.client, champion.name), order.rows
    if not rows:
        rows = str(place.folder / "logged.parquet")
        since = champion.tags.get(LEARNED_UNTIL)
        write_logged(
            place.settings, champion.name, wanted.target, since_s=float(since) if since else None,
            hidden=hidden, path=Path(rows),
        )  # fmt: skip
    arrived = read_arrivals(rows, wanted, place.folder / "arrived.parquet", place.progress.note)
    _refuse_lacking(champion, arrived, hidden)
    return arrived


def _refuse_lacking(champion: Served, arrived: Arrived, hidden: Collection[str]) -> None:
    what = f"version {champion.number} of '{champion.name}'"
    taken = [name for name in arrived.lacking if name in champion.inputs]
    if unseen := [name for name in taken if name in hidden]:
        raise BadInput(
            f"the prediction log hides {', '.join(map(repr, unseen))}, which {what} takes, so that no version"
            " can be judged on logged rows; name rows that have the column with -P rows=PATH"
        )
    if needed := [name for name in taken if champion.inputs[name].required]:
        raise BadInput(
            f"the new rows lack {', '.join(map(repr, needed))}, which {what} needs; give rows that have it,"
            " or train a new model with `mlflow run . -e main`"
        )


def _with_held(table: TableRows, stock: Stock) -> tuple[TableRows, pd.DataFrame]:
    """Put the rows that are held back behind those that are learned from; return them by themselves too."""
    held = with_truths(frame_of(stock.held), table.clean, table.asked.target)[table.frame.columns]
    held.index = pd.RangeIndex(table.clean.rows, table.clean.rows + len(held))
    mlflow.log_metric("new_rows_learned", stock.learned_new)
    return replace(table, frame=pd.concat([table.frame, held])), held
