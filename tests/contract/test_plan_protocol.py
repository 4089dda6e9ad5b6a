"""A plan's answers are those of what MLflow's scoring server runs, on the same body, for every family."""

import json
import math
from functools import cache

import pytest

from tests.unit.plan.plan_fixtures import COLUMNS, REGRESSORS, table, truth, write_and_load

FAMILIES = ("logistic", "random_forest", "lightgbm", "xgboost", "histogram", "knn", "mlp")
KINDS = ("texts", "booleans", "whole", "multiclass", "regression")
NAMES = [column.name for column in COLUMNS]
ROWS = [
    [9.5, "Oslo", 30, "red"],
    [None, None, 40, None],
    [True, "never seen", False, "green"],
    [1, "Rom", 1e6, "RED"],
    [-0.0, "", 12, "東京"],
]


@pytest.fixture(scope="module", params=FAMILIES)
def family(request):
    return request.param


@pytest.fixture(scope="module")
def fitted(tmp_path_factory):
    @cache
    def written(family, kind):
        name = "ridge" if kind == "regression" and family not in REGRESSORS else family
        return write_and_load(name, kind, tmp_path_factory.mktemp("plan") / "plan")

    return written


@pytest.fixture(scope="module")
def models(family, fitted, tmp_path_factory):
    """One pyfunc a kind of target."""
    import mlflow.pyfunc
    import mlflow.sklearn

    from projects.pickled import requirements
    from projects.publish import signature

    loaded = {}
    for kind in KINDS:
        folder = tmp_path_factory.mktemp("model") / kind
        mlflow.sklearn.save_model(
            fitted(family, kind).pipeline,
            folder,
            serialization_format="cloudpickle",
            signature=signature(COLUMNS, truth(table(), kind)),
            pip_requirements=requirements(None),
        )
        loaded[kind] = mlflow.pyfunc.load_model(str(folder))
    return loaded


def ask(model, body, media="application/json"):
    from mlflow.pyfunc.scoring_server import invocations

    answer = invocations(body, media, model, model.metadata.get_input_schema())
    assert answer.status == 200, answer.response
    return json.loads(answer.response)["predictions"]


def same(ours, theirs):
    if isinstance(theirs[0], float):
        assert ours == pytest.approx(theirs, rel=1e-9)
        return
    assert ours == theirs
    assert [type(label) for label in ours] == [type(label) for label in theirs]


@pytest.mark.parametrize("kind", KINDS)
class TestPlanAgainstScoringServer:
    def test_split_rows(self, family, fitted, models, kind):
        body = json.dumps({"dataframe_split": {"columns": NAMES, "data": ROWS}})
        same(fitted(family, kind).plan.score(ROWS).predictions, ask(models[kind], body))

    def test_a_csv_blank_is_a_json_null(self, family, fitted, models, kind):
        csv = ",".join(NAMES) + "\n,,40,\n"
        body = json.dumps({"dataframe_records": [{"größe": None, "city": None, "count": 40, "colour": None}]})
        blank, null = ask(models[kind], csv, "text/csv"), ask(models[kind], body)
        assert blank == null
        same(fitted(family, kind).plan.score([(math.nan, math.nan, 40, math.nan)]).predictions, blank)

    def test_true_and_false_in_a_csv_are_those_of_json(self, family, fitted, models, kind):
        csv = ",".join(NAMES) + "\nTrue,Oslo,False,red\n"
        same(fitted(family, kind).plan.score([(True, "Oslo", False, "red")]).predictions,
             ask(models[kind], csv, "text/csv"))  # fmt: skip

    def test_a_number_written_as_text(self, family, fitted, models, kind):
        body = json.dumps({"dataframe_split": {"columns": NAMES, "data": [["9.5", "Oslo", "30", "red"]]}})
        same(
            fitted(family, kind).plan.score([("9.5", "Oslo", "30", "red")]).predictions,
            ask(models[kind], body),
        )
