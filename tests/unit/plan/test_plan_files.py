"""A plan that is not what it was written as is refused with a sentence."""

import hashlib
import json
import shutil
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from serving.plan import document
from serving.plan.load import digest, load_plan
from serving.plan.model import PlanBroken
from tests.unit.plan.plan_fixtures import COLUMNS, as_rows, table

NAMES = ("logistic", "random_forest", "lightgbm", "xgboost", "knn", "svc_rbf", "mlp")
KEPT = settings(
    max_examples=60,
    suppress_health_check=[
        HealthCheck.function_scoped_fixture,
        HealthCheck.differing_executors,
        HealthCheck.too_slow,
    ],
)


@pytest.fixture
def copy(fitted, tmp_path):
    return lambda name, kind="texts": shutil.copytree(fitted(name, kind).folder, tmp_path / name)


@pytest.fixture(params=NAMES)
def folder(request, copy):
    return copy(request.param)


def content(folder):
    return json.loads((folder / "plan.json").read_text("utf-8"))


def seal(folder, changed):
    """Write a changed document with a digest that fits it, as a forger would."""
    changed.pop("sha256", None)
    form = changed.pop("format")
    document.write(changed, {}, folder)
    if form != document.FORMAT:
        text = (folder / "plan.json").read_text("utf-8")
        (folder / "plan.json").write_text(text.replace(f'"format": {document.FORMAT}', f'"format": {form}'))


def leaf(entry):
    return leaf(entry["model"]) if entry["kind"] == "pipeline" else entry


def replace_arrays(folder, **arrays):
    """Change arrays of the only estimator's file, and both digests with them."""
    whole = content(folder)
    entry = leaf(whole["model"])
    path = folder / entry["file"]
    with np.load(path) as old:
        merged = {name: old[name] for name in old.files} | arrays
    np.savez(path, **{name: array for name, array in merged.items() if array is not None})
    entry["sha256"] = hashlib.sha256(path.read_bytes()).hexdigest()
    seal(folder, whole)


def arrays_of(folder):
    with np.load(folder / leaf(content(folder)["model"])["file"]) as arrays:
        return {name: arrays[name].copy() for name in arrays.files}


def test_a_plan_loads_with_its_digest(folder):
    plan = load_plan(folder, sha256=digest(folder))
    assert (plan.columns, plan.task, plan.classes) == (COLUMNS, "binary", ("ja", "nein"))


def test_the_digest_depends_on_names_and_bytes(folder):
    before = digest(folder)
    (folder / "plan.json").rename(folder / "plan2.json")
    assert digest(folder) != before


def test_the_same_model_gives_the_same_bytes(fitted, tmp_path):
    from serving.plan.write import write_plan

    model = fitted("stack", "texts")
    write_plan(model.pipeline, COLUMNS, tmp_path / "again", task="binary")
    assert digest(tmp_path / "again") == digest(model.folder)


def test_a_forged_document_is_refused_by_the_tag_digest(folder):
    sha256 = digest(folder)
    seal(folder, content(folder) | {"classes": {"kind": "str", "values": ["nein", "ja"]}})
    with pytest.raises(PlanBroken, match=r"has the digest .* the version's tag says"):
        load_plan(folder, sha256=sha256)


def test_an_altered_document_is_refused_without_a_tag(folder):
    text = (folder / "plan.json").read_text("utf-8")
    (folder / "plan.json").write_text(text.replace('"ja"', '"je"', 1), "utf-8")
    with pytest.raises(PlanBroken, match="is not the document that was written; its digest differs"):
        load_plan(folder)


def test_an_altered_estimator_is_refused_without_a_tag(folder):
    with (folder / leaf(content(folder)["model"])["file"]).open("ab") as file:
        file.write(b" ")
    with pytest.raises(PlanBroken, match="is not the file that the plan was written with"):
        load_plan(folder)


@pytest.mark.parametrize("form", [1, 4])
def test_another_format_is_refused(folder, form):
    seal(folder, content(folder) | {"format": form})
    with pytest.raises(
        PlanBroken, match=f"has plan format {form}, this Penstock reads 2 and 3; train the version"
    ):
        load_plan(folder)


def test_a_document_cut_short_is_refused(folder):
    text = (folder / "plan.json").read_text("utf-8")
    (folder / "plan.json").write_text(text[: len(text) // 2], "utf-8")
    with pytest.raises(PlanBroken, match="must be a scoring plan in JSON"):
        load_plan(folder)


def test_a_document_nested_without_end_is_refused(folder):
    (folder / "plan.json").write_text("[" * 100_000)
    with pytest.raises(PlanBroken, match="must be a scoring plan in JSON"):
        load_plan(folder)


@pytest.mark.parametrize("key", ["columns", "encoders", "classes", "model", "task"])
def test_a_document_without_a_part_is_refused(folder, key):
    whole = content(folder)
    del whole[key]
    seal(folder, whole)
    with pytest.raises(PlanBroken, match="is not whole: KeyError"):
        load_plan(folder)


def test_a_missing_estimator_is_refused(folder):
    (folder / leaf(content(folder)["model"])["file"]).unlink()
    with pytest.raises(PlanBroken, match="cannot be read whole"):
        load_plan(folder)


@pytest.mark.parametrize("name", ["../../secret", "/etc/passwd", "", ".", "a\x00b", 7])
def test_a_file_outside_the_folder_is_refused(copy, name):
    folder = copy("logistic")
    whole = content(folder)
    leaf(whole["model"])["file"] = name
    seal(folder, whole)
    with pytest.raises(PlanBroken, match=r"names a file outside it|cannot be read whole"):
        load_plan(folder)


def test_a_folder_without_a_plan_is_refused(tmp_path):
    with pytest.raises(PlanBroken, match=r"holds no plan\.json"):
        load_plan(tmp_path)


def test_two_estimators_of_one_file_are_refused(copy):
    folder = copy("soft_vote")
    whole = content(folder)
    whole["model"]["members"][1] = whole["model"]["members"][0]
    seal(folder, whole)
    with pytest.raises(PlanBroken, match=r"two estimators name the file '0-linear\.npz'"):
        load_plan(folder)


def test_models_above_each_other_without_end_are_refused(copy):
    folder = copy("logistic")
    whole = content(folder)
    for _ in range(40):
        whole["model"] = {"kind": "vote", "is_soft": True, "weights": None, "members": [whole["model"]]}
    seal(folder, whole)
    with pytest.raises(PlanBroken, match="more than 20 models stand above each other"):
        load_plan(folder)


@pytest.mark.parametrize(
    ("weights", "match"),
    [([1.0], "3 finite weights"), ([1, -1, 0], "3 finite weights"), ("abc", "not whole"), ({}, "not whole")],
)
def test_weights_that_cannot_be_averaged_by_are_refused(copy, weights, match):
    folder = copy("soft_vote")
    whole = content(folder)
    whole["model"]["weights"] = weights
    seal(folder, whole)
    with pytest.raises(PlanBroken, match=match):
        load_plan(folder)


def test_a_regressor_among_classifiers_is_refused(copy):
    folder = copy("stack")
    whole = content(folder)
    whole["task"], whole["classes"] = "regression", None
    seal(folder, whole)
    with pytest.raises(PlanBroken):
        load_plan(folder)


def test_an_estimator_without_an_encoder_is_refused(copy):
    folder = copy("logistic")
    whole = content(folder)
    whole["model"] = whole["model"]["model"]
    seal(folder, whole)
    with pytest.raises(PlanBroken, match="must stand in a pipeline"):
        load_plan(folder)


def test_more_classes_than_the_model_has_are_refused(folder):
    whole = content(folder)
    whole["classes"]["values"] = ["a", "b", "c"]
    seal(folder, whole)
    with pytest.raises(PlanBroken):
        load_plan(folder)


def test_pickled_arrays_are_refused(copy):
    folder = copy("logistic")
    replace_arrays(folder, coefficients=np.array([print], dtype=object))
    with pytest.raises(PlanBroken, match="an array must hold numbers"):
        load_plan(folder)


@pytest.mark.parametrize(
    ("change", "match"),
    [
        (lambda a: {"lefts": np.roll(a["lefts"], 1)}, "must be f|before its children|one parent"),
        (
            lambda a: {"lefts": np.where(a["lefts"] == 1, 0, a["lefts"])},
            "before its children|one parent|must be",
        ),
        (lambda a: {"lefts": a["lefts"] * 2}, "must lie in"),
        (lambda a: {"features": a["features"] + 100}, "'features' must lie in 0"),
        (lambda a: {"features": a["features"] - 1}, "'features' must lie in 0"),
        (lambda a: {"values": a["values"][:-1]}, "'values' must be f"),
        (lambda a: {"values": a["values"] * np.nan}, "'values' must be finite"),
        (lambda a: {"thresholds": a["thresholds"] + np.inf}, "'thresholds' must be finite"),
        (lambda a: {"roots": a["roots"][::-1]}, "roots must rise from 0"),
        (lambda a: {"roots": a["roots"][:1]}, "one parent"),
        (lambda a: {"roots": a["roots"].astype(float)}, "'roots' must be i"),
        (lambda a: {"roots": np.zeros(0, dtype=int)}, "roots must rise from 0"),
        (lambda a: {"missing_right": None}, "array 'missing_right' is missing"),
    ],
)
def test_arrays_that_are_no_trees_are_refused(copy, change, match):
    folder = copy("random_forest")
    replace_arrays(folder, **change(arrays_of(folder)))
    with pytest.raises(PlanBroken, match=match):
        load_plan(folder)


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("logistic", lambda a: {"coefficients": a["coefficients"][:-1]}),
        ("logistic", lambda a: {"intercepts": a["intercepts"] + np.inf}),
        ("knn", lambda a: {"answers": a["answers"] + 1}),
        ("knn", lambda a: {"rows": a["rows"][:2]}),
        ("svc_rbf", lambda a: {"weights": a["weights"][1:]}),
        ("mlp", lambda a: {"weights_1": a["weights_1"].T}),
        ("naive_bayes", lambda a: {"variances": -a["variances"]}),
        ("adaboost", lambda a: {"weights": a["weights"] * 0}),
    ],
)
def test_arrays_that_do_not_fit_are_refused(copy, name, change):
    folder = copy(name)
    replace_arrays(folder, **change(arrays_of(folder)))
    with pytest.raises(PlanBroken):
        load_plan(folder)


@pytest.mark.parametrize("name", NAMES)
@KEPT
@given(data=st.data())
def test_flipped_bytes_are_refused_or_change_nothing(fitted, copy_once, name, data):
    model = fitted(name, "texts")
    folder = copy_once(name)
    path = data.draw(st.sampled_from(sorted(folder.iterdir())), label="file")
    original = path.read_bytes()
    changed = bytearray(original)
    for _ in range(data.draw(st.integers(1, 3))):
        changed[data.draw(st.integers(0, len(changed) - 1))] = data.draw(st.integers(0, 255))
    path.write_bytes(changed)
    rows = as_rows(table(3))
    try:
        assert load_plan(folder).score(rows) == model.plan.score(rows)
    except PlanBroken:
        pass
    finally:
        path.write_bytes(original)


@pytest.fixture(scope="module")
def copy_once(fitted, tmp_path_factory):
    folders = {}

    def copied(name):
        if name not in folders:
            folders[name] = shutil.copytree(
                fitted(name, "texts").folder, tmp_path_factory.mktemp("flip") / name
            )
        return folders[name]

    return copied


@pytest.mark.parametrize("name", ["logistic", "random_forest", "knn", "svc_rbf", "mlp"])
@KEPT
@given(data=st.data())
def test_a_forged_array_file_is_refused_or_answers(copy_once, name, data):
    """The digest fits: the arrays themselves must be checked."""
    folder = copy_once(name)
    whole = content(folder)
    entry = leaf(whole["model"])
    path, sealed = folder / entry["file"], (folder / "plan.json").read_bytes()
    original = path.read_bytes()
    changed = bytearray(original)
    for _ in range(data.draw(st.integers(1, 3))):
        changed[data.draw(st.integers(0, len(changed) - 1))] = data.draw(st.integers(0, 255))
    path.write_bytes(changed)
    entry["sha256"] = hashlib.sha256(changed).hexdigest()
    seal(folder, whole)
    try:
        assert len(load_plan(folder).score(as_rows(table(3))).predictions) == 3
    except PlanBroken:
        pass
    finally:
        path.write_bytes(original)
        (folder / "plan.json").write_bytes(sealed)


MUTATED = st.one_of(
    st.none(), st.booleans(), st.integers(-3, 2**70), st.floats(allow_nan=False, allow_infinity=False),
    st.text(max_size=5), st.just([]), st.just({}),
)  # fmt: skip


def places(entry, path=()):
    """Every place in a document."""
    yield path
    items = entry.items() if isinstance(entry, dict) else enumerate(entry) if isinstance(entry, list) else ()
    for key, value in items:
        yield from places(value, (*path, key))


@pytest.mark.parametrize("name", ["logistic", "stack", "bag", "calibrated_isotonic", "soft_vote", "svc_rbf"])
@KEPT
@given(data=st.data())
@example(data=None)
def test_a_forged_document_is_refused_or_answers(copy_once, name, data):
    folder = copy_once(name)
    sealed = (folder / "plan.json").read_bytes()
    whole = content(folder)
    if data is not None:
        where = data.draw(st.sampled_from([path for path in places(whole["model"]) if path]))
        parent = whole["model"]
        for key in where[:-1]:
            parent = parent[key]
        parent[where[-1]] = data.draw(MUTATED)
    seal(folder, whole)
    try:
        assert len(load_plan(folder).score(as_rows(table(3))).predictions) == 3
    except PlanBroken:
        assert data is not None
    finally:
        (folder / "plan.json").write_bytes(sealed)


@pytest.mark.parametrize("name", [*NAMES, "stack", "histogram", "naive_bayes", "adaboost"])
def test_loading_and_scoring_import_neither_pandas_nor_scikit_learn(fitted, name):
    folder = fitted(name, "texts").folder
    code = (
        "import sys; from pathlib import Path; from serving.plan.load import load_plan\n"
        f"plan = load_plan(Path({str(folder)!r}))\n"
        "plan.score([(1.0, 'Oslo', 2.0, 'red')]); plan.score([(1.0, 'Oslo', 2.0, 'red')] * 3)\n"
        "plan.score_columns([[1.0], ['Oslo'], [2.0], ['red']])\n"
        "names = ('pandas', 'sklearn', 'scipy', 'lightgbm', 'xgboost', 'torch', 'projects')\n"
        "print([name for name in names if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
