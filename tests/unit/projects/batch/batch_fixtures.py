"""A small served version of each task, and how a test predicts a file with it."""

import tempfile
from functools import cache
from pathlib import Path

import pandas as pd
from lightgbm import LGBMClassifier, LGBMRegressor

from projects.batch.run import Asked, Predicted, predict_source
from projects.batch.source import Known
from projects.ingest.convert import Conversion
from projects.ingest.schema import ColumnSchema
from projects.scorer import PlanScorer, Version
from serving.plan.load import load_plan
from serving.plan.plan import Plan
from serving.plan.write import write_plan
from tests.unit.plan.plan_fixtures import COLUMNS, pipe, table, truth


def column(name: str, conversion: Conversion, original: str = "", table: str = "rows") -> ColumnSchema:
    """How training read a column."""
    kinds = (conversion.type, conversion.sql_type)
    return ColumnSchema(name, original or name, table, *kinds, conversion, 0, 0, {}, (), ())


def known(*changed: ColumnSchema, main: str = "rows") -> Known:
    """What a version knows of its four columns, some of which may be read otherwise than plainly."""
    plain = [
        column("größe", Conversion("number")),
        column("city", Conversion("text")),
        column("count", Conversion("number", whole=True)),
        column("colour", Conversion("text")),
    ]
    return Known(main, {each.name: each for each in (*plain, *changed)})


KNOWN = known()


@cache
def plan(kind: str = "texts") -> Plan:
    """Fit a booster and load its plan; the columns are größe, city, count and colour."""
    model = LGBMRegressor if kind == "regression" else LGBMClassifier
    fitted = pipe(model(n_estimators=20, n_jobs=1, verbosity=-1, random_state=1)).fit(
        table(), truth(table(), kind)
    )
    task = {"regression": "regression", "multiclass": "multiclass"}.get(kind, "binary")
    with tempfile.TemporaryDirectory() as folder:
        write_plan(fitted, COLUMNS, Path(folder), task=task)
        return load_plan(Path(folder))


def version(kind: str = "texts", number: str = "3") -> Version:
    author = {"model": "demo", "version": number, "plan": kind}
    return Version("demo", number, PlanScorer(plan(kind)), "scoring plan", author)


def save(frame: pd.DataFrame, path: Path) -> Path:
    if path.suffix == ".parquet":
        frame.to_parquet(path)
    elif path.suffix == ".jsonl":
        frame.to_json(path, orient="records", lines=True, force_ascii=False)
    elif path.suffix == ".xlsx":
        frame.to_excel(path, index=False)
    else:
        frame.to_csv(path, index=False, sep="\t" if path.suffix == ".tsv" else ",")
    return path


def load(path: Path, **options: object) -> pd.DataFrame:
    if path.suffix == ".parquet":
        return pd.read_parquet(path)
    if path.suffix == ".jsonl":
        return pd.read_json(path, lines=True)
    return pd.read_csv(path, sep="\t" if path.suffix == ".tsv" else ",", **options)


def predict(
    data: object,
    output: Path,
    kind: str = "texts",
    *,
    how=KNOWN,
    said: list[str] | None = None,
    **asked,
) -> Predicted:
    say = [].append if said is None else said.append
    served = asked.pop("version", None) or version(kind)
    return predict_source(str(data), how, Asked(served, output, say=say, **{"chunk_rows": 7} | asked))
