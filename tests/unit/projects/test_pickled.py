"""A served pickle loads without Penstock, and its requirements name all that it needs."""

import subprocess
import sys

import cloudpickle
import numpy as np
import pandas as pd
import pytest
from sklearn.compose import ColumnTransformer
from sklearn.linear_model import Ridge
from sklearn.pipeline import Pipeline

from projects.pickled import modules_of, own_classes_by_value, requirements
from projects.transformers.date_parts import DateParts

ROWS = pd.DataFrame({"day": ["2026-01-31", "2026-02-28", "2024-02-29", "2025-06-01"] * 5})
WITHOUT_PENSTOCK = """
import pickle, sys
class Refuse:
    def find_spec(self, name, path=None, target=None):
        if name.split('.')[0] in ('projects', 'serving'):
            raise ModuleNotFoundError(name)
sys.meta_path.insert(0, Refuse())
import pandas as pd
pipeline = pickle.load(open(sys.argv[1], 'rb'))
print(pipeline.predict(pd.DataFrame({'day': ['2026-01-31']})).tolist())
"""


@pytest.fixture(scope="module")
def pipeline():
    dates = ColumnTransformer([("dates", DateParts(), ["day"])])
    return Pipeline([("columns", dates), ("model", Ridge())]).fit(ROWS, np.arange(20.0))


@pytest.fixture(scope="module")
def pickled(pipeline):
    with own_classes_by_value():
        return cloudpickle.dumps(pipeline)


def test_a_pickle_with_own_classes_answers_where_penstock_is_not_installed(pipeline, pickled, tmp_path):
    path = tmp_path / "model.pkl"
    path.write_bytes(pickled)
    command = [sys.executable, "-c", WITHOUT_PENSTOCK, str(path)]
    said = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, check=True).stdout
    assert said.strip() == str(pipeline.predict(pd.DataFrame({"day": ["2026-01-31"]})).tolist())


def test_it_names_no_module_of_penstock(pickled):
    assert {name.split(".")[0] for name in modules_of(pickled)}.isdisjoint({"projects", "serving"})


def test_outside_of_the_context_classes_are_pickled_by_reference_again(pipeline, pickled):
    assert "projects.transformers.date_parts" in modules_of(cloudpickle.dumps(pipeline))


def test_requirements_pin_what_the_pickle_names(pipeline):
    names = [line.split("==")[0] for line in requirements(pipeline)]
    assert names == ["cloudpickle", "numpy", "pandas", "scikit-learn"]


def test_requirements_name_a_boosters_distribution():
    from xgboost import XGBRegressor

    model = XGBRegressor(n_estimators=2).fit(np.arange(20.0)[:, None], np.arange(20.0))
    assert any(line.startswith("xgboost") for line in requirements(model))
