"""Every algorithm's export answers as its version, and learns as it learned, without Penstock."""

import importlib.util

import pytest

from projects.export.export import export_origin
from projects.learning.candidates.listing import BY_NAME
from tests.unit.projects.export.export_fixtures import town_version

NETS = ("mlp", "lstm")
OF_TWO_CLASSES = [name for name, candidate in BY_NAME.items() if "binary" in candidate.tasks]
OF_NUMBERS = [name for name in BY_NAME if name not in OF_TWO_CLASSES]
CASES = [
    *((name, "binary") for name in OF_TWO_CLASSES),
    *((name, "regression") for name in (*OF_NUMBERS, "lightgbm", "xgboost", "lstm")),
    *((name, "multiclass") for name in ("xgboost", "logistic", "random_forest")),
]


@pytest.mark.parametrize(("name", "task"), CASES)
def test_an_export_answers_and_learns_as_its_version(name, task, warm, tmp_path):
    if name in NETS and not importlib.util.find_spec("torch"):
        pytest.skip("PyTorch is not installed")
    origin = town_version([name], task)
    made = export_origin(origin, tmp_path / "out", places=warm.for_these)
    assert made.is_complete
    assert made.proof.rows == len(origin.reference.rows)
    assert made.proof.difference <= 1e-9
    assert made.proof.why == ""
    assert made.proof.learned_difference <= 1e-9
