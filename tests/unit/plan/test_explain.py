"""What each input column adds to an answer: the library's own numbers, which add up to the answer."""

import re
import warnings
from typing import Any

import numpy as np
import pytest
import xgboost

from serving.plan.explaining.explain import MOST_ROWS, explain
from serving.plan.model import PlanInexplicable
from tests.unit.plan.plan_fixtures import COLUMNS, as_frame, as_rows, table

NAMES = [column.name for column in COLUMNS]
ODD = [[None, None, None, None], [90.0, "never seen", -100.0, "nor this"], [-0.0, "", 27.5, "red"]]
ROWS = [*as_rows(table(40, seed=9)), *ODD]
NUMBERS = (
    "linear", "ridge", "lasso", "elastic_net", "lightgbm", "xgboost", "vote", "stack", "bag",
    "transformed_log", "transformed_scale",
)  # fmt: skip
CLASSES = (
    "logistic", "naive_bayes", "lightgbm", "xgboost", "soft_vote_inside", "stack", "bag",
    "calibrated_isotonic", "calibrated_temperature", "calibrated_inside",
)  # fmt: skip
DECISIONS = ("ridge_classifier", "linear_svc")
CASES = [(name, kind) for name in CLASSES for kind in ("texts", "multiclass")] + [
    ("lightgbm", "booleans"),
    ("xgboost", "whole"),
    ("tuned_threshold", "whole"),
    ("threshold", "booleans"),
]


def explained(model: Any, rows: Any = ROWS) -> tuple[Any, list[dict[str, Any]]]:
    scores = model.plan.score(rows)
    return scores, explain(model.plan, rows, scores)


def totals(entries: list[dict[str, Any]]) -> list[float]:
    return [entry["base"] + sum(entry["contributions"].values()) for entry in entries]


def by_input(model: Any, each: Any) -> Any:
    """Add up the matrix columns of each input, by the names that scikit-learn gives them."""
    names = model.pipeline[:-1].get_feature_names_out().tolist()
    owners = [re.sub("^.*?__", "", name) for name in names]
    return np.stack(
        [
            each[..., [at for at, owner in enumerate(owners) if re.fullmatch(f"{name}(_.*)?", owner)]].sum(-1)
            for name in NAMES
        ],
        axis=-1,
    )


def matrix(model: Any) -> Any:
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Found unknown categories")
        return np.asarray(model.pipeline[:-1].transform(as_frame(ROWS)), dtype=np.float64)


def contributions(entries: list[dict[str, Any]]) -> Any:
    return np.array([[entry["contributions"][name] for name in NAMES] for entry in entries])


@pytest.mark.parametrize("name", NUMBERS)
def test_base_and_contributions_are_the_number(fitted: Any, name: str) -> None:
    scores, entries = explained(fitted(name, "regression"))
    np.testing.assert_allclose(totals(entries), scores.predictions, rtol=1e-12, atol=1e-9)
    assert set(entries[0]) == {"base", "contributions"}
    assert list(entries[0]["contributions"]) == NAMES


@pytest.mark.parametrize(("name", "kind"), CASES)
def test_base_and_contributions_are_the_predicted_classes_probability(
    fitted: Any, name: str, kind: str
) -> None:
    model = fitted(name, kind)
    scores, entries = explained(model)
    assert [entry["class"] for entry in entries] == scores.predictions
    assert {entry["unit"] for entry in entries} == {"probability"}
    shares = [
        row[model.plan.classes.index(label)]
        for label, row in zip(scores.predictions, scores.probabilities, strict=True)
    ]
    np.testing.assert_allclose(totals(entries), shares, atol=1e-9)
    bases = [entry["base"] for entry in entries]
    assert min(bases) > -1e-6
    assert max(bases) < 1 + 1e-6


@pytest.mark.parametrize("name", DECISIONS)
def test_without_probabilities_the_decision_for_the_class_is_explained(fitted: Any, name: str) -> None:
    model = fitted(name, "texts")
    scores, entries = explained(model)
    decisions = model.pipeline.decision_function(as_frame(ROWS))
    wanted = [
        value if label == "nein" else -value
        for value, label in zip(decisions, scores.predictions, strict=True)
    ]
    assert model.plan.classes == ("ja", "nein")
    np.testing.assert_allclose(totals(entries), wanted, atol=1e-9)
    assert {entry["unit"] for entry in entries} == {"decision"}


def test_lightgbms_numbers_are_its_own_contributions(fitted: Any) -> None:
    model = fitted("lightgbm", "regression")
    own = model.pipeline[-1].booster_.predict(matrix(model), pred_contrib=True)
    entries = explained(model)[1]
    np.testing.assert_allclose(contributions(entries), by_input(model, own[:, :-1]), atol=1e-9)
    np.testing.assert_allclose([entry["base"] for entry in entries], own[:, -1], atol=1e-9)


def test_xgboosts_numbers_are_its_own_contributions(fitted: Any) -> None:
    model = fitted("xgboost", "regression")
    own = model.pipeline[-1].get_booster().predict(xgboost.DMatrix(matrix(model)), pred_contribs=True)
    entries = explained(model)[1]
    np.testing.assert_allclose(contributions(entries), by_input(model, own[:, :-1]), atol=1e-4)
    np.testing.assert_allclose([entry["base"] for entry in entries], own[:, -1], atol=1e-3)


@pytest.mark.parametrize("name", ["ridge", "lasso"])
def test_a_linear_models_numbers_are_coefficient_times_cell(fitted: Any, name: str) -> None:
    model = fitted(name, "regression")
    own = matrix(model) * model.pipeline[-1].coef_
    entries = explained(model)[1]
    np.testing.assert_allclose(contributions(entries), by_input(model, own), atol=1e-9, rtol=1e-9)
    np.testing.assert_allclose(entries[0]["base"], model.pipeline[-1].intercept_)


def test_a_row_of_training_means_has_no_contributions_from_standardised_numbers(fitted: Any) -> None:
    model = fitted("logistic", "texts")
    means = model.pipeline["columns"].named_transformers_["numbers"]["scale"].mean_
    entry = explained(model, [[means[0], "Oslo", means[1], "red"]])[1][0]
    assert entry["contributions"]["größe"] == pytest.approx(0, abs=1e-12)
    assert entry["contributions"]["count"] == pytest.approx(0, abs=1e-12)


@pytest.mark.parametrize("name", ["lightgbm", "logistic"])
def test_log_odds_become_probabilities_in_proportion(fitted: Any, name: str) -> None:
    model = fitted(name, "texts")
    if name == "lightgbm":
        own = model.pipeline[-1].booster_.predict(matrix(model), pred_contrib=True)
        base, each = own[:, -1], own[:, :-1]
    else:
        base, each = model.pipeline[-1].intercept_, matrix(model) * model.pipeline[-1].coef_
    scores, entries = explained(model)
    first = 1 / (1 + np.exp(-base))
    way = np.array(scores.probabilities)[:, 1] - first
    sign = np.array([1 if label == model.plan.classes[1] else -1 for label in scores.predictions])
    parts = by_input(model, each)
    wanted = parts / parts.sum(axis=1, keepdims=True) * (way * sign)[:, None]
    np.testing.assert_allclose(contributions(entries), wanted, atol=1e-8)


def test_a_stack_is_taken_apart_through_its_last_model(fitted: Any) -> None:
    model = fitted("stack", "regression")
    final = model.pipeline.final_estimator_
    members = model.pipeline.estimators_
    cells = as_frame(ROWS)
    bases = []
    for member in members:
        inner = np.asarray(member[:-1].transform(cells), dtype=np.float64)
        own = (
            member[-1].booster_.predict(inner, pred_contrib=True)[:, -1]
            if hasattr(member[-1], "booster_")
            else np.full(len(inner), member[-1].intercept_)
        )
        bases.append(own)
    wanted = np.array(bases).T @ final.coef_ + final.intercept_
    np.testing.assert_allclose([entry["base"] for entry in explained(model)[1]], wanted, rtol=1e-9)


@pytest.mark.parametrize(
    ("name", "kind", "called"),
    [
        (
            "random_forest",
            "texts",
            "a decision tree, a forest or a bag of trees has no contributions of its own",
        ),
        ("histogram", "regression", "scikit-learn's gradient boosting has no"),
        ("svc_rbf", "multiclass", "a support vector machine has no"),
        ("knn", "texts", "a model of nearest neighbours has no"),
        ("mlp", "texts", "a neural net has no"),
        ("hard_vote", "texts", "a vote by labels has no"),
        ("soft_vote", "texts", "a decision tree, a forest or a bag of trees has no"),
        ("stack_on_trees", "texts", "a stack can be only if its last model is linear"),
        ("bag_of_labels", "texts", "one of its members has no probabilities"),
    ],
)
def test_what_has_no_contributions_is_refused_by_a_sentence(
    fitted: Any, name: str, kind: str, called: str
) -> None:
    with pytest.raises(PlanInexplicable, match=f"^this model cannot be explained: .*{called}"):
        explained(fitted(name, kind))


def test_an_answer_that_is_not_finite_has_no_explanation(fitted: Any) -> None:
    scores, entries = explained(fitted("transformed_log", "regression"), [[1e6, "Oslo", 1e9, "red"], ROWS[0]])
    assert scores.predictions[0] == np.inf
    assert entries[0] == {"base": None, "contributions": dict.fromkeys(NAMES)}
    assert totals(entries[1:]) == pytest.approx(scores.predictions[1:])


def test_too_many_rows_are_refused(fitted: Any) -> None:
    rows = ROWS[:1] * (MOST_ROWS + 1)
    with pytest.raises(PlanInexplicable, match="at most 1000 rows can be explained in one request"):
        explained(fitted("ridge", "regression"), rows)


def test_rows_explained_together_are_explained_as_each_alone(fitted: Any, monkeypatch: Any) -> None:
    model = fitted("lightgbm", "multiclass")
    monkeypatch.setattr("serving.plan.explaining.explain.CHUNK_CELLS", 100)
    together = explained(model)[1]
    alone = [explained(model, [row])[1][0] for row in ROWS]
    for one, other in zip(together, alone, strict=True):
        assert one["class"] == other["class"]
        np.testing.assert_allclose(
            list(one["contributions"].values()), list(other["contributions"].values()), atol=1e-12
        )


@pytest.mark.parametrize("objective", ["poisson", "tweedie", "regression_l1", "cross_entropy"])
def test_lightgbms_other_objectives_add_up_behind_their_link(objective: str) -> None:
    from lightgbm import LGBMRegressor

    from serving.plan.estimators.light_gbm import LightGbm

    rng = np.random.default_rng(1)
    cells = rng.normal(size=(300, 3))
    truth = 1 / (1 + np.exp(-cells[:, 0])) * (0.5 if objective == "cross_entropy" else 20)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model = LGBMRegressor(objective=objective, n_estimators=20, verbosity=-1, n_jobs=1).fit(cells, truth)
    booster = LightGbm(model.booster_.model_to_string().encode())
    np.testing.assert_allclose(booster.explain(cells).total[:, 0], booster.estimate(cells), rtol=1e-9)


@pytest.mark.parametrize("objective", ["count:poisson", "reg:gamma", "reg:logistic", "reg:absoluteerror"])
def test_xgboosts_other_objectives_add_up_behind_their_link(objective: str) -> None:
    from serving.plan.estimators.xg_boost import XgBoost

    rng = np.random.default_rng(1)
    cells = rng.normal(size=(300, 3))
    truth = 1 / (1 + np.exp(-cells[:, 0])) * (0.9 if objective == "reg:logistic" else 20)
    model = xgboost.XGBRegressor(objective=objective, n_estimators=20, n_jobs=1).fit(cells, truth)
    booster = XgBoost(bytes(model.get_booster().save_raw("ubj")))
    np.testing.assert_allclose(booster.explain(cells).total[:, 0], booster.estimate(cells), rtol=1e-4)


def test_an_objective_of_unknown_link_is_refused() -> None:
    from serving.plan.estimators.xg_boost import XgBoost

    rng = np.random.default_rng(1)
    cells = rng.normal(size=(100, 2))
    booster = xgboost.train(
        {"objective": "binary:hinge", "nthread": 1}, xgboost.DMatrix(cells, label=cells[:, 0] > 0), 3
    )
    with pytest.raises(PlanInexplicable, match="its objective is binary:hinge"):
        XgBoost(bytes(booster.save_raw("ubj"))).explain(cells)
