"""A plan that is not what it was written as is refused with a sentence."""

import hashlib
import json
import shutil
import subprocess
import sys

import numpy as np
import pytest

from serving.plan.load import digest, load_plan
from serving.plan.model import PlanBroken
from tests.unit.plan.plan_fixtures import COLUMNS, FAMILIES, fitted


@pytest.fixture(params=FAMILIES)
def folder(request, tmp_path):
    return shutil.copytree(fitted(request.param, "texts").folder, tmp_path / "plan")


def estimator_file(folder):
    return folder / json.loads((folder / "plan.json").read_text("utf-8"))["estimator"]["file"]


def edit(folder, **changes):
    document = json.loads((folder / "plan.json").read_text("utf-8"))
    (folder / "plan.json").write_text(json.dumps(document | changes), "utf-8")


def test_a_plan_loads_with_its_digest(folder):
    plan = load_plan(folder, sha256=digest(folder))
    assert (plan.columns, plan.task, plan.classes) == (COLUMNS, "binary", ("ja", "nein"))


def test_the_digest_depends_on_names_and_bytes(folder):
    before = digest(folder)
    (folder / "plan.json").rename(folder / "plan2.json")
    assert digest(folder) != before


def test_an_altered_document_is_refused_by_the_tag_digest(folder):
    sha256 = digest(folder)
    edit(folder, classes={"kind": "str", "values": ["nein", "ja"]})
    with pytest.raises(PlanBroken, match=r"has the digest .* the version's tag says"):
        load_plan(folder, sha256=sha256)


def test_an_altered_estimator_is_refused_without_a_tag(folder):
    with estimator_file(folder).open("ab") as file:
        file.write(b" ")
    with pytest.raises(PlanBroken, match="is not the file that the plan was written with"):
        load_plan(folder)


def test_a_newer_format_is_refused(folder):
    edit(folder, format=2)
    with pytest.raises(PlanBroken, match="has plan format 2, this Penstock reads 1; train the version again"):
        load_plan(folder)


def test_a_document_cut_short_is_refused(folder):
    text = (folder / "plan.json").read_text("utf-8")
    (folder / "plan.json").write_text(text[: len(text) // 2], "utf-8")
    with pytest.raises(PlanBroken, match="must be a scoring plan in JSON"):
        load_plan(folder)


@pytest.mark.parametrize("key", ["columns", "numbers", "categories", "classes", "width", "estimator", "task"])
def test_a_document_without_a_part_is_refused(folder, key):
    document = json.loads((folder / "plan.json").read_text("utf-8"))
    del document[key]
    (folder / "plan.json").write_text(json.dumps(document), "utf-8")
    with pytest.raises(PlanBroken, match="is not whole: KeyError"):
        load_plan(folder)


def test_a_missing_estimator_is_refused(folder):
    estimator_file(folder).unlink()
    with pytest.raises(PlanBroken, match="cannot be read whole"):
        load_plan(folder)


def test_a_file_outside_the_folder_is_refused(folder):
    document = json.loads((folder / "plan.json").read_text("utf-8"))
    edit(folder, estimator=document["estimator"] | {"file": "../../secret"})
    with pytest.raises(PlanBroken, match="names a file outside it"):
        load_plan(folder)


def test_a_folder_without_a_plan_is_refused(tmp_path):
    with pytest.raises(PlanBroken, match=r"holds no plan\.json"):
        load_plan(tmp_path)


def test_pickled_arrays_are_refused(tmp_path):
    folder = shutil.copytree(fitted("linear", "texts").folder, tmp_path / "plan")
    path = estimator_file(folder)
    np.savez(path, coefficients=np.array([print], dtype=object), intercepts=np.zeros(1))
    document = json.loads((folder / "plan.json").read_text("utf-8"))
    edit(folder, estimator=document["estimator"] | {"sha256": hashlib.sha256(path.read_bytes()).hexdigest()})
    with pytest.raises(PlanBroken, match="is not whole: ValueError Object arrays cannot be loaded"):
        load_plan(folder)


def test_loading_and_scoring_import_neither_pandas_nor_scikit_learn(folder):
    code = (
        "import sys; from pathlib import Path; from serving.plan.load import load_plan\n"
        f"plan = load_plan(Path({str(folder)!r}))\n"
        "plan.score([(1.0, 'Oslo', 2.0, 'red')]); plan.score([(1.0, 'Oslo', 2.0, 'red')] * 3)\n"
        "print([name for name in ('pandas', 'sklearn', 'lightgbm', 'xgboost') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
