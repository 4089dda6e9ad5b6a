"""Whatever a version is made of goes along: ensembles, wrappers, text, made columns, odd names."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn.ensemble import BaggingClassifier, StackingClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold
from sklearn.pipeline import Pipeline

from projects.evaluation.answers import Answers
from projects.evaluation.calibration import wrapped
from projects.evaluation.threshold import apply
from projects.export.export import export_origin
from projects.requirement.model import FeatureSection
from projects.requirement.text_section import TextSection
from tests.service.training_fixtures import town
from tests.unit.projects.export.export_fixtures import fitted, town_features, town_version, version_of

RUFF = Path(sys.executable).with_name("ruff")


def exported(origin, warm, folder):
    made = export_origin(origin, folder / "out", places=warm.for_these)
    assert made.proof.difference <= 1e-9
    assert made.proof.why == ""
    assert made.proof.learned_difference <= 1e-9
    return made


def checked(folder):
    """What ruff says of an export."""
    for words in (("format", "--check", "--diff"), ("check",)):
        done = subprocess.run([RUFF, *words, folder], capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout
    return (folder / "best_model.py").read_text("utf-8"), (folder / "features.py").read_text("utf-8")


def binary():
    frame = town(240)
    return town_features(frame), frame["kept"].to_numpy()


def test_a_vote_of_two_styles_has_a_preparation_for_each(warm, tmp_path):
    exported(town_version(["lightgbm", "xgboost", "logistic"], "multiclass"), warm, tmp_path)
    best, features = checked(tmp_path / "out")
    assert features.count("def make_features") == 2
    assert 'HYPERPARAMETERS["logistic"]' in best
    assert (tmp_path / "out" / "lightgbm.txt").is_file()
    assert (tmp_path / "out" / "xgboost.ubj").is_file()
    assert (tmp_path / "out" / "scaler.pkl").is_file()


def test_a_stack(warm, tmp_path):
    features, truth = binary()
    members = [(name, fitted([name], "binary", features, truth)) for name in ("decision_tree", "logistic")]
    stack = StackingClassifier(
        members, LogisticRegression(C=2.0), cv=StratifiedKFold(3, shuffle=True, random_state=4)
    ).fit(features.frame, truth)
    exported(version_of(stack, features, "binary", truth, "stacking"), warm, tmp_path)
    assert "StackingClassifier(" in checked(tmp_path / "out")[0]


def test_a_bag(warm, tmp_path):
    features, truth = binary()
    *steps, (_, tree) = fitted(["decision_tree"], "binary", features, truth).steps
    bag = Pipeline([*steps, ("model", BaggingClassifier(tree, n_estimators=3, random_state=1))])
    bag.fit(features.frame, truth)
    exported(version_of(bag, features, "binary", truth, "bagging"), warm, tmp_path)


def test_a_calibrated_model_with_a_moved_threshold(warm, tmp_path):
    features, truth = binary()
    model = fitted(["logistic"], "binary", features, truth)
    shares = np.clip(np.asarray(model.predict_proba(features.frame)), 0.05, 0.95)
    answers = Answers(truth, model.predict(features.frame), shares, ("ja", "nein"))
    calibrated = wrapped(model, features.frame, answers, "sigmoid")
    moved = apply(calibrated, 0.3, features.frame)
    exported(version_of(moved, features, "binary", truth, "logistic"), warm, tmp_path)
    best = checked(tmp_path / "out")[0]
    assert "threshold=0.3" in best
    assert 'method="sigmoid"' not in best  # scikit-learn's default
    assert "CalibratedClassifierCV(" in best


def test_interactions_selection_and_bounds(warm, tmp_path):
    section = FeatureSection(interactions="auto", selection="tree_importance", n_features=4)
    exported(town_version(["ridge"], "regression", section), warm, tmp_path)
    assert "Interactions(" in checked(tmp_path / "out")[1]


def test_stored_features(warm, tmp_path):
    features, truth = binary()
    stored = [{"name": "größe_log", "kind": "log", "columns": ["größe"]},
              {"name": "where", "kind": "cross", "columns": ["city", "street"]}]  # fmt: skip
    model = fitted(["decision_tree"], "binary", features, truth, stored=stored)
    exported(version_of(model, features, "binary", truth, "decision_tree"), warm, tmp_path)
    assert '"kind": "cross"' in checked(tmp_path / "out")[1]


def test_free_text(warm, tmp_path):
    rng = np.random.default_rng(5)
    frame = town(160)
    words = {"ja": ["good", "fast", "happy", "love"], "nein": ["slow", "broken", "late", "angry"]}
    common = ["the", "order", "came", "in", "a", "box", "with", "notes", "today", "again"]
    frame["notes"] = [
        " ".join(rng.choice(common, 8)) + f" and {' '.join(rng.choice(words[kept], 3))}."
        for kept in frame["kept"]
    ]
    asked = TextSection(columns=("notes",), configuration="conservative")
    features, truth = town_features(frame, asked), frame["kept"].to_numpy()
    section = FeatureSection(text=asked)
    model = fitted(["logistic"], "binary", features, truth, section)
    made = exported(version_of(model, features, "binary", truth, "logistic"), warm, tmp_path)
    assert "AdaptiveFeatureExtractor(" in checked(tmp_path / "out")[1]
    assert "model_parts/text/tfidf.py" in made.files


def test_column_names_like_keywords_and_in_any_script(warm, tmp_path):
    frame = town(240).rename(columns={"größe": "class", "city": '都市 "a"', "street": "def'x\\n"})
    features, truth = town_features(frame), frame["level"].to_numpy()
    model = fitted(["lightgbm"], "multiclass", features, truth)
    origin = version_of(model, features, "multiclass", truth, "lightgbm", target="lambda")
    exported(origin, warm, tmp_path)
    best, made = checked(tmp_path / "out")
    assert 'TARGET = "lambda"' in best
    assert 'Column("class"' in made


@pytest.mark.parametrize("task", ["binary", "multiclass", "regression"])
def test_sample_rows_hold_the_target_and_its_type(task, warm, tmp_path):
    exported(town_version(["decision_tree"], task), warm, tmp_path)
    sample = pd.read_json(tmp_path / "out" / "sample_rows.jsonl", lines=True)
    target = {"binary": "kept", "multiclass": "level", "regression": "amount"}[task]
    assert len(sample) == 50
    assert sample[target].notna().all()
