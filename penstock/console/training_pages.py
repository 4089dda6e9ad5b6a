"""Training one algorithm, comparing several, and looking for better parameters, from a data set's page."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from fastapi import APIRouter, Response

from penstock.console import training_fields as asked
from penstock.console.fields import Field, Typed
from penstock.console.page import PageRoute
from penstock.console.project_pages import crumbs_of
from penstock.console.typed import TypedOf
from penstock.console.visit import SentOf, Visit, VisitOf, at
from penstock.jobs.job import Job
from penstock.problems import Problem
from penstock.records.dataset import Dataset
from penstock.services import datasets, training
from penstock.services.algorithms import KNOWN
from penstock.services.training_asked import Comparing, Training, Tuning

router = APIRouter(route_class=PageRoute)
SCALING = (("standard", "Standard"), ("minmax", "From 0 to 1"), ("robust", "By medians"))
METHODS = (
    ("", "All columns"),
    ("correlation", "By correlation"),
    ("mutual_info", "By mutual information"),
    ("rfe", "By leaving out, one by one"),
    ("tree_importance", "By a forest"),
    ("statistical", "By a test"),
)
SEARCHES = (("optuna", "Optuna"), ("random_search", "At random"), ("grid_search", "A whole grid"))


@dataclass(frozen=True, slots=True)
class Work:
    """A training that a form asks for.

    Attributes:
        title: The form's title.
        send: Its button.
        tells: What it does.
        fields: What it asks beside the target and the rows.
        start: Starts the job.
    """

    title: str
    send: str
    tells: str
    fields: Sequence[Field]
    start: Callable[[Visit, Dataset, Typed], Job]


def _train(visit: Visit, dataset: Dataset, typed: Typed) -> Job:
    columns = typed.one("n_features")
    return training.train(
        visit.desk,
        visit.person,
        Training(
            asked.rows_asked(dataset, typed),
            algorithm=typed.one("algorithm", "random_forest"),
            hyperparameters=asked.hyperparameters(typed),
            test_size=typed.number("test_size", "the share held out", 20) / 100,
            validation_size=typed.number("validation_size", "the share to validate on", 10) / 100,
            scaling_method=typed.one("scaling_method", "standard"),
            selection=typed.one("selection"),
            n_features=typed.whole("n_features", "the number of columns", 0) if columns else None,
            early_stopping=bool(typed.one("early_stopping")),
            early_stopping_patience=typed.whole("patience", "the patience", 10),
        ),
    )


def _compare(visit: Visit, dataset: Dataset, typed: Typed) -> Job:
    rows, models = asked.rows_asked(dataset, typed), tuple(typed.many("models")) or ("all",)
    return training.compare(
        visit.desk, visit.person, Comparing(rows, models, typed.whole("cv", "the folds", 5))
    )


def _tune(visit: Visit, dataset: Dataset, typed: Typed) -> Job:
    return training.tune(
        visit.desk,
        visit.person,
        Tuning(
            asked.rows_asked(dataset, typed),
            algorithm=typed.one("algorithm", "random_forest"),
            tuning_method=typed.one("tuning_method", "optuna"),
            n_trials=typed.whole("n_trials", "the number of trials", 100),
            cv=typed.whole("cv", "the folds", 5),
        ),
    )


_SHARE = Field(
    "test_size",
    "Held out, in %",
    "number",
    value="20",
    low="1",
    high="90",
    hint="Rows that only the scores see.",
)
WORKS: Mapping[str, Work] = {
    "train": Work(
        "Train",
        "Train",
        "Fits one algorithm and tells how good it is on rows that it has not seen. It deploys nothing.",
        (
            asked.algorithm(),
            Field(
                "hyperparameters",
                "Hyperparameters",
                "area",
                hint="One 'name = value' a line; empty for the usual ones.",
            ),
            _SHARE,
            Field("validation_size", "To validate on, in %", "number", value="10", low="0", high="90"),
            Field("scaling_method", "Scaling", "choice", SCALING, "standard"),
            Field("selection", "Columns", "choice", METHODS),
            Field(
                "n_features",
                "How many columns",
                "number",
                low="1",
                step="1",
                hint="Only where columns are selected.",
            ),
            Field("early_stopping", "Stop early, when validation gets no better", "check", value="yes"),
            Field("patience", "Patience, in rounds", "number", value="10", low="1", step="1"),
        ),
        _train,
    ),
    "compare": Work(
        "Compare models",
        "Compare",
        "Tries several algorithms on the same folds and ranks them. Nothing is deployed by it.",
        (
            Field(
                "models",
                "Algorithms",
                "many",
                [(name, name.replace("_", " ")) for name in KNOWN["auto"]],
                "",
                hint="None ticked: all that suit the question.",
            ),
            asked.FOLDS,
        ),
        _compare,
    ),
    "tune": Work(
        "Tune",
        "Look for better parameters",
        "Looks for better parameters of one algorithm. Nothing is deployed by it; train with what it found.",
        (
            replace(asked.algorithm(), choices=[(name, name.replace("_", " ")) for name in KNOWN["auto"]]),
            Field("tuning_method", "How", "choice", SEARCHES, "optuna"),
            Field("n_trials", "Trials", "number", value="100", low="1", high="10000", step="1"),
            asked.FOLDS,
        ),
        _tune,
    ),
}


@router.get("/datasets/{dataset_id}/train")
def train_form(
    visit: VisitOf,
    dataset_id: str,
    *,
    algorithm: str = "",
    target_column: str = "",
    hyperparameters: str = "",
    sample: str = "",
) -> Response:
    """The form of a training, with what an earlier job found."""
    given = {
        "algorithm": algorithm,
        "target_column": target_column,
        "hyperparameters": asked.lines_of(hyperparameters) if hyperparameters else "",
        **asked.chosen(sample),
    }
    return _form(visit, dataset_id, "train", given=given)


@router.get("/datasets/{dataset_id}/compare")
def compare_form(visit: VisitOf, dataset_id: str, sample: str = "") -> Response:
    """The form of a comparison."""
    return _form(visit, dataset_id, "compare", given=asked.chosen(sample))


@router.get("/datasets/{dataset_id}/tune")
def tune_form(visit: VisitOf, dataset_id: str, sample: str = "") -> Response:
    """The form of a search."""
    return _form(visit, dataset_id, "tune", given=asked.chosen(sample))


@router.post("/datasets/{dataset_id}/train")
def train(visit: SentOf, dataset_id: str, typed: TypedOf) -> Response:
    """Train."""
    return _start(visit, dataset_id, "train", typed)


@router.post("/datasets/{dataset_id}/compare")
def compare(visit: SentOf, dataset_id: str, typed: TypedOf) -> Response:
    """Compare."""
    return _start(visit, dataset_id, "compare", typed)


@router.post("/datasets/{dataset_id}/tune")
def tune(visit: SentOf, dataset_id: str, typed: TypedOf) -> Response:
    """Look for better parameters."""
    return _start(visit, dataset_id, "tune", typed)


def _start(visit: Visit, dataset_id: str, name: str, typed: Typed) -> Response:
    try:
        dataset = datasets.ready(visit.desk, visit.person, dataset_id)
        job = WORKS[name].start(visit, dataset, typed)
    except Problem as problem:
        return _form(visit, dataset_id, name, typed=typed, problem=problem)
    return visit.go(at("jobs", job.job_id), "started")


def _form(
    visit: Visit,
    dataset_id: str,
    name: str,
    *,
    given: Mapping[str, str] | None = None,
    typed: Typed | None = None,
    problem: Problem | None = None,
) -> Response:
    dataset = datasets.ready(visit.desk, visit.person, dataset_id)
    work = WORKS[name]
    fields = [asked.target(dataset), asked.TASK, *asked.sample(dataset), *work.fields]
    known = {field: text for field, text in (given or {}).items() if text}
    return visit.form(
        f"{work.title}: {dataset.name}",
        [replace(each, value=known.get(each.name, each.value)) for each in fields],
        send=work.send,
        crumbs=[*crumbs_of(dataset.project), (dataset.name, at("datasets", dataset_id))],
        typed=typed,
        problem=problem,
        intro=work.tells,
        notes=asked.announced(dataset),
        back=at("datasets", dataset_id),
    )
